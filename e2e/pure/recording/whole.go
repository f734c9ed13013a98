package recording

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Concerns says what of a proxy's whole configuration a recording is about.
type Concerns struct {
	Host    func(name string) bool  // a host's whole name
	Port    func(port uint16) bool  // a service's port
	Address func(a netip.Addr) bool // a service's own address, or that of a pod
}

// CutWhole makes a small config_dump of the answer to /config_dump?include_eds: what is in force of the bootstrap's node, and of the
// clusters, endpoints, listeners, routes and secrets that come by xDS and are concerned. The inbound listener is kept whole.
// It is without keys and tokens, and without times and versions, which change with each recording.
func CutWhole(answer []byte, of Concerns) ([]byte, error) {
	var whole struct {
		Configs []map[string]any `json:"configs"`
	}
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber()
	if err := decoder.Decode(&whole); err != nil {
		return nil, fmt.Errorf("config_dump: %w", err)
	}
	kept := []any{}
	for _, section := range whole.Configs {
		if cutSection(section, of) {
			kept = append(kept, cut(section, nil))
		}
	}
	return lines(map[string]any{"configs": kept})
}

// nodeKeys are what is kept of a node's metadata (istio/istio pkg/model/proxy.go NodeMetadata).
var nodeKeys = []string{"NAMESPACE", "NAME", "LABELS", "SERVICE_ACCOUNT", "ISTIO_VERSION", "INTERCEPTION_MODE", "NETWORK", "CLUSTER_ID", "MESH_ID"}

// cutSection leaves in a section what is concerned, and reports whether the section is one to keep
// (https://www.envoyproxy.io/docs/envoy/latest/api-v3/admin/v3/config_dump.proto).
func cutSection(section map[string]any, of Concerns) bool {
	kind, _ := section["@type"].(string)
	switch strings.TrimPrefix(kind, "type.googleapis.com/envoy.admin.v3.") {
	case "BootstrapConfigDump":
		cutBootstrap(section)
	case "ClustersConfigDump":
		keepLists(section, of.cluster("cluster", "name"), "dynamic_active_clusters", "dynamic_warming_clusters")
	case "EndpointsConfigDump":
		keepLists(section, of.cluster("endpoint_config", "cluster_name"), "dynamic_endpoint_configs")
	case "ListenersConfigDump":
		keepLists(section, of.listener, "dynamic_listeners")
	case "RoutesConfigDump":
		keepLists(section, of.routes, "dynamic_route_configs")
	case "SecretsConfigDump":
		keepLists(section, shortened, "dynamic_active_secrets", "dynamic_warming_secrets")
	default:
		return false
	}
	return true
}

func cutBootstrap(section map[string]any) {
	bootstrap, _ := section["bootstrap"].(map[string]any)
	node, _ := bootstrap["node"].(map[string]any)
	metadata, _ := node["metadata"].(map[string]any)
	for key := range metadata {
		if !slices.Contains(nodeKeys, key) {
			delete(metadata, key)
		}
	}
	section["bootstrap"] = map[string]any{"node": map[string]any{"id": node["id"], "metadata": metadata}}
	delete(section, "last_updated")
}

// keepLists leaves in a section those lists, and of their elements those to keep, without times and versions.
func keepLists(section map[string]any, keep func(map[string]any) bool, names ...string) {
	for name, value := range section {
		list, isList := value.([]any)
		if name == "@type" {
			continue
		}
		if !isList || !slices.Contains(names, name) {
			delete(section, name)
			continue
		}
		kept := []any{}
		for _, one := range list {
			if element, isObject := one.(map[string]any); isObject && keep(element) {
				undated(element)
				kept = append(kept, element)
			}
		}
		section[name] = kept
	}
}

// undated leaves out when an element came, and by which version.
func undated(element map[string]any) {
	for _, state := range []string{"active_state", "warming_state", "draining_state", "error_state"} {
		if inner, found := element[state].(map[string]any); found {
			undated(inner)
		}
	}
	delete(element, "last_updated")
	delete(element, "version_info")
}

// cluster keeps elements by the name of the cluster in them: those of the proxy itself, and outbound ones of hosts concerned.
func (c Concerns) cluster(keys ...string) func(map[string]any) bool {
	return func(element map[string]any) bool {
		inner, _ := element[keys[0]].(map[string]any)
		name, _ := inner[keys[1]].(string)
		words := strings.Split(strings.ReplaceAll(name, "_.", "|"), "|")
		return len(words) < 4 || words[0] == "inbound" || c.Host(strings.TrimPrefix(words[3], "_"))
	}
}

// listener keeps listeners of the proxy itself, virtualInbound and virtualOutbound, and those that are named ADDRESS_PORT with both
// concerned.
func (c Concerns) listener(element map[string]any) bool {
	name, _ := element["name"].(string)
	at := strings.LastIndexByte(name, '_')
	if at < 0 {
		return true
	}
	port, err := strconv.ParseUint(name[at+1:], 10, 16)
	if err != nil {
		return true
	}
	address, err := netip.ParseAddr(name[:at])
	return c.Port(uint16(port)) && (err != nil || address.IsUnspecified() || c.Address(address))
}

// routes keeps route configurations of ports concerned, and in them the virtual hosts concerned. Their names end with the port.
func (c Concerns) routes(element map[string]any) bool {
	config, _ := element["route_config"].(map[string]any)
	name, _ := config["name"].(string)
	port, err := strconv.ParseUint(name[strings.LastIndexAny(name, ":.")+1:], 10, 16)
	if err == nil && !c.Port(uint16(port)) {
		return false
	}
	hosts, _ := config["virtual_hosts"].([]any)
	config["virtual_hosts"] = slices.DeleteFunc(hosts, func(one any) bool {
		host, _ := one.(map[string]any)
		name, _ := host["name"].(string)
		name, _, found := strings.Cut(name, ":")
		return found && name != "*" && !c.Host(name)
	})
	return true
}

// fewRoots is how many roots a recording keeps of a bundle of more. A mesh has one or two; the bundle of a system has a hundred,
// any of which stands for the others.
const fewRoots = 3

// shortened cuts the roots of a secret, and keeps it.
func shortened(element map[string]any) bool {
	secret, _ := element["secret"].(map[string]any)
	validation, _ := secret["validation_context"].(map[string]any)
	roots, _ := validation["trusted_ca"].(map[string]any)
	inline, _ := roots["inline_bytes"].(string)
	bundle, err := base64.StdEncoding.DecodeString(inline)
	if err != nil {
		return true
	}
	var kept bytes.Buffer
	for range fewRoots {
		var block *pem.Block
		if block, bundle = pem.Decode(bundle); block == nil {
			return true
		}
		if err := pem.Encode(&kept, block); err != nil {
			return true
		}
	}
	roots["inline_bytes"] = base64.StdEncoding.EncodeToString(kept.Bytes())
	return true
}
