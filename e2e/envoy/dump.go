// Package envoy reads from an Envoy admin interface's /config_dump what a proxy is configured to do with a hop:
// which transport socket a client's proxy picks for an endpoint, which filter chain a server's proxy puts a connection
// on, and with which certificates. It takes bytes and knows no network.
//
// A dump is decoded element by element: what cannot be read loses that element alone, and is named.
package envoy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrAbsent is returned, wrapped, when a dump does not hold the listener, cluster, endpoint or secret asked for.
var ErrAbsent = errors.New("not in the configuration dump")

// Dump is what one proxy had in force when it was asked, reduced to what concerns TLS.
// Of what is static only clusters and endpoints are kept: Istio delivers all else that decides a hop by xDS and SDS.
type Dump struct {
	// Lost names what could not be read, by its place: an element of another shape, a section of an unknown type.
	Lost []string
	// Warming names resources of which a newer version has arrived and is not yet in force: "cluster outbound|80||…".
	Warming []string
	// Rejected names resources whose newest version the proxy refused, with its reason; the older one stays in force.
	Rejected []string

	listeners map[string]listener
	clusters  map[string]cluster
	endpoints map[string][]endpoint
	secrets   map[string]secret

	asked     []Part          // what was read
	override  *ALPNOverride   // of the listeners that clients' requests pass
	bytesOnly map[string]bool // clusters to which listeners send bytes without reading HTTP
}

func newDump() *Dump {
	return &Dump{
		listeners: map[string]listener{},
		clusters:  map[string]cluster{},
		endpoints: map[string][]endpoint{},
		secrets:   map[string]secret{},
		bytesOnly: map[string]bool{},
	}
}

// Parse reads the answer to /config_dump?include_eds, which tells everything.
// It fails only when the bytes are not such an answer, or are cut short; it says where.
func Parse(r io.Reader) (*Dump, error) { return Join([]Answer{{Body: r}}) }

func (d *Dump) read(r io.Reader) error {
	in := json.NewDecoder(r)
	if err := d.readTop(in); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("read configuration dump, near byte %d: %w", in.InputOffset(), err)
	}
	return nil
}

// readTop walks {"configs": [...]}, one section in memory at a time.
func (d *Dump) readTop(in *json.Decoder) error {
	if err := expect(in, json.Delim('{')); err != nil {
		return err
	}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return err
		}
		if key != "configs" {
			var skipped json.RawMessage
			if err := in.Decode(&skipped); err != nil {
				return fmt.Errorf("%v: %w", key, err)
			}
			d.lose("top level", key)
			continue
		}
		if err := d.readConfigs(in); err != nil {
			return err
		}
	}
	if err := expect(in, json.Delim('}')); err != nil {
		return err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after the end of the dump")
	}
	return nil
}

func (d *Dump) readConfigs(in *json.Decoder) error {
	if err := expect(in, json.Delim('[')); err != nil {
		return fmt.Errorf("configs: %w", err)
	}
	for i := 0; in.More(); i++ {
		var raw json.RawMessage
		if err := in.Decode(&raw); err != nil {
			return fmt.Errorf("configs[%d]: %w", i, err)
		}
		d.readSection(fmt.Sprintf("configs[%d]", i), raw)
	}
	return expect(in, json.Delim(']'))
}

func expect(in *json.Decoder, want json.Delim) error {
	got, err := in.Token()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%v where %v should be", got, want)
	}
	return nil
}

// section is the union of the sections that are read; encoding/json skips what is not named here.
type section struct {
	Type            string            `json:"@type"`
	Listeners       []json.RawMessage `json:"dynamic_listeners"`
	StaticClusters  []json.RawMessage `json:"static_clusters"`
	Clusters        []json.RawMessage `json:"dynamic_active_clusters"`
	WarmingClusters []json.RawMessage `json:"dynamic_warming_clusters"`
	StaticEndpoints []json.RawMessage `json:"static_endpoint_configs"`
	Endpoints       []json.RawMessage `json:"dynamic_endpoint_configs"`
	Secrets         []json.RawMessage `json:"dynamic_active_secrets"`
	WarmingSecrets  []json.RawMessage `json:"dynamic_warming_secrets"`
}

const adminTypes = "type.googleapis.com/envoy.admin.v3."

func (d *Dump) readSection(place string, raw json.RawMessage) {
	var s section
	if err := json.Unmarshal(raw, &s); err != nil {
		d.lose(place, err)
		return
	}
	kind, known := strings.CutPrefix(s.Type, adminTypes)
	if !known {
		d.lose(place, fmt.Sprintf("unknown section %q", s.Type))
		return
	}
	switch kind {
	case "ListenersConfigDump":
		each(place+".dynamic_listeners", s.Listeners, decoded(d, d.addListener))
	case "ClustersConfigDump":
		each(place+".static_clusters", s.StaticClusters, decoded(d, d.addCluster))
		each(place+".dynamic_active_clusters", s.Clusters, decoded(d, d.addCluster))
		each(place+".dynamic_warming_clusters", s.WarmingClusters, decoded(d, d.addWarmingCluster))
	case "EndpointsConfigDump":
		each(place+".static_endpoint_configs", s.StaticEndpoints, decoded(d, d.addEndpoints))
		each(place+".dynamic_endpoint_configs", s.Endpoints, decoded(d, d.addEndpoints))
	case "SecretsConfigDump":
		each(place+".dynamic_active_secrets", s.Secrets, decoded(d, d.addSecret))
		each(place+".dynamic_warming_secrets", s.WarmingSecrets, decoded(d, d.addWarmingSecret))
	// A filtered answer holds the elements themselves instead of sections.
	case "ListenersConfigDump.DynamicListener":
		decoded(d, d.addListener)(place, raw)
	case "ClustersConfigDump.DynamicCluster", "ClustersConfigDump.StaticCluster":
		// The element itself does not tell whether it is in force.
		if d.reading().warming() {
			decoded(d, d.addWarmingCluster)(place, raw)
			return
		}
		decoded(d, d.addCluster)(place, raw)
	case "EndpointsConfigDump.DynamicEndpointConfig", "EndpointsConfigDump.StaticEndpointConfig":
		decoded(d, d.addEndpoints)(place, raw)
	case "SecretsConfigDump.DynamicSecret":
		if d.reading().warming() {
			decoded(d, d.addWarmingSecret)(place, raw)
			return
		}
		decoded(d, d.addSecret)(place, raw)
	case "BootstrapConfigDump", "RoutesConfigDump", "ScopedRoutesConfigDump", "EcdsConfigDump",
		"ListenersConfigDump.StaticListener", "SecretsConfigDump.StaticSecret":
		// Nothing in these decides between TLS and plaintext on an inbound or outbound hop.
	default:
		d.lose(place, fmt.Sprintf("unknown section %q", s.Type))
	}
}

func each(place string, elements []json.RawMessage, add func(place string, raw json.RawMessage)) {
	for i, raw := range elements {
		add(fmt.Sprintf("%s[%d]", place, i), raw)
	}
}

// decoded makes of a function that adds an element one that reads it first; an element that cannot be read is lost alone.
func decoded[T any](d *Dump, add func(place string, in T)) func(place string, raw json.RawMessage) {
	return func(place string, raw json.RawMessage) {
		var in T
		if err := json.Unmarshal(raw, &in); err != nil {
			d.lose(place, err)
			return
		}
		add(place, in)
	}
}

func (d *Dump) lose(place string, why any) {
	d.Lost = append(d.Lost, fmt.Sprintf("%s: %v", place, why))
}

// updateFailure is the part of envoy.admin.v3.UpdateFailureState that names a refused update.
type updateFailure struct {
	Details string `json:"details"`
}

func (d *Dump) noteRejected(what string, failure *updateFailure) {
	if failure != nil {
		d.Rejected = append(d.Rejected, what+": "+failure.Details)
	}
}
