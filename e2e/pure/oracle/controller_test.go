package oracle

import (
	"strings"
	"testing"
)

func TestAPodIsNamedByWhatMadeIt(t *testing.T) {
	long := strings.Repeat("long-", 9) // of 45 characters, the last a dash
	for _, c := range []struct {
		pod    string
		labels map[string]string
		want   string
	}{
		{"cart-5c8d-x2k9l", map[string]string{"pod-template-hash": "5c8d"}, "cart"},
		{"cart-v2-5c8d-x2k9l", map[string]string{"pod-template-hash": "5c8d"}, "cart-v2"},
		{"cart-5c8d-5c8d-x2k9l", map[string]string{"pod-template-hash": "5c8d"}, "cart-5c8d"},
		{"db-1", map[string]string{"apps.kubernetes.io/pod-index": "1", "controller-revision-hash": "db-7f9"}, "db"},
		{"db-1", map[string]string{"statefulset.kubernetes.io/pod-name": "db-1", "controller-revision-hash": "db-7f9"}, "db"},
		{"agent-x2k9l", map[string]string{"controller-revision-hash": "7f9"}, "agent"},
		{"alone-1", nil, "alone-1"},
		{"cart", map[string]string{"pod-template-hash": "5c8d"}, "cart"},
		{"agent", map[string]string{"controller-revision-hash": "7f9"}, "agent"},
		// Kubernetes cuts what stands before the random letters after 58 characters: here within the hash, before it, and within the name.
		{long + "abc-7d9f8c6b5x2k9l", map[string]string{"pod-template-hash": "7d9f8c6b5d"}, long + "abc"},
		{long + "abcdefghijklmx2k9l", map[string]string{"pod-template-hash": "7d9f8c6b5d"}, long + "abcdefghijklm"},
		{long + "abcdefghijkl-x2k9l", map[string]string{"pod-template-hash": "7d9f8c6b5d"}, long + "abcdefghijkl"},
	} {
		if got := ControllerName(c.pod, c.labels); got != c.want {
			t.Errorf("%s: %s, want %s", c.pod, got, c.want)
		}
	}
}

func TestAPodsOwnerNamesWhatMadeIt(t *testing.T) {
	long := strings.Repeat("long-", 11) + "name" // of 59 characters, of which a pod's name bears 58
	for _, c := range []struct {
		pod, labels, owners, want string
	}{
		{long[:58] + "x2k9l", "pod-template-hash: 7d9f8c6b5d", "{kind: ReplicaSet, name: " + long + "-7d9f8c6b5d, controller: true}", long},
		{"agent-x2k9l", "controller-revision-hash: 7f9", "{kind: DaemonSet, name: agent, controller: true}", "agent"},
		{"rollout-5c8d-x2k9l", "a: b", "{kind: Job, name: rollout-5c8d, controller: true}", "rollout-5c8d"},
		{"alone-1", "a: b", "{kind: ConfigMap, name: other}", "alone-1"},
		{"cart-5c8d-x2k9l", "pod-template-hash: 5c8d", "", "cart"},
	} {
		snapshot, err := Decode([]byte("{kind: Pod, metadata: {name: "+c.pod+", namespace: shop, labels: {"+c.labels+"}, ownerReferences: ["+c.owners+"]}}"), "")
		if err != nil {
			t.Fatal(err)
		}
		if got := snapshot.Workloads[0].Controller; got != c.want {
			t.Errorf("%s: %s, want %s", c.pod, got, c.want)
		}
	}
}
