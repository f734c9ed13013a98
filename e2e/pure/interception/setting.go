package interception

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// setting is one of the settings of the rules: an argument of istio-iptables, short and long, the annotation, and what the CNI
// plugin takes without one (istio/istio tools/istio-iptables/pkg/cmd/root.go, cni/pkg/plugin/sidecar_redirect.go).
// Reference: https://istio.io/latest/docs/reference/config/annotations/
type setting struct {
	short, long string
	annotation  string
	cniDefault  string
	cniAlways   string // what the CNI plugin adds to what is given
}

var (
	inboundInclude   = setting{"b", "istio-inbound-ports", "traffic.sidecar.istio.io/includeInboundPorts", "*", ""}
	inboundExclude   = setting{"d", "istio-local-exclude-ports", "traffic.sidecar.istio.io/excludeInboundPorts", "", "15020,15021,15090"}
	outboundInclude  = setting{"q", "istio-outbound-ports", "traffic.sidecar.istio.io/includeOutboundPorts", "", ""}
	outboundExclude  = setting{"o", "istio-local-outbound-ports-exclude", "traffic.sidecar.istio.io/excludeOutboundPorts", "15020", ""}
	rangeInclude     = setting{"i", "istio-service-cidr", "traffic.sidecar.istio.io/includeOutboundIPRanges", "*", ""}
	rangeExclude     = setting{"x", "istio-service-exclude-cidr", "traffic.sidecar.istio.io/excludeOutboundIPRanges", "", ""}
	interfaceExclude = setting{"c", "istio-exclude-interfaces", "traffic.sidecar.istio.io/excludeInterfaces", "", ""}
	virtualInterface = setting{"k", "kube-virt-interfaces", "traffic.sidecar.istio.io/kubevirtInterfaces", "", ""}
	// The newer annotation stands above the older.
	reroutedInterface = setting{annotation: "istio.io/reroute-virtual-interfaces"}
	proxyUser         = setting{short: "u", long: "proxy-uid"}
	proxyGroup        = setting{short: "g", long: "proxy-gid"}
)

// settings are what the rules of a pod are made from.
type settings struct {
	inboundInclude, inboundExclude   ports
	outboundInclude, outboundExclude ports
	rangeIncludeAll                  bool
	rangeInclude, rangeExclude       []netip.Prefix
	interfaceExclude, virtual        []string
}

// readSettings reads each setting by value. The error names the setting.
func readSettings(value func(setting) string) (settings, error) {
	var read settings
	for _, list := range []struct {
		setting
		into *ports
	}{
		{inboundInclude, &read.inboundInclude}, {inboundExclude, &read.inboundExclude},
		{outboundInclude, &read.outboundInclude}, {outboundExclude, &read.outboundExclude},
	} {
		var err error
		if *list.into, err = readPorts(value(list.setting)); err != nil {
			return settings{}, fmt.Errorf("%s: %w", list.annotation, err)
		}
	}
	include := value(rangeInclude)
	read.rangeIncludeAll = include == "*"
	var err error
	if !read.rangeIncludeAll {
		if read.rangeInclude, err = readRanges(include); err != nil {
			return settings{}, fmt.Errorf("%s: %w", rangeInclude.annotation, err)
		}
	}
	if read.rangeExclude, err = readRanges(value(rangeExclude)); err != nil {
		return settings{}, fmt.Errorf("%s: %w", rangeExclude.annotation, err)
	}
	read.interfaceExclude, read.virtual = split(value(interfaceExclude)), split(value(virtualInterface))
	return read, nil
}

// argument reads a setting from the arguments of a container: -d 8080, --long=8080, or the environment variable that the long
// form has. Of an argument given twice the last counts (istio/istio tools/istio-iptables/pkg/cmd/root.go, BindEnv).
func (c Container) argument(s setting) string {
	for i, argument := range slices.Backward(c.Args) {
		name, value, joined := strings.Cut(argument, "=")
		if name != "-"+s.short && name != "--"+s.long {
			continue
		}
		if !joined && i+1 < len(c.Args) {
			return c.Args[i+1]
		}
		return value
	}
	return c.Env[strings.ToUpper(strings.ReplaceAll(s.long, "-", "_"))]
}

// byAnnotation reads a setting as the CNI plugin does.
func byAnnotation(annotations map[string]string) func(setting) string {
	return func(s setting) string {
		if s == virtualInterface {
			return cmp.Or(annotations[reroutedInterface.annotation], annotations[s.annotation])
		}
		value, given := annotations[s.annotation]
		if !given {
			value = s.cniDefault
		}
		if s.cniAlways == "" {
			return value
		}
		return value + "," + s.cniAlways
	}
}
