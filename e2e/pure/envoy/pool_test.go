package envoy

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestADumpOfAPoolIsTheDumpWithoutOne(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var pool Pool
	for range 2 {
		for _, name := range files {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			alone, err := Parse(strings.NewReader(string(content)))
			if err != nil {
				t.Fatal(err)
			}
			shared, err := pool.Parse(strings.NewReader(string(content)))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(alone, shared) {
				t.Errorf("%s: a dump from the pool differs", name)
			}
		}
	}
}

// dumpOf is a dump of one cluster, as a proxy has it since a time.
func dumpOf(cluster, version, updated string) string {
	return `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [
		{"version_info": "` + version + `", "cluster": ` + cluster + `, "last_updated": "` + updated + `"}]}]}`
}

func TestAPoolHoldsAResourceOnceWhateverItsTime(t *testing.T) {
	const cluster = `{"name": "outbound|80||a.test", "transport_socket": {"name": "envoy.transport_sockets.raw_buffer"}}`
	var pool Pool
	var all []*Dump
	for _, text := range []string{dumpOf(cluster, "1", "2026-01-01T00:00:00Z"), dumpOf(cluster, "2", "2026-01-02T00:00:00.5Z")} {
		dump, err := pool.Parse(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, dump)
	}
	first, second := all[0].clusters["outbound|80||a.test"], all[1].clusters["outbound|80||a.test"]
	if first.socket == nil || first.socket != second.socket {
		t.Error("the cluster is held twice")
	}
	if first.updated.Day() != 1 || second.updated.Day() != 2 {
		t.Errorf("the proxies have it since %s and %s", first.updated, second.updated)
	}
}

func TestAResourceThatCannotBeReadIsNamedByItsPlaceInEachDump(t *testing.T) {
	var pool Pool
	for _, before := range []string{"", `{"cluster": {"name": "a"}}, `} {
		text := `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [` + before + `{"cluster": 1}]}]}`
		dump, err := pool.Parse(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		place := "dynamic_active_clusters[0]"
		if before != "" {
			place = "dynamic_active_clusters[1]"
		}
		if len(dump.Lost) != 1 || !strings.Contains(dump.Lost[0], place) {
			t.Errorf("lost %v, want %s", dump.Lost, place)
		}
	}
}

func TestAPoolHoldsARouteTableOnceForThoseWithTheSameHosts(t *testing.T) {
	const shop, other = `{"name": "shop", "domains": ["shop.test"]}`, `{"name": "other", "domains": ["other.test"]}`
	var pool Pool
	tableOf := func(name, hosts string) *routeTable {
		dump, err := pool.Parse(strings.NewReader(`{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump", "dynamic_route_configs": [
			{"route_config": {"name": "` + name + `", "virtual_hosts": [` + hosts + `]}}]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		return dump.routes[name]
	}
	first := tableOf("80", shop)
	for name, test := range map[string]struct {
		name, hosts string
		same        bool
	}{
		"the same":      {"80", shop, true},
		"another name":  {"81", shop, false},
		"another host":  {"80", other, false},
		"one host more": {"80", shop + "," + other, false},
	} {
		if got := tableOf(test.name, test.hosts); (got == first) != test.same {
			t.Errorf("%s: held once: %t, want %t", name, got == first, test.same)
		}
	}
}
