package recording_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/netip"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/recording"
)

// onlyOrders is concerned with host orders at 10.96.0.1:8080.
var onlyOrders = recording.Concerns{
	Host:    func(name string) bool { return name == "orders" },
	Port:    func(port uint16) bool { return port == 8080 },
	Address: func(a netip.Addr) bool { return a == netip.MustParseAddr("10.96.0.1") },
}

func TestAWholeDumpIsCutToWhatIsConcerned(t *testing.T) {
	const admin = "type.googleapis.com/envoy.admin.v3."
	for name, test := range map[string]struct{ section, kept, gone string }{
		"bootstrap": {
			`{"@type": "` + admin + `BootstrapConfigDump", "last_updated": "2026", "bootstrap": {"admin": {}, "node": {"id": "n", "metadata": {"NAMESPACE": "shop", "PROXY_CONFIG": {}}}}}`,
			"NAMESPACE", `PROXY_CONFIG "admin" last_updated`,
		},
		"clusters": {
			`{"@type": "` + admin + `ClustersConfigDump", "version_info": "7", "static_clusters": [{"cluster": {"name": "static"}}], "dynamic_active_clusters": [
				{"version_info": "7", "last_updated": "2026", "cluster": {"name": "outbound|8080||orders"}}, {"cluster": {"name": "outbound|80||other"}},
				{"cluster": {"name": "PassthroughCluster"}}, {"cluster": {"name": "outbound_.8080_._.orders"}}, {"cluster": {"name": "inbound|8080||"}}]}`,
			"outbound|8080||orders PassthroughCluster outbound_.8080_._.orders inbound|8080||", "other static version_info last_updated",
		},
		"endpoints": {
			`{"@type": "` + admin + `EndpointsConfigDump", "dynamic_endpoint_configs": [{"endpoint_config": {"cluster_name": "outbound|8080||orders"}}, {"endpoint_config": {"cluster_name": "outbound|80||other"}}]}`,
			"outbound|8080||orders", "other",
		},
		"listeners": {
			`{"@type": "` + admin + `ListenersConfigDump", "dynamic_listeners": [{"name": "virtualInbound", "active_state": {"version_info": "7"}}, {"name": "0.0.0.0_8080"}, {"name": "0.0.0.0_80"},
				{"name": "10.96.0.1_8080"}, {"name": "10.96.0.2_8080"}]}`,
			"virtualInbound 0.0.0.0_8080 10.96.0.1_8080", `0.0.0.0_80" 10.96.0.2 version_info`,
		},
		"routes": {
			`{"@type": "` + admin + `RoutesConfigDump", "dynamic_route_configs": [{"route_config": {"name": "80"}}, {"route_config": {"name": "8080", "virtual_hosts": [
				{"name": "orders:8080"}, {"name": "other:8080"}, {"name": "allow_any"}]}}, {"route_config": {"name": "http.8080"}}]}`,
			"orders:8080 allow_any http.8080", `other "80"`,
		},
		"secrets":       {`{"@type": "` + admin + `SecretsConfigDump", "dynamic_active_secrets": [{"name": "default", "secret": {"tls_certificate": {"private_key": {}}}}]}`, "default", "private_key"},
		"other section": {`{"@type": "` + admin + `EcdsConfigDump", "ecds_filters": []}`, "configs", "ecds"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := recording.CutWhole([]byte(`{"configs": [`+test.section+`]}`), onlyOrders)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range strings.Fields(test.kept) {
				if !strings.Contains(string(got), word) {
					t.Errorf("%q is not kept: %s", word, got)
				}
			}
			for _, word := range strings.Fields(test.gone) {
				if strings.Contains(string(got), word) {
					t.Errorf("%q is kept: %s", word, got)
				}
			}
		})
	}
	if _, err := recording.CutWhole([]byte("not ready"), onlyOrders); err == nil {
		t.Error("what is no dump is taken for one")
	}
}

func TestABundleOfManyRootsIsCutToAFew(t *testing.T) {
	for roots, want := range map[int]int{1: 1, 2: 2, 3: 3, 100: 3} {
		bundle := strings.Repeat("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", roots)
		secret := `{"name": "file-root:system", "secret": {"validation_context": {"trusted_ca": {"inline_bytes": "` + base64.StdEncoding.EncodeToString([]byte(bundle)) + `"}}}}`
		got, err := recording.CutWhole([]byte(`{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump", "dynamic_active_secrets": [`+secret+`]}]}`), onlyOrders)
		if err != nil {
			t.Fatal(err)
		}
		var dump struct {
			Configs []struct {
				Secrets []struct {
					Secret struct {
						Validation struct {
							CA struct {
								Bytes []byte `json:"inline_bytes"`
							} `json:"trusted_ca"`
						} `json:"validation_context"`
					} `json:"secret"`
				} `json:"dynamic_active_secrets"`
			} `json:"configs"`
		}
		if err := json.Unmarshal(got, &dump); err != nil {
			t.Fatal(err)
		}
		left, count := dump.Configs[0].Secrets[0].Secret.Validation.CA.Bytes, 0
		for block, rest := pem.Decode(left); block != nil; block, rest = pem.Decode(rest) {
			count++
		}
		if count != want {
			t.Errorf("of %d roots %d are kept, want %d", roots, count, want)
		}
	}
}
