package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/e2e-framework/klient/wait"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"

	"mtls.test/conformance/e2e/live/timeout"
)

// cniPTP names the network of node images that bring none of their own: point-to-point links, one subnet per node.
const cniPTP = "ptp"

const conflistPath = "/etc/cni/net.d/10-mtls.conflist"

// network gives each node its pod network and a route to the pods of every other node.
func (c *Cluster) network(ctx context.Context, api *api, cni string) error {
	if cni != cniPTP {
		return nil
	}
	containers, err := c.provider.ListInternalNodes(c.name)
	if err != nil {
		return fmt.Errorf("listing the nodes of cluster %s: %w", c.name, err)
	}
	subnets, err := api.podSubnets(ctx, len(containers))
	if err != nil {
		return err
	}
	service, err := api.ownAddress(ctx)
	if err != nil {
		return err
	}
	for _, node := range containers {
		if err := awaitServices(ctx, node, service); err != nil {
			return err
		}
		if err := joinPods(ctx, node, containers, subnets); err != nil {
			return fmt.Errorf("setting up the pod network of node %s: %w", node, err)
		}
	}
	return nil
}

// awaitServices waits until kube-proxy translates Service addresses on a node. A pod that dials one earlier does not
// recover by retransmission, because conntrack remembers the untranslated flow: CoreDNS and istiod then lose 30 s. The
// API server must prove itself, for whatever is outside the cluster may accept a connection to that address.
func awaitServices(ctx context.Context, node nodes.Node, service netip.AddrPort) error {
	err := wait.For(func(ctx context.Context) (bool, error) {
		return node.CommandContext(ctx, "curl", "--silent", "--fail", "--max-time", fmt.Sprint(timeout.ServiceCall.Duration().Seconds()), "--noproxy", "*",
			"--cacert", "/etc/kubernetes/pki/ca.crt", "https://"+service.String()+"/livez").Run() == nil, nil
	}, wait.WithContext(ctx), wait.WithInterval(pollInterval), wait.WithTimeout(timeout.NodesReady.Duration()), wait.WithImmediate())
	if err != nil {
		return fmt.Errorf("node %s does not reach the API server at its Service address %s, kube-proxy is not at work: %w", node, service, err)
	}
	return nil
}

func joinPods(ctx context.Context, node nodes.Node, all []nodes.Node, subnets map[string][]netip.Prefix) error {
	content, err := conflist(subnets[node.String()])
	if err != nil {
		return err
	}
	if err := nodeutils.WriteFile(node, conflistPath, content); err != nil {
		return err
	}
	for _, other := range all {
		if other.String() == node.String() {
			continue
		}
		v4, v6, err := other.IP()
		if err != nil {
			return err
		}
		for _, subnet := range subnets[other.String()] {
			via := v4
			if subnet.Addr().Is6() {
				via = v6
			}
			if err := node.CommandContext(ctx, "ip", "route", "add", subnet.String(), "via", via).Run(); err != nil {
				return err
			}
		}
	}
	return nil
}

// podSubnets waits until that many nodes have their pod subnets, and returns them by node.
func (a *api) podSubnets(ctx context.Context, count int) (map[string][]netip.Prefix, error) {
	var subnets map[string][]netip.Prefix
	err := wait.For(func(ctx context.Context) (bool, error) {
		listed, err := a.client.Nodes(ctx)
		if err != nil {
			return false, nil
		}
		subnets, err = allocated(listed)
		return len(subnets) == count, err
	}, wait.WithContext(ctx), wait.WithInterval(pollInterval), wait.WithTimeout(timeout.NodesReady.Duration()), wait.WithImmediate())
	if err != nil {
		return nil, fmt.Errorf("%d of %d nodes have a pod subnet: %w", len(subnets), count, err)
	}
	return subnets, nil
}

// allocated returns the pod subnets of the nodes that have them.
func allocated(listed []corev1.Node) (map[string][]netip.Prefix, error) {
	subnets := map[string][]netip.Prefix{}
	for _, node := range listed {
		for _, text := range node.Spec.PodCIDRs {
			subnet, err := netip.ParsePrefix(text)
			if err != nil {
				return nil, fmt.Errorf("node %s: %w", node.Name, err)
			}
			subnets[node.Name] = append(subnets[node.Name], subnet)
		}
	}
	return subnets, nil
}

// conflist is the CNI configuration of a node: an address of each subnet for a pod, and its host ports.
// https://www.cni.dev/plugins/current/main/ptp/
func conflist(subnets []netip.Prefix) (string, error) {
	type object = map[string]any
	var ranges [][]object
	var routes []object
	for _, subnet := range subnets {
		everywhere := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
		if subnet.Addr().Is6() {
			everywhere = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
		}
		ranges = append(ranges, []object{{"subnet": subnet}})
		routes = append(routes, object{"dst": everywhere})
	}
	content, err := json.Marshal(object{
		"cniVersion": "0.4.0",
		"name":       "mtls-conformance",
		"plugins": []object{
			{"type": "ptp", "ipam": object{"type": "host-local", "ranges": ranges, "routes": routes}},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	})
	return string(content), err
}
