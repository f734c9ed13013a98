package oracle

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// apiVersions are those of the kinds of which a Policy may be.
var apiVersions = map[string]string{
	"PeerAuthentication": "security.istio.io/v1", "AuthorizationPolicy": "security.istio.io/v1",
	"DestinationRule": "networking.istio.io/v1", "Gateway": "networking.istio.io/v1", "ServiceEntry": "networking.istio.io/v1",
	"Sidecar": "networking.istio.io/v1", "VirtualService": "networking.istio.io/v1",
	backendTLSKind: "gateway.networking.k8s.io/v1", "HTTPRoute": "gateway.networking.k8s.io/v1", "GRPCRoute": "gateway.networking.k8s.io/v1",
	"Service": "v1",
}

// textOf is an object as YAML, its spec as the oracle read it; empty of one that cannot be written.
func textOf(meta Meta, annotations map[string]string, spec any) string {
	metadata := mapping()
	add(metadata, "name", scalar(meta.Name))
	add(metadata, "namespace", scalar(meta.Namespace))
	if len(annotations) > 0 {
		all := mapping()
		for _, name := range slices.Sorted(maps.Keys(annotations)) {
			add(all, name, scalar(annotations[name]))
		}
		add(metadata, "annotations", all)
	}
	if !meta.Created.IsZero() {
		add(metadata, "creationTimestamp", scalar(meta.Created.UTC().Format(time.RFC3339)))
	}
	object := mapping()
	add(object, "apiVersion", scalar(apiVersions[meta.Kind]))
	add(object, "kind", scalar(meta.Kind))
	add(object, "metadata", metadata)
	switch spec := spec.(type) {
	case nil:
	case proto.Message:
		add(object, "spec", message(spec.ProtoReflect()))
	default:
		content, err := json.Marshal(spec)
		if err != nil {
			return ""
		}
		add(object, "spec", ofJSON(content))
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(object); err != nil {
		return ""
	}
	return out.String()
}

// message is a message of Istio's API, its fields in the order of the API. A mode and an action are written where they are the
// API's default too, for they decide then as well.
func message(m protoreflect.Message) *yaml.Node {
	if m.Descriptor().FullName().Parent() == "google.protobuf" {
		content, err := protojson.Marshal(m.Interface())
		if err != nil {
			return mapping()
		}
		return ofJSON(content)
	}
	made := mapping()
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if field := fields.Get(i); m.Has(field) || decidesByDefault(field) {
			add(made, field.JSONName(), fieldOf(field, m.Get(field)))
		}
	}
	return made
}

func decidesByDefault(field protoreflect.FieldDescriptor) bool {
	named := field.Name() == "mode" || field.Name() == "action"
	return named && field.Kind() == protoreflect.EnumKind && !field.HasPresence()
}

func fieldOf(field protoreflect.FieldDescriptor, value protoreflect.Value) *yaml.Node {
	switch {
	case field.IsList():
		made := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range value.List().Len() {
			made.Content = append(made.Content, single(field, value.List().Get(i)))
		}
		return made
	case field.IsMap():
		values := map[string]*yaml.Node{}
		for key, one := range value.Map().Range {
			values[key.String()] = single(field.MapValue(), one)
		}
		made := mapping()
		for _, key := range slices.Sorted(maps.Keys(values)) {
			add(made, key, values[key])
		}
		return made
	}
	return single(field, value)
}

func single(field protoreflect.FieldDescriptor, value protoreflect.Value) *yaml.Node {
	switch field.Kind() {
	case protoreflect.MessageKind:
		return message(value.Message())
	case protoreflect.StringKind:
		return scalar(value.String())
	case protoreflect.EnumKind:
		if known := field.Enum().Values().ByNumber(value.Enum()); known != nil {
			return scalar(string(known.Name()))
		}
		return number(strconv.Itoa(int(value.Enum())))
	case protoreflect.BoolKind:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: value.String()}
	}
	return number(value.String())
}

func number(written string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: written} }

// ofJSON is a JSON value, its members in their order.
func ofJSON(content []byte) *yaml.Node {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil || len(document.Content) == 0 {
		return mapping()
	}
	inBlocks(document.Content[0])
	return document.Content[0]
}

// inBlocks takes off the braces and quotation marks of JSON that YAML does without.
func inBlocks(node *yaml.Node) {
	node.Style = 0
	for _, inner := range node.Content {
		inBlocks(inner)
	}
}

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode} }

func scalar(value string) *yaml.Node {
	var made yaml.Node
	made.SetString(value)
	return &made
}

func add(to *yaml.Node, name string, value *yaml.Node) {
	to.Content = append(to.Content, scalar(name), value)
}
