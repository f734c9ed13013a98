package envoy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// read takes in a dump with one element in memory at a time.
func (d *Dump) read(r io.Reader) error {
	// As in Envoy and encoding/json, a duplicate or misspelled field loses nothing but itself.
	in := jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err := d.readTop(in); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("read configuration dump, near byte %d: %w", in.InputOffset(), err)
	}
	return nil
}

// readTop walks {"configs": [...]}.
func (d *Dump) readTop(in *jsontext.Decoder) error {
	if err := expect(in, '{'); err != nil {
		return err
	}
	err := eachName(in, func(key string) error {
		if key == "configs" {
			return d.readConfigs(in)
		}
		d.lose("top level", key)
		return in.SkipValue()
	})
	if err != nil {
		return err
	}
	if _, err := in.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after the end of the dump")
	}
	return nil
}

func (d *Dump) readConfigs(in *jsontext.Decoder) error {
	if err := expect(in, '['); err != nil {
		return fmt.Errorf("configs: %w", err)
	}
	for i := 0; in.PeekKind() != ']'; i++ {
		place := fmt.Sprintf("configs[%d]", i)
		if err := d.readConfig(place, in); err != nil {
			return fmt.Errorf("%s: %w", place, err)
		}
	}
	return expect(in, ']')
}

// readConfig reads a section, or the element of one that a filtered answer holds in its place.
func (d *Dump) readConfig(place string, in *jsontext.Decoder) error {
	if in.PeekKind() != '{' {
		d.lose(place, "it is no section")
		return in.SkipValue()
	}
	if _, err := in.ReadToken(); err != nil {
		return err
	}
	kind, element := "", new(bytes.Buffer)
	err := eachName(in, func(key string) error {
		list := place + "." + key
		switch {
		case slices.Contains(skipped, kind), key == "static_route_configs", kind == "BootstrapConfigDump" && key != "bootstrap":
			return in.SkipValue()
		case slices.Contains(sections, kind) && in.PeekKind() == '[':
			return d.readList(key, list, in)
		}
		value, err := in.ReadValue()
		if err != nil {
			return err
		}
		switch {
		case key == "@type":
			kind = d.kindOf(place, value)
		case kind == "BootstrapConfigDump":
			decoded(d, d.addBootstrap)(place, json.RawMessage(value))
			if d.nodeOnly {
				return errNodeRead
			}
		default:
			if element.Len() > 0 {
				element.WriteByte(',')
			}
			name, err := json.Marshal(key)
			if err != nil {
				return err
			}
			fmt.Fprintf(element, "%s:%s", name, value)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if list, found := listOf[kind]; found {
		// The element itself does not tell whether it is in force.
		if d.reading().warming() {
			list = d.reading().Resource
		}
		d.addElement(list, place, []byte("{"+element.String()+"}"))
	}
	if kind == "" {
		d.lose(place, `unknown section ""`)
	}
	return nil
}

// kindOf reads a section's type, and notes one that is not known.
func (d *Dump) kindOf(place string, raw jsontext.Value) string {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		d.lose(place, err)
		return "unknown"
	}
	kind, ofAdmin := strings.CutPrefix(text, adminTypes)
	if !ofAdmin || !slices.Contains(sections, kind) && !slices.Contains(skipped, kind) && listOf[kind] == "" {
		d.lose(place, fmt.Sprintf("unknown section %q", text))
		return "unknown"
	}
	return kind
}

func (d *Dump) readList(list, place string, in *jsontext.Decoder) error {
	if _, err := in.ReadToken(); err != nil {
		return err
	}
	for i := 0; in.PeekKind() != ']'; i++ {
		if list == routeConfigs {
			if err := d.readRouteTable(fmt.Sprintf("%s[%d]", place, i), in); err != nil {
				return fmt.Errorf("%s[%d]: %w", list, i, err)
			}
			continue
		}
		raw, err := in.ReadValue()
		if err != nil {
			return fmt.Errorf("%s[%d]: %w", list, i, err)
		}
		if d.passesOver(list, raw) {
			continue
		}
		d.addElement(list, fmt.Sprintf("%s[%d]", place, i), json.RawMessage(raw))
	}
	return expect(in, ']')
}

// passesOver reports whether an element belongs to none of the requested hosts. Listeners that read HTTP decide the offered
// ALPN for every host.
func (d *Dump) passesOver(list string, raw []byte) bool {
	switch {
	case strings.HasSuffix(list, "_clusters"), strings.HasSuffix(list, "_endpoint_configs"):
		return !d.reads(raw)
	case list == "dynamic_listeners":
		passed := !d.reads(raw) && !bytes.Contains(raw, []byte(httpConnectionManager)) && !bytes.Contains(raw, []byte(virtualInbound)) &&
			!bytes.Contains(raw, []byte(ofVirtualService))
		if passed {
			d.passed[firstName(raw)] = true
		}
		return passed
	}
	return false
}

// ofVirtualService stands in the metadata of a chain that istiod has made from a VirtualService: such a listener may be of a
// requested host and lead to others. Source: BuildConfigInfoMetadata in istio.io/istio/pilot/pkg/networking/util/util.go
const ofVirtualService = "/virtual-service/"

// firstName is the first field "name" of an element, which is the element's own in Envoy's order of fields.
func firstName(raw []byte) string {
	_, rest, _ := bytes.Cut(raw, []byte(`"name"`))
	_, rest, _ = bytes.Cut(rest, []byte(`"`))
	name, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(name)
}

// reads reports whether an element that names clusters belongs to one of the requested hosts. An element that names no
// cluster of a service port counts as one.
func (d *Dump) reads(text []byte) bool {
	if len(d.hosts) == 0 {
		return true
	}
	named := false
	for rest := text; ; {
		_, name, found := bytes.Cut(rest, []byte("outbound|"))
		if !found {
			return !named
		}
		named, rest = true, name
		if end := bytes.IndexByte(name, '"'); end >= 0 {
			name = name[:end]
		}
		// PORT|SUBSET|HOST
		if d.hosts[string(name[bytes.LastIndexByte(name, '|')+1:])] {
			return true
		}
	}
}

// eachName walks the members of an object whose start has been read; the function reads each value.
func eachName(in *jsontext.Decoder, value func(key string) error) error {
	for in.PeekKind() != '}' {
		name, err := in.ReadToken()
		if err != nil {
			return err
		}
		if name.Kind() != '"' {
			return fmt.Errorf("%v where a name should be", name)
		}
		if err := value(name.String()); err != nil {
			return err
		}
	}
	return expect(in, '}')
}

func expect(in *jsontext.Decoder, want jsontext.Kind) error {
	got, err := in.ReadToken()
	if err != nil {
		return err
	}
	if got.Kind() != want {
		return fmt.Errorf("%v where %c should be", got, want)
	}
	return nil
}
