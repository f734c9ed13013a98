package recorded

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// The service of the recorded proxies, whose configuration is multiplied.
const (
	recordedHost    = "product-service.facts.svc.cluster.local"
	recordedAccount = "spiffe://cluster.local/ns/facts/sa/product-service"
	recordedIP      = "10.96.50.160"
	recordedService = `"name": "product-service",`
	recordedSpace   = `"namespace": "facts"`
)

// patterns are the texts of recorded resources, by what they are for.
type patterns struct {
	clusters map[string]map[uint16]string // by TLS mode and port
	ports    map[uint16]string            // outbound listeners by port
	inbound  map[string]string            // by mode
	passes   []string                     // clusters of no service
}

// dump is the part of an answer that patterns are taken from.
type dump struct {
	Configs []struct {
		Clusters  []json.RawMessage `json:"dynamic_active_clusters"`
		Listeners []json.RawMessage `json:"dynamic_listeners"`
	} `json:"configs"`
}

// readPatterns reads the recorded proxies of e2e/pure/envoy/testdata. The error names the file.
func readPatterns(folder string) (*patterns, error) {
	p := &patterns{
		clusters: map[string]map[uint16]string{"": {}, "ISTIO_MUTUAL": {}, "DISABLE": {}},
		ports:    map[uint16]string{}, inbound: map[string]string{},
	}
	client, err := readNamed(filepath.Join(folder, "default-client.json"))
	if err != nil {
		return nil, err
	}
	for port, listener := range map[uint16]string{httpPort: "0.0.0.0_8080", tcpPort: recordedIP + "_9000", autoPort: recordedIP + "_9080"} {
		cluster := fmt.Sprintf("outbound|%d||%s", port, recordedHost)
		for mode := range p.clusters {
			if p.clusters[mode][port], err = underMode(client[cluster], mode); err != nil {
				return nil, err
			}
		}
		p.ports[port] = client[listener]
	}
	p.passes = []string{client["PassthroughCluster"], `{"name": "BlackHoleCluster", "type": "STATIC", "connect_timeout": "10s"}`}
	for mode, file := range map[string]string{"STRICT": "default-strict.json", "PERMISSIVE": "default-permissive.json", "DISABLE": "default-disable.json"} {
		server, err := readNamed(filepath.Join(folder, file))
		if err != nil {
			return nil, err
		}
		p.inbound[mode] = server["virtualInbound"]
	}
	return p, p.complete()
}

// readNamed reads a dump's clusters and listeners by their names.
func readNamed(file string) (map[string]string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var read dump
	if err := json.Unmarshal(content, &read); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	named := map[string]string{}
	for _, config := range read.Configs {
		for _, raw := range append(config.Clusters, config.Listeners...) {
			name, resource, err := unwrap(raw)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			named[name] = resource
		}
	}
	return named, nil
}

// unwrap takes a resource out of what the admin interface tells of it.
func unwrap(raw json.RawMessage) (name, resource string, err error) {
	var in struct {
		Cluster json.RawMessage `json:"cluster"`
		Active  struct {
			Listener json.RawMessage `json:"listener"`
		} `json:"active_state"`
	}
	var named struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return "", "", err
	}
	for _, content := range []json.RawMessage{in.Cluster, in.Active.Listener} {
		if content == nil {
			continue
		}
		if err := json.Unmarshal(content, &named); err != nil {
			return "", "", err
		}
		resource, err = indented(content)
	}
	return named.Name, resource, err
}

// underMode is a cluster of auto-mTLS under a TLS mode of a DestinationRule.
func underMode(cluster, mode string) (string, error) {
	if mode == "" {
		return cluster, nil
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(cluster), &fields); err != nil {
		return "", fmt.Errorf("recorded cluster: %w", err)
	}
	var matches []struct {
		Socket json.RawMessage `json:"transport_socket"`
	}
	if err := json.Unmarshal(fields["transport_socket_matches"], &matches); err != nil || len(matches) == 0 {
		return "", fmt.Errorf("the recorded cluster %s has no transport_socket_matches", fields["name"])
	}
	delete(fields, "transport_socket_matches")
	if mode == "ISTIO_MUTUAL" {
		fields["transport_socket"] = matches[0].Socket
	}
	content, err := json.Marshal(fields)
	if err != nil {
		return "", err
	}
	return indented(content)
}

// indented is a text as Envoy writes it.
func indented(content []byte) (string, error) {
	var text bytes.Buffer
	err := json.Indent(&text, content, "", " ")
	return text.String(), err
}

// complete reports a pattern that was not found.
func (p *patterns) complete() error {
	for _, port := range []uint16{httpPort, tcpPort, autoPort} {
		if p.ports[port] == "" {
			return fmt.Errorf("the recorded client has no listener for port %d of %s", port, recordedHost)
		}
	}
	for mode, listener := range p.inbound {
		if listener == "" {
			return fmt.Errorf("the recorded server of mode %s has no virtualInbound", mode)
		}
	}
	return nil
}
