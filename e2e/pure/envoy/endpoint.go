package envoy

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// endpoint is an address of a cluster and the labels that decide its transport socket.
type endpoint struct {
	address  netip.AddrPort
	name     string           // of one that is a host name, with its port; its address is what the name resolved to
	labels   *structpb.Struct // of the endpoint itself
	locality *structpb.Struct // of its locality, which Envoy asks when no label of the endpoint matches
	also     []netip.AddrPort // further addresses of the same endpoint, of the other family
	load     endpointLoad
}

// endpointLoad is what load balancing goes by.
type endpointLoad struct {
	health         string
	weight         uint32
	priority       uint32
	locality       string // REGION/ZONE/SUBZONE
	localityWeight uint32
	workload       string // as Istio states it: NAME;NAMESPACE;SERVICE;REVISION;CLUSTER
	internal       string // a listener inside the proxy, with the id of the endpoint; in place of an address
}

// socketMatch is the metadata under which Istio states an endpoint's tlsMode.
const socketMatch = "envoy.transport_socket_match"

type endpointConfig struct {
	Config assignment `json:"endpoint_config"`
}

// assignment is a ClusterLoadAssignment.
type assignment struct {
	Cluster    string `json:"cluster_name"`
	Localities []struct {
		Endpoints []json.RawMessage `json:"lb_endpoints"`
		Metadata  json.RawMessage   `json:"metadata"`
		Priority  uint32            `json:"priority"`
		Weight    uint32            `json:"load_balancing_weight"`
		Locality  struct {
			Region  string `json:"region"`
			Zone    string `json:"zone"`
			SubZone string `json:"sub_zone"`
		} `json:"locality"`
	} `json:"endpoints"`
}

func (d *Dump) addEndpoints(place string, in endpointConfig) {
	cluster := in.Config.Cluster
	if cluster == "" {
		return
	}
	d.endpoints[cluster] = append(d.endpoints[cluster], d.readAssignment(fmt.Sprintf("%s (%s)", place, cluster), in.Config)...)
}

func (d *Dump) readAssignment(place string, in assignment) []endpoint {
	var all []endpoint
	for i, locality := range in.Localities {
		place := fmt.Sprintf("%s.endpoints[%d]", place, i)
		var shared corev3.Metadata
		if locality.Metadata != nil {
			if err := decode(locality.Metadata, &shared); err != nil {
				d.lose(place+".metadata", err)
			}
		}
		for j, rawEndpoint := range locality.Endpoints {
			one, err := readEndpoint(rawEndpoint)
			if err != nil {
				d.lose(fmt.Sprintf("%s.lb_endpoints[%d]", place, j), err)
				continue
			}
			one.locality = shared.GetFilterMetadata()[socketMatch]
			one.load.priority, one.load.localityWeight = locality.Priority, locality.Weight
			one.load.locality = strings.TrimRight(strings.Join([]string{locality.Locality.Region, locality.Locality.Zone, locality.Locality.SubZone}, "/"), "/")
			all = append(all, one)
		}
	}
	return all
}

// readEndpoint leaves the address invalid for an endpoint that is no IP address and port.
func readEndpoint(raw json.RawMessage) (endpoint, error) {
	var in endpointv3.LbEndpoint
	if err := decode(raw, &in); err != nil {
		return endpoint{}, err
	}
	one := endpoint{labels: in.GetMetadata().GetFilterMetadata()[socketMatch], load: readLoad(&in)}
	socket := in.GetEndpoint().GetAddress().GetSocketAddress()
	name := in.GetEndpoint().GetHostname()
	if address, err := netip.ParseAddr(socket.GetAddress()); err == nil {
		one.address = netip.AddrPortFrom(address, uint16(socket.GetPortValue()))
	} else {
		name = socket.GetAddress()
	}
	if name != "" {
		one.name = fmt.Sprintf("%s:%d", name, socket.GetPortValue())
	}
	for _, additional := range in.GetEndpoint().GetAdditionalAddresses() {
		further := additional.GetAddress().GetSocketAddress()
		if address, err := netip.ParseAddr(further.GetAddress()); err == nil {
			one.also = append(one.also, netip.AddrPortFrom(address, uint16(further.GetPortValue())))
		}
	}
	return one, nil
}

// readLoad reads an endpoint's own part of endpointLoad. A weight that is not stated is 1. Source: LbEndpoint in
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/endpoint/v3/endpoint_components.proto
func readLoad(in *endpointv3.LbEndpoint) endpointLoad {
	load := endpointLoad{health: in.GetHealthStatus().String(), weight: 1}
	if stated := in.GetLoadBalancingWeight(); stated != nil {
		load.weight = stated.GetValue()
	}
	load.workload = in.GetMetadata().GetFilterMetadata()["istio"].GetFields()["workload"].GetStringValue()
	if internal := in.GetEndpoint().GetAddress().GetEnvoyInternalAddress(); internal != nil {
		load.internal = internal.GetServerListenerName() + "/" + internal.GetEndpointId()
	}
	return load
}
