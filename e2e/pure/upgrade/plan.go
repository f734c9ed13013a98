package upgrade

import (
	"fmt"
	"slices"
)

// Side is one of the two versions of an upgrade.
type Side string

// The sides.
const (
	From Side = "from"
	To   Side = "to"
)

// Act is what a move does.
type Act string

// The acts, each one of Istio's documented steps.
const (
	Precheck     Act = "precheck"      // istioctl x precheck
	CRDs         Act = "crds"          // the definitions of Istio's kinds, which all revisions share
	ControlPlane Act = "control-plane" // istioctl install of istiod, beside the other or in its place
	Everything   Act = "everything"    // istioctl install of istiod and of the gateway at once, in place
	Namespace    Act = "namespace"     // the namespace's label names a revision, and its workloads restart
	Gateway      Act = "gateway"       // istioctl install of the ingress gateway, in place
	Tag          Act = "tag"           // the tag that namespaces are labelled with names another revision
	Removal      Act = "removal"       // istioctl uninstall of a revision, once no proxy is connected to it
	LeaseBegins  Act = "lease-begins"  // a temporary rule makes hops plaintext: no step of an upgrade, which goes on under it
	LeaseEnds    Act = "lease-ends"    // the rule is taken back
	Operator     Act = "operator"      // whatever others do who upgrade Istio, until they tell that it is done
)

// Proxies tells whether proxies move by the act, which their new control plane injects.
func (a Act) Proxies() bool { return a == Namespace || a == Gateway }

// Move is one step of an upgrade, to one of its versions.
type Move struct {
	Act       Act    `json:"act"`
	To        Side   `json:"to,omitempty"`        // of a Removal, the side that is removed; none of a lease
	Namespace string `json:"namespace,omitempty"` // of a Namespace
}

// String names the move as a line of progress does.
func (m Move) String() string {
	if m.To == "" {
		return string(m.Act)
	}
	if m.Namespace != "" {
		return fmt.Sprintf("%s %s (%s)", m.Act, m.Namespace, m.To)
	}
	return fmt.Sprintf("%s (%s)", m.Act, m.To)
}

// Stage is a state of the mesh at which it is judged, and the moves that lead to it from the stage before.
type Stage struct {
	Name  string
	Title string // what stands then
	Moves []Move
	// Still is true where no proxy moves: no request may fail on the way there, and no proxy's configuration may change.
	Still bool
	// Pairs is true where clients and servers of both versions stand, so that all four pairs of versions do.
	Pairs bool
	// Drains is true where a policy changes: a server that takes connections otherwise from then on cuts those of before once they have
	// drained for Istio's drainDuration, a long stream too. Traffic goes on for longer than that.
	Drains bool
}

// The namespaces of the world, in the order in which they move. After the first ones, clients and servers of both versions stand
// side by side, so that all four pairs of versions do.
var (
	firstNamespaces = []string{"clients-first", "clients", "servers-first"}
	lastClients     = []string{"clients-last"}
	lastServers     = []string{"servers-last", "default"}
)

// Namespaces are all that move.
func Namespaces() []string { return slices.Concat(firstNamespaces, lastClients, lastServers) }

// Plan is the stages of a mode, under a traffic policy. A lease begins under the control plane of before, and ends under that of after.
func Plan(mode Mode, traffic string) []Stage {
	stages := planOf(mode)
	if traffic != LeaseTraffic {
		return stages
	}
	leased := Stage{Name: "leased", Title: "a lease makes hops plaintext", Moves: []Move{{Act: LeaseBegins}}, Drains: true}
	return slices.Concat(stages[:1], []Stage{leased}, stages[1:], []Stage{
		{Name: "lease-ended", Title: "the lease has ended", Moves: []Move{{Act: LeaseEnds}}, Drains: true},
		{Name: "mtls-again", Title: "no hop is plaintext any more", Still: true},
	})
}

// planOf is that of a mode alone. The gateway moves last, and in a rollback first.
func planOf(mode Mode) []Stage {
	switch mode {
	case InPlace:
		return inPlace()
	case OneOperator:
		return oneOperator()
	case Rollback:
		return append(canary()[:3], []Stage{
			{Name: "returned", Title: "the namespaces are back on the old version", Moves: namespaces(From, firstNamespaces)},
			{Name: "removed", Title: "the new control plane is removed", Moves: []Move{{Act: Removal, To: To}}, Still: true},
		}...)
	case RollbackAfterTag:
		return append(canary()[:6], []Stage{
			{Name: "gateway-returned", Title: "the gateway is back on the old version", Moves: []Move{{Act: Gateway, To: From}}},
			{Name: "returned", Title: "the tag and the namespaces are back on the old version", Moves: append([]Move{{Act: Tag, To: From}}, namespaces(From, Namespaces())...)},
			{Name: "removed", Title: "the new control plane is removed", Moves: []Move{{Act: Removal, To: To}}, Still: true},
		}...)
	}
	return canary()
}

// canary is https://istio.io/latest/docs/setup/upgrade/canary/.
func canary() []Stage {
	return []Stage{
		{Name: "before", Title: "the old version alone", Still: true},
		{Name: "both", Title: "both control planes are up and no proxy has moved", Moves: []Move{{Act: Precheck, To: To}, {Act: CRDs, To: To}, {Act: ControlPlane, To: To}}, Still: true},
		{Name: "mixed", Title: "the first clients and the first server have moved", Moves: namespaces(To, firstNamespaces), Pairs: true},
		{Name: "clients", Title: "all clients have moved", Moves: namespaces(To, lastClients)},
		{Name: "servers", Title: "all servers have moved", Moves: namespaces(To, lastServers)},
		{Name: "tag", Title: "the gateway and the tag have moved", Moves: []Move{{Act: Gateway, To: To}, {Act: Tag, To: To}}},
		{Name: "removed", Title: "the old control plane is removed", Moves: []Move{{Act: Removal, To: From}}, Still: true},
	}
}

// inPlace is https://istio.io/latest/docs/setup/upgrade/in-place/.
func inPlace() []Stage {
	return []Stage{
		{Name: "before", Title: "the old version alone", Still: true},
		{Name: "control-plane", Title: "the control plane is new and the proxies are old", Moves: []Move{{Act: Precheck, To: To}, {Act: CRDs, To: To}, {Act: ControlPlane, To: To}}},
		{Name: "mixed", Title: "the first clients and the first server have restarted", Moves: namespaces(To, firstNamespaces), Pairs: true},
		{Name: "after", Title: "everything has moved", Moves: append(namespaces(To, slices.Concat(lastClients, lastServers)), Move{Act: Gateway, To: To})},
	}
}

// oneOperator shows what becomes of a gateway that is in the control plane's IstioOperator: whether it moves with istiod, or stays
// until somebody restarts it.
func oneOperator() []Stage {
	stages := inPlace()
	stages[1] = Stage{Name: "control-plane", Title: "control plane and gateway are installed and the sidecars are old", Moves: []Move{{Act: Precheck, To: To}, {Act: Everything, To: To}}}
	return stages
}

func namespaces(to Side, names []string) []Move {
	var all []Move
	for _, name := range names {
		all = append(all, Move{Act: Namespace, To: to, Namespace: name})
	}
	return all
}
