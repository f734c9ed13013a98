package cluster

import (
	"context"
	"fmt"
)

// forgetSooner has the nodes forget closed connections within a second. A pod that connects to another by its own address
// and within two minutes by its Service's, from the same port, else has the port changed on its way by the node, and what
// its proxy says of the connection is not what the server sees (nf_conntrack(5)).
func (c *Cluster) forgetSooner(ctx context.Context) error {
	nodes, err := c.provider.ListInternalNodes(c.name)
	if err != nil {
		return fmt.Errorf("listing the nodes of cluster %s: %w", c.name, err)
	}
	for _, node := range nodes {
		for _, state := range []string{"time_wait", "close"} {
			setting := "net.netfilter.nf_conntrack_tcp_timeout_" + state + "=1"
			if err := node.CommandContext(ctx, "sysctl", "--write", setting).Run(); err != nil {
				return fmt.Errorf("setting %s on node %s: %w", setting, node, err)
			}
		}
	}
	return nil
}
