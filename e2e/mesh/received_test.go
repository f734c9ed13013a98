package mesh

import (
	"strings"
	"testing"
)

func TestTheVersionOfTheClustersIsTheNumberOfTheirPush(t *testing.T) {
	const listeners = `{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "version_info": "2026-11-28T09:53:05Z/250"}`
	for name, test := range map[string]struct {
		dump   string
		want   int
		failed bool
	}{
		"received":        {`{"configs": [` + listeners + `, {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "version_info": "2026-11-28T09:53:05Z/248"}]}`, 248, false},
		"none yet":        {`{"configs": [` + listeners + `, {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump"}]}`, 0, false},
		"not of istiod's": {`{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "version_info": "static"}]}`, 0, true},
		"no dump":         {`<html>`, 0, true},
	} {
		got, err := clusterVersion(strings.NewReader(test.dump))
		if got != test.want || (err != nil) != test.failed {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
}
