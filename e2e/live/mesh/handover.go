package mesh

import (
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// HandoverVariable names the environment variable by which the runner tells the suite where the Handover stands.
const HandoverVariable = "MTLS_HANDOVER"

// UpgradeVariable names the environment variable that holds MODE/TRAFFIC of the upgrade that the suite is to make; empty of every
// other run. It shapes the tree of specs, before there is a Handover.
const UpgradeVariable = "MTLS_UPGRADE"

// ProgressVariable names the environment variable by which the runner tells the suite into which file to write its report.Progress;
// empty where nobody asks.
const ProgressVariable = "MTLS_PROGRESS"

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

	Upgrade *Upgrade `json:"upgrade,omitempty"` // that the suite is to make; nil of every other run
}

// Upgrade is what an upgrade was asked for.
type Upgrade struct {
	Mode     upgrade.Mode `json:"mode"`
	Releases Releases     `json:"releases"`
	Focus    string       `json:"focus,omitempty"`    // regular expression of the cases to run at each stage
	Traffic  string       `json:"traffic"`            // strict, permissive or lease: fixtures/upgrade/traffic
	Policies string       `json:"policies,omitempty"` // folder of what stands the whole time
	Accept   []string     `json:"accept,omitempty"`   // rows of expected changes
	Full     bool         `json:"full,omitempty"`     // all quick cases run before and after
	Mutant   string       `json:"mutant,omitempty"`   // what goes wrong on purpose: fixtures/upgrade/mutants
	Watch    bool         `json:"watch,omitempty"`    // others make it, and tell of each step by a file in the artifacts folder
}
