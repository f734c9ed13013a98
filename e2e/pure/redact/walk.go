package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
)

// rewriter is what becomes of each text, by the treatment of its field, and of each address.
type rewriter struct {
	text    func(text string, as treatment) string
	address func(netip.Addr) netip.Addr
}

// rewritten is a copy of a value in which every text and address is rewritten. Texts have the treatment of their type, else of their field,
// and outside of structs the one that is given. Numbers, truths and times stay. What is not exported, and what is of any other kind, such
// as bytes, is left out.
func rewritten(v reflect.Value, as treatment, by rewriter) reflect.Value {
	to := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		if own, known := ofType[v.Type()]; known {
			as = own
		}
		to.SetString(by.text(v.String(), as))
	case reflect.Pointer:
		if !v.IsNil() {
			to.Set(reflect.New(v.Type().Elem()))
			to.Elem().Set(rewritten(v.Elem(), as, by))
		}
	case reflect.Slice:
		to.Set(rewrittenList(v, as, by))
	case reflect.Map:
		if !v.IsNil() {
			to.Set(rewrittenMap(v, as, by))
		}
	case reflect.Struct:
		to.Set(rewrittenStruct(v, by))
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16,
		reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		to.Set(v)
	}
	return to
}

func rewrittenList(v reflect.Value, as treatment, by rewriter) reflect.Value {
	if raw, is := v.Interface().(json.RawMessage); is {
		return reflect.ValueOf(rewrittenJSON(raw, as, by))
	}
	if v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8 {
		return reflect.Zero(v.Type())
	}
	to := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	for i := range v.Len() {
		to.Index(i).Set(rewritten(v.Index(i), as, by))
	}
	return to
}

func rewrittenMap(v reflect.Value, as treatment, by rewriter) reflect.Value {
	keys := slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	to := reflect.MakeMapWithSize(v.Type(), v.Len())
	for _, key := range keys {
		asKey, asValue := as.of(key)
		to.SetMapIndex(rewritten(key, asKey, by), rewritten(v.MapIndex(key), asValue, by))
	}
	return to
}

func rewrittenStruct(v reflect.Value, by rewriter) reflect.Value {
	to := reflect.New(v.Type()).Elem()
	switch one := v.Interface().(type) {
	case time.Time:
		to.Set(v)
		return to
	case netip.Addr:
		to.Set(reflect.ValueOf(by.address(one)))
		return to
	case netip.AddrPort:
		if one.IsValid() {
			to.Set(reflect.ValueOf(netip.AddrPortFrom(by.address(one.Addr()), one.Port())))
		}
		return to
	case netip.Prefix:
		if one.IsValid() {
			to.Set(reflect.ValueOf(netip.PrefixFrom(by.address(one.Addr()), one.Bits())))
		}
		return to
	}
	for i := range v.NumField() {
		if field := v.Type().Field(i); field.IsExported() {
			to.Field(i).Set(rewritten(v.Field(i), treatmentOf(v.Type(), field), by))
		}
	}
	return to
}

// rewrittenJSON rewrites every text of a JSON value; null stands for what is none.
func rewrittenJSON(raw json.RawMessage, as treatment, by rewriter) json.RawMessage {
	if raw == nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return json.RawMessage("null")
	}
	text, err := json.Marshal(rewrittenTree(tree, as, by))
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}

func rewrittenTree(tree any, as treatment, by rewriter) any {
	switch tree := tree.(type) {
	case string:
		return by.text(tree, as)
	case []any:
		for i := range tree {
			tree[i] = rewrittenTree(tree[i], as, by)
		}
	case map[string]any:
		to := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(tree)) {
			to[by.text(key, prose)] = rewrittenTree(tree[key], as, by)
		}
		return to
	}
	return tree
}
