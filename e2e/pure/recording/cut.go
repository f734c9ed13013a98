package recording

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// unkept are keys of Envoy's configuration that a recording leaves out.
var unkept = []string{
	// Keys and tokens. A config_dump redacts the keys of SDS, and what it does not redact is not to be kept either.
	"private_key", "password", "session_ticket_keys", "session_ticket_keys_sds_secret_config", "generic_secret",
	// Bulk that decides nothing between TLS and plaintext.
	"access_log", "draining_state", "sds_config", "eds_config", "config_source", "circuit_breakers", "retry_policy", "decorator",
	"max_stream_duration", "stat_prefix", "alt_stat_name", "upgrade_configs", "request_id_extension", "set_current_client_cert_details",
	"upstream_connection_options", "connect_timeout", "per_connection_buffer_limit_bytes", "transport_socket_connect_timeout",
	"lb_policy", "common_lb_config", "load_balancing_weight", "locality", "health_check_config", "normalize_path",
	"path_with_escaped_slashes_action", "proxy_100_continue", "stream_idle_timeout", "use_remote_address", "server_name",
}

// unkeptFilters are HTTP filters that every chain has and that decide nothing; one that is not known here is kept.
var unkeptFilters = []string{"envoy.filters.http.grpc_stats", "envoy.filters.http.fault", "envoy.filters.http.cors", "envoy.filters.http.router"}

// Cut makes one small config_dump of a proxy's answers to several requests: without what is secret and what decides nothing,
// and of the filter chains of inbound listeners those of the ports asked for, and those of any port. Nil ports are all.
func Cut(answers [][]byte, ports []uint16) ([]byte, error) {
	var whole struct {
		Configs []any `json:"configs"`
	}
	for _, answer := range answers {
		var part struct {
			Configs []any `json:"configs"`
		}
		decoder := json.NewDecoder(bytes.NewReader(answer))
		decoder.UseNumber()
		if err := decoder.Decode(&part); err != nil {
			return nil, fmt.Errorf("config_dump: %w", err)
		}
		whole.Configs = append(whole.Configs, part.Configs...)
	}
	for i, config := range whole.Configs {
		whole.Configs[i] = cut(config, ports)
	}
	return lines(whole)
}

func cut(value any, ports []uint16) any {
	switch value := value.(type) {
	case []any:
		kept := []any{}
		for _, one := range value {
			if !ofOtherPort(one, ports) && !unkeptFilter(one) {
				kept = append(kept, cut(one, ports))
			}
		}
		return kept
	case map[string]any:
		for key, one := range value {
			if slices.Contains(unkept, key) {
				delete(value, key)
				continue
			}
			value[key] = cut(one, ports)
		}
	}
	return value
}

// ofOtherPort reports whether it is a filter chain for a port that was not asked for.
func ofOtherPort(value any, ports []uint16) bool {
	chain, _ := value.(map[string]any)
	match, _ := chain["filter_chain_match"].(map[string]any)
	port, ok := match["destination_port"].(json.Number)
	return ok && ports != nil && !slices.ContainsFunc(ports, func(one uint16) bool { return fmt.Sprint(one) == port.String() })
}

func unkeptFilter(value any) bool {
	filter, _ := value.(map[string]any)
	name, _ := filter["name"].(string)
	return slices.Contains(unkeptFilters, name)
}
