package xds

import (
	"encoding/json"
	"fmt"

	udpav1 "github.com/cncf/xds/go/udpa/type/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	// The types that decide what becomes of a connection, so that their content can be written as JSON.
	_ "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/http_inspector/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/original_dst/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/sni_cluster/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/raw_buffer/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	_ "istio.io/api/envoy/config/filter/http/alpn/v2alpha1"
)

const adminTypes = "type.googleapis.com/envoy.admin.v3."

// dump writes resources as an Envoy that has them all in force would tell them.
func dump(clusters, endpoints, listeners, routes []*anypb.Any) ([]byte, error) {
	var sections []map[string]any
	for _, section := range []struct {
		kind, list string
		resources  []*anypb.Any
		element    func(name string, resource json.RawMessage) any
	}{
		{"ClustersConfigDump", "dynamic_active_clusters", clusters, func(_ string, r json.RawMessage) any { return map[string]any{"cluster": r} }},
		{"EndpointsConfigDump", "dynamic_endpoint_configs", endpoints, func(_ string, r json.RawMessage) any { return map[string]any{"endpoint_config": r} }},
		{"ListenersConfigDump", "dynamic_listeners", listeners, func(name string, r json.RawMessage) any {
			return map[string]any{"name": name, "active_state": map[string]any{"listener": r}}
		}},
		{"RoutesConfigDump", "dynamic_route_configs", routes, func(_ string, r json.RawMessage) any { return map[string]any{"route_config": r} }},
	} {
		elements := []any{}
		for i, resource := range section.resources {
			text, err := text(resource)
			if err != nil {
				return nil, fmt.Errorf("%s[%d] by xDS: %w", section.list, i, err)
			}
			var named struct {
				Name string `json:"name"`
			}
			if err := json.Unmarshal(text, &named); err != nil {
				return nil, err
			}
			elements = append(elements, section.element(named.Name, text))
		}
		sections = append(sections, map[string]any{"@type": adminTypes + section.kind, section.list: elements})
	}
	return json.Marshal(map[string]any{"configs": sections})
}

func text(resource *anypb.Any) (json.RawMessage, error) {
	message, err := resource.UnmarshalNew()
	if err != nil {
		return nil, err
	}
	if err := nameUnknown(message.ProtoReflect()); err != nil {
		return nil, err
	}
	return protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
}

// nameUnknown puts for every Any of a type that is not linked here a TypedStruct that holds the type's name alone,
// for JSON cannot be written of what is not known.
func nameUnknown(message protoreflect.Message) error {
	if packed, is := message.Interface().(*anypb.Any); is {
		return nameUnknownIn(packed)
	}
	var failed error
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap() && field.MapValue().Message() != nil:
			value.Map().Range(func(_ protoreflect.MapKey, element protoreflect.Value) bool {
				failed = nameUnknown(element.Message())
				return failed == nil
			})
		case field.IsList() && field.Message() != nil:
			for i := range value.List().Len() {
				if failed = nameUnknown(value.List().Get(i).Message()); failed != nil {
					break
				}
			}
		case !field.IsMap() && !field.IsList() && field.Message() != nil:
			failed = nameUnknown(value.Message())
		}
		return failed == nil
	})
	return failed
}

func nameUnknownIn(packed *anypb.Any) error {
	inner, err := packed.UnmarshalNew()
	if err != nil {
		inner = &udpav1.TypedStruct{TypeUrl: packed.GetTypeUrl()}
	} else if err := nameUnknown(inner.ProtoReflect()); err != nil {
		return err
	}
	again, err := anypb.New(inner)
	if err != nil {
		return err
	}
	proto.Reset(packed)
	proto.Merge(packed, again)
	return nil
}
