package kube

import coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"

// Leases are the cluster's Leases of coordination.k8s.io, as client-go's leader election takes them.
func (c *Client) Leases() coordinationv1.LeasesGetter { return c.clientset.CoordinationV1() }
