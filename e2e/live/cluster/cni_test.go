package cluster

import (
	"net/netip"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestConflist(t *testing.T) {
	for _, test := range []struct {
		name    string
		subnets []netip.Prefix
		want    string
	}{
		{
			"one subnet", []netip.Prefix{netip.MustParsePrefix("10.244.1.0/24")},
			`{"cniVersion":"0.4.0","name":"mtls-conformance","plugins":[{"ipam":{"ranges":[[{"subnet":"10.244.1.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}],"type":"host-local"},"type":"ptp"},{"capabilities":{"portMappings":true},"type":"portmap"}]}`,
		},
		{
			"one subnet of each family", []netip.Prefix{netip.MustParsePrefix("10.244.1.0/24"), netip.MustParsePrefix("fd00:1::/64")},
			`{"cniVersion":"0.4.0","name":"mtls-conformance","plugins":[{"ipam":{"ranges":[[{"subnet":"10.244.1.0/24"}],[{"subnet":"fd00:1::/64"}]],"routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}],"type":"host-local"},"type":"ptp"},{"capabilities":{"portMappings":true},"type":"portmap"}]}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := conflist(test.subnets)
			if err != nil || got != test.want {
				t.Errorf("conflist = %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestANodeWithoutASubnetIsNotAllocated(t *testing.T) {
	listed := make([]corev1.Node, 2)
	listed[0].Name, listed[0].Spec.PodCIDRs = "one", []string{"10.244.0.0/24"}
	listed[1].Name = "two"
	got, err := allocated(listed)
	if err != nil || len(got) != 1 || len(got["one"]) != 1 {
		t.Errorf("allocated = %v, %v", got, err)
	}
}

func TestUnreadyNamesTheNode(t *testing.T) {
	node := corev1.Node{}
	node.Name = "one"
	if got := unready([]corev1.Node{node}); got != "one: no condition Ready" {
		t.Errorf("without conditions: %q", got)
	}
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionFalse, Message: "no network"}}
	if got := unready([]corev1.Node{node}); got != "one: no network" {
		t.Errorf("not ready: %q", got)
	}
	node.Status.Conditions[0].Status = corev1.ConditionTrue
	if got := unready([]corev1.Node{node}); got != "" {
		t.Errorf("ready: %q", got)
	}
}
