package mesh

import (
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/report"
)

// HandoverVariable names the environment variable by which the runner tells the suite where the Handover stands.
const HandoverVariable = "MTLS_HANDOVER"

// Handover is what the runner that brought the mesh up hands to the suite, as JSON.
type Handover struct {
	RunID       string             `json:"runID"`
	Kubeconfig  string             `json:"kubeconfig"`
	Context     string             `json:"context,omitempty"` // of the kubeconfig, where it is not the one that it names itself
	Placement   fixture.Placement  `json:"placement"`
	Artifacts   string             `json:"artifacts"`
	GatewayHTTP string             `json:"gatewayHTTP"` // HOST:PORT of the ingress gateway, from outside the cluster
	GatewayGRPC string             `json:"gatewayGRPC"`
	Environment report.Environment `json:"environment"`
	Istioctl    string             `json:"istioctl"` // path of the istioctl that installed the mesh
	Hub         string             `json:"hub"`      // where its images are
	Tag         string             `json:"tag"`
	Engine      string             `json:"engine"` // of the nodes: docker or podman
	Agent       string             `json:"agent"`  // the image that fixtures name agent
}
