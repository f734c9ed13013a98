package cluster

import (
	"context"
	"fmt"
	"strings"
)

// nodeSettings are commands that fit a node to what is measured in it.
var nodeSettings = [][]string{
	// Closed connections are forgotten within a second. A pod that connects to another by its own address and within two minutes by
	// its Service's, from the same port, else has the port changed on its way by the node, and what its proxy says of the connection
	// is not what the server sees (nf_conntrack(5)).
	{"sysctl", "--write", "net.netfilter.nf_conntrack_tcp_timeout_time_wait=1", "net.netfilter.nf_conntrack_tcp_timeout_close=1"},
	// The pods go before the kubelet and the container runtime, beside which all of them together have one half of the CPU by
	// default: while pods start, requests between others time out (systemd.resource-control(5); kind puts pods below kubelet.slice).
	{"systemctl", "set-property", "--runtime", "kubelet.slice", "CPUWeight=400"},
}

// setNodes makes the nodes' settings.
func (c *Cluster) setNodes(ctx context.Context) error {
	nodes, err := c.provider.ListInternalNodes(c.name)
	if err != nil {
		return fmt.Errorf("listing the nodes of cluster %s: %w", c.name, err)
	}
	for _, node := range nodes {
		for _, command := range nodeSettings {
			if err := node.CommandContext(ctx, command[0], command[1:]...).Run(); err != nil {
				return fmt.Errorf("node %s: %s: %w", node, strings.Join(command, " "), err)
			}
		}
	}
	return nil
}
