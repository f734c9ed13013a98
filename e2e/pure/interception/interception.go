// Package interception tells which connections of a pod its sidecar gets, as the pod's own object says. The rules that the
// node really has are not in it.
package interception

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Source is where an Interception was read.
type Source string

// The sources. The zero Source is of a workload of which nothing is known but that it has a sidecar: all is taken.
const (
	// InitArguments are those of the container istio-init, which sets the rules in the pod
	// (istio/istio manifests/charts/istio-control/istio-discovery/files/injection-template.yaml).
	InitArguments Source = "istio-init's arguments"
	// ValidationArguments are those of the container istio-validation. The injector writes them together with the annotations
	// that the CNI plugin reads, and nobody can edit them afterwards.
	ValidationArguments Source = "istio-validation's arguments"
	// PodAnnotations are those that the CNI plugin reads when the pod starts (istio/istio cni/pkg/plugin/sidecar_redirect.go).
	// They may have been edited since.
	PodAnnotations Source = "the pod's annotations"
	// NoRedirect is of a pod without rules: interceptionMode NONE, hostNetwork, and gateways.
	NoRedirect Source = "no redirect"
)

// Interception is which connections of a pod its sidecar gets. The zero value takes all of them.
type Interception struct {
	Source Source
	// Verified is true where the object says what was set: istio-init fails, and the pod with it, if it cannot set its rules. It
	// is false where the CNI plugin sets them. Rules that are taken away later are seen by neither.
	Verified bool

	settings
	none    string // why there is no redirect at all; empty where there is
	unread  string // why nothing can be said; empty where it can
	ownUser string // why the application's own connections are taken for the proxy's; empty where they are not
	mixed   bool   // ownUser is true of some containers of the application only
	groups  string // the variable of istio-init that picks groups whose connections are redirected; empty where all are
}

// Capture is whether a sidecar gets a connection.
type Capture struct {
	Taken bool
	// Unknown is true where the pod's object does not tell; Taken says nothing then.
	Unknown bool
	// Why names the annotation or the argument that keeps the connection from the sidecar, or what is not known; empty where
	// it is taken.
	Why string
}

var taken = Capture{Taken: true}

// podInterface is the interface of a pod's own addresses, as the kubelet has CNI plugins name it.
const podInterface = "eth0"

// tunnelPort is never redirected (istio/istio tools/common/config/config.go, DefaultConfig).
const tunnelPort = 15008

// Inbound tells whether the sidecar gets what comes to a port of the pod's addresses, in the order of the rules of
// istio/istio tools/istio-iptables/pkg/capture/run.go.
func (i Interception) Inbound(port uint16) Capture {
	if general, decided := i.general(); decided {
		return general
	}
	switch {
	case port == tunnelPort:
		return passed("port %d is the tunnel's own", port)
	case i.inboundInclude.none():
		return passed("%s of the pod is empty", i.name(inboundInclude))
	case !i.inboundInclude.all && !i.inboundInclude.holds(port):
		return passed("%s of the pod leaves out %d", i.name(inboundInclude), port)
	case i.inboundInclude.all && i.inboundExclude.holds(port):
		return passed("%s of the pod lists %d", i.name(inboundExclude), port)
	}
	return taken
}

// Outbound tells whether the sidecar gets what the pod's application sends to an address and port, in the order of the rules of
// istio/istio tools/istio-iptables/pkg/capture/run.go. Of an invalid address only what its port decides is told.
func (i Interception) Outbound(to netip.AddrPort) Capture {
	if general, decided := i.general(); decided {
		return general
	}
	address := to.Addr().Unmap()
	switch {
	case i.outboundExclude.holds(to.Port()):
		return i.unlessVirtual(passed("%s of the pod lists %d", i.name(outboundExclude), to.Port()))
	case i.groups != "":
		return Capture{Unknown: true, Why: i.groups + " of istio-init picks the groups whose connections are redirected, which is not evaluated"}
	case i.mixed:
		return Capture{Unknown: true, Why: i.ownUser + ", and others do not"}
	case i.ownUser != "":
		return i.unlessVirtual(passed("%s", i.ownUser))
	case address.IsLoopback():
		return passed("%s is the pod's own", address)
	case !address.IsValid() && len(i.rangeExclude) > 0:
		return Capture{Unknown: true, Why: fmt.Sprintf("%s of the pod may hold the address, which is not known", i.name(rangeExclude))}
	case within(i.rangeExclude, address):
		return i.unlessVirtual(passed("%s of the pod holds %s", i.name(rangeExclude), address))
	case i.outboundInclude.holds(to.Port()):
		return taken
	case i.rangeIncludeAll:
		return taken
	case len(i.rangeInclude) == 0:
		return passed("%s of the pod is empty", i.name(rangeInclude))
	case !address.IsValid():
		return Capture{Unknown: true, Why: fmt.Sprintf("%s of the pod may leave out the address, which is not known", i.name(rangeInclude))}
	case !within(i.rangeInclude, address):
		return passed("%s of the pod leaves out %s", i.name(rangeInclude), address)
	}
	return taken
}

// general is what holds for every connection of the pod.
func (i Interception) general() (Capture, bool) {
	switch {
	case i.Source == "":
		return taken, true
	case i.none != "":
		return passed("%s", i.none), true
	case i.unread != "":
		return Capture{Unknown: true, Why: i.unread}, true
	case slices.Contains(i.interfaceExclude, podInterface):
		return passed("%s of the pod lists %s", i.name(interfaceExclude), podInterface), true
	}
	return Capture{}, false
}

// unlessVirtual leaves open what happens to the traffic of a virtual machine: its interfaces have rules of their own, without
// the exclusions.
func (i Interception) unlessVirtual(c Capture) Capture {
	if len(i.virtual) == 0 {
		return c
	}
	return Capture{Unknown: true, Why: fmt.Sprintf("%s, unless it comes from a virtual machine behind %s", c.Why, strings.Join(i.virtual, ", "))}
}

// name is a setting by its argument or its annotation, whichever was read.
func (i Interception) name(s setting) string {
	switch i.Source {
	case InitArguments:
		return "-" + s.short + " of istio-init (" + s.annotation + ")"
	case ValidationArguments:
		return "-" + s.short + " of istio-validation (" + s.annotation + ")"
	}
	return s.annotation
}

func passed(format string, arguments ...any) Capture {
	return Capture{Why: fmt.Sprintf(format, arguments...)}
}

// ports is a list of ports, or all of them.
type ports struct {
	all  bool
	list []uint16
}

func (p ports) none() bool { return !p.all && len(p.list) == 0 }

func (p ports) holds(port uint16) bool { return slices.Contains(p.list, port) }

func readPorts(text string) (ports, error) {
	if text == "*" {
		return ports{all: true}, nil
	}
	var read ports
	for _, part := range split(text) {
		port, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return ports{}, fmt.Errorf("%q is no port", part)
		}
		read.list = append(read.list, uint16(port))
	}
	return read, nil
}

func readRanges(text string) ([]netip.Prefix, error) {
	var read []netip.Prefix
	for _, part := range split(text) {
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("%q is no range of addresses", part)
		}
		read = append(read, prefix.Masked())
	}
	return read, nil
}

func within(ranges []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(ranges, func(r netip.Prefix) bool { return r.Contains(address) })
}

// split takes a list apart as the rules' writers do; empty parts, as in "8080,", are none.
func split(text string) []string {
	var parts []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
