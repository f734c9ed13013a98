package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKindsLinesAreStepsOnce(t *testing.T) {
	var told []string
	log := kindLog{func(line string) { told = append(told, line) }}
	log.V(0).Infof(" • %s  ...\n", "Preparing nodes 📦 📦 ")
	log.V(0).Infof(" ✓ %s\n", "Preparing nodes 📦 📦 ")
	log.V(0).Info("")
	log.V(1).Info("detail")
	log.Warn("cgroup v1 is deprecated")
	if diff := cmp.Diff([]string{"Preparing nodes", "kind warns: cgroup v1 is deprecated"}, told); diff != "" {
		t.Error(diff)
	}
}
