package interception

import (
	"net/netip"
	"strings"
	"testing"
)

// initArgs are what the injector gives istio-init, and istio-validation, of a pod without annotations.
var initArgs = []string{
	"istio-iptables", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT", "-i", "*", "-x", "", "-b", "*",
	"-d", "15090,15021,15020", "--log_output_level=default:info",
}

// with gives arguments of the injector one of other value.
func with(name, value string) []string {
	args := append([]string(nil), initArgs...)
	for i := range args {
		if args[i] == name {
			args[i+1] = value
			return args
		}
	}
	return append(args, name, value)
}

func user(id int64) *int64 { return &id }

// pod is one as it was injected: with the proxy beside the application, or before it as a native sidecar.
func pod(native bool, initial string, args []string, annotations map[string]string) Pod {
	proxy := Container{Name: "istio-proxy", User: user(1337), Group: user(1337), Env: map[string]string{"ISTIO_META_INTERCEPTION_MODE": "REDIRECT"}}
	p := Pod{Annotations: annotations, Containers: []Container{{Name: "app"}}}
	if initial != "" {
		p.InitContainers = []Container{{Name: initial, Args: args}}
	}
	if native {
		p.InitContainers = append(p.InitContainers, proxy)
	} else {
		p.Containers = append(p.Containers, proxy)
	}
	return p
}

// grouped is a pod whose istio-init has one more variable.
func grouped(name, value string) Pod {
	p := pod(false, "istio-init", initArgs, nil)
	p.InitContainers[0].Env = map[string]string{name: value}
	return p
}

// said is a capture in one word, with its reason.
func said(c Capture) string {
	switch {
	case c.Unknown:
		return "unknown: " + c.Why
	case c.Taken:
		return "taken" + c.Why
	}
	return "passed: " + c.Why
}

func TestWhatComesToAPort(t *testing.T) {
	exclude := map[string]string{"traffic.sidecar.istio.io/excludeInboundPorts": "8080"}
	include := map[string]string{"traffic.sidecar.istio.io/includeInboundPorts": "8080"}
	for name, row := range map[string]struct {
		pod  Pod
		port uint16
		want string
	}{
		"init":                               {pod(false, "istio-init", initArgs, nil), 8080, "taken"},
		"init, port excluded":                {pod(false, "istio-init", with("-d", "15090,15021,15020,8080"), nil), 8080, "passed: -d of istio-init"},
		"init, port of Istio's own":          {pod(false, "istio-init", initArgs, nil), 15021, "passed: -d"},
		"init, port of tunnels":              {pod(false, "istio-init", initArgs, nil), 15008, "passed: port 15008"},
		"init, other ports included":         {pod(false, "istio-init", with("-b", "8080"), nil), 50051, "passed: -b"},
		"init, port included":                {pod(false, "istio-init", with("-b", "8080"), nil), 8080, "taken"},
		"init, included and excluded":        {pod(false, "istio-init", with("-b", "15021"), nil), 15021, "taken"},
		"init, none included":                {pod(false, "istio-init", with("-b", ""), nil), 8080, "passed: -b of istio-init (traffic.sidecar.istio.io/includeInboundPorts) of the pod is empty"},
		"init, long form":                    {pod(false, "istio-init", []string{"istio-iptables", "--istio-inbound-ports=*", "--istio-local-exclude-ports", "8080"}, nil), 8080, "passed: -d"},
		"init, given twice":                  {pod(false, "istio-init", append(with("-d", "8080"), "-d", "15090"), nil), 8080, "taken"},
		"init, interface excluded":           {pod(false, "istio-init", with("-c", "eth1, eth0"), nil), 8080, "passed: -c"},
		"init, other interface excluded":     {pod(false, "istio-init", with("-c", "eth1"), nil), 8080, "taken"},
		"init, annotated after the start":    {pod(false, "istio-init", initArgs, exclude), 8080, "taken"},
		"init, unreadable":                   {pod(false, "istio-init", with("-d", "web"), nil), 8080, "unknown: istio-init's arguments cannot be read"},
		"native":                             {pod(true, "istio-init", initArgs, nil), 8080, "taken"},
		"native, port excluded":              {pod(true, "istio-init", with("-d", "8080"), nil), 8080, "passed: -d"},
		"CNI":                                {pod(false, "istio-validation", initArgs, nil), 8080, "taken"},
		"CNI, port excluded":                 {pod(false, "istio-validation", with("-d", "15090,15021,8080,15020"), exclude), 8080, "passed: -d of istio-validation"},
		"CNI, annotated after the start":     {pod(true, "istio-validation", initArgs, exclude), 8080, "taken"},
		"CNI, native, port excluded":         {pod(true, "istio-validation", with("-d", "8080"), exclude), 8080, "passed: -d"},
		"CNI, annotations alone":             {pod(false, "", nil, exclude), 8080, "passed: traffic.sidecar.istio.io/excludeInboundPorts of the pod lists 8080"},
		"CNI, annotations alone, own port":   {pod(false, "", nil, exclude), 15021, "passed: traffic"},
		"CNI, annotations alone, included":   {pod(true, "", nil, include), 50051, "passed: traffic.sidecar.istio.io/includeInboundPorts of the pod leaves out 50051"},
		"nothing said":                       {pod(false, "", nil, nil), 8080, "taken"},
		"mode NONE, by the variable":         {Pod{Containers: []Container{{Name: "istio-proxy", Env: map[string]string{"ISTIO_META_INTERCEPTION_MODE": "NONE"}}}}, 8080, "passed: sidecar.istio.io/interceptionMode of the pod is NONE"},
		"mode NONE, annotated after":         {pod(false, "", nil, map[string]string{"sidecar.istio.io/interceptionMode": "NONE"}), 8080, "taken"},
		"mode NONE, of a template":           {Pod{Annotations: map[string]string{"sidecar.istio.io/interceptionMode": "NONE"}}, 8080, "passed: sidecar.istio.io/interceptionMode"},
		"network of the node":                {Pod{HostNetwork: true, InitContainers: []Container{{Name: "istio-init", Args: initArgs}}}, 8080, "passed: hostNetwork"},
		"no Envoy":                           {Pod{Containers: []Container{{Name: "istio-proxy", Env: map[string]string{"DISABLE_ENVOY": "true"}}}}, 8080, "unknown: the pod's agent runs no Envoy"},
		"groups of what is sent":             {grouped("ISTIO_OUTBOUND_OWNER_GROUPS", "java"), 8080, "taken"},
		"gateway":                            {Pod{Gateway: true}, 8080, "passed: a gateway's proxy"},
		"the environment of istio-init":      {Pod{InitContainers: []Container{{Name: "istio-init", Args: initArgs, Env: map[string]string{"ISTIO_EXCLUDE_INTERFACES": "eth0"}}}}, 8080, "passed: -c"},
		"an argument before its environment": {Pod{InitContainers: []Container{{Name: "istio-init", Args: with("-c", "eth1"), Env: map[string]string{"ISTIO_EXCLUDE_INTERFACES": "eth0"}}}}, 8080, "taken"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := said(Read(row.pod).Inbound(row.port)); !strings.HasPrefix(got, row.want) || row.want == "taken" && got != row.want {
				t.Errorf("%s, want %s", got, row.want)
			}
		})
	}
}

func TestWhatAnApplicationSends(t *testing.T) {
	as := func(p Pod, id int64) Pod {
		p.Containers[0].User = &id
		return p
	}
	mixed := as(pod(true, "istio-init", initArgs, nil), 1337)
	mixed.Containers = append(mixed.Containers, Container{Name: "other"})
	inGroup := pod(false, "istio-init", initArgs, nil)
	inGroup.Group = user(1337)
	for name, row := range map[string]struct {
		pod  Pod
		to   string // an address and port, or a port alone
		want string
	}{
		"all":                            {pod(false, "istio-init", initArgs, nil), "10.96.0.5:8080", "taken"},
		"port excluded":                  {pod(false, "istio-init", with("-o", "8080"), nil), "10.96.0.5:8080", "passed: -o of istio-init (traffic.sidecar.istio.io/excludeOutboundPorts) of the pod lists 8080"},
		"port excluded and included":     {pod(false, "istio-init", append(with("-o", "8080"), "-q", "8080"), nil), "10.96.0.5:8080", "passed: -o"},
		"range excluded":                 {pod(false, "istio-init", with("-x", "10.96.0.0/16,192.168.0.0/24"), nil), "10.96.0.5:8080", "passed: -x"},
		"IPv6 range excluded":            {pod(false, "istio-init", with("-x", "fd00::/64"), nil), "[fd00::5]:8080", "passed: -x"},
		"range excluded, port included":  {pod(false, "istio-init", append(with("-x", "10.96.0.0/16"), "-q", "8080"), nil), "10.96.0.5:8080", "passed: -x"},
		"another range excluded":         {pod(false, "istio-init", with("-x", "10.97.0.0/16"), nil), "10.96.0.5:8080", "taken"},
		"range excluded, no address":     {pod(false, "istio-init", with("-x", "10.96.0.0/16"), nil), "8080", "unknown: -x"},
		"range included":                 {pod(false, "istio-init", with("-i", "10.96.0.0/16"), nil), "10.96.0.5:8080", "taken"},
		"another range included":         {pod(false, "istio-init", with("-i", "10.97.0.0/16"), nil), "10.96.0.5:8080", "passed: -i"},
		"other range, port included":     {pod(false, "istio-init", append(with("-i", "10.97.0.0/16"), "-q", "8080"), nil), "10.96.0.5:8080", "taken"},
		"range included, no address":     {pod(false, "istio-init", with("-i", "10.96.0.0/16"), nil), "8080", "unknown: -i"},
		"no range included":              {pod(false, "istio-init", with("-i", ""), nil), "10.96.0.5:8080", "passed: -i of istio-init (traffic.sidecar.istio.io/includeOutboundIPRanges) of the pod is empty"},
		"the pod itself":                 {pod(false, "istio-init", initArgs, nil), "127.0.0.1:8080", "passed: 127.0.0.1 is the pod's own"},
		"as the proxy's user":            {as(pod(false, "istio-init", initArgs, nil), 1337), "10.96.0.5:8080", "passed: container app runs as the proxy's user 1337"},
		"as another proxy's user":        {as(pod(false, "istio-init", with("-u", "2000"), nil), 1337), "10.96.0.5:8080", "taken"},
		"as the proxy's group":           {inGroup, "10.96.0.5:8080", "passed: container app runs as the proxy's group 1337"},
		"one of two as the proxy's user": {mixed, "10.96.0.5:8080", "unknown: container app runs as the proxy's user 1337, and others do not"},
		"CNI, as the proxy's user":       {as(pod(true, "istio-validation", initArgs, nil), 1337), "10.96.0.5:8080", "passed: container app"},
		"CNI, port excluded":             {pod(true, "", nil, map[string]string{"traffic.sidecar.istio.io/excludeOutboundPorts": "8080"}), "10.96.0.5:8080", "passed: traffic"},
		"a virtual machine":              {pod(false, "istio-init", append(with("-o", "8080"), "-k", "net1"), nil), "10.96.0.5:8080", "unknown: -o"},
		"some groups":                    {grouped("ISTIO_OUTBOUND_OWNER_GROUPS", "java"), "10.96.0.5:8080", "unknown: ISTIO_OUTBOUND_OWNER_GROUPS of istio-init"},
		"all groups but one":             {grouped("ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE", "1000"), "10.96.0.5:8080", "unknown: ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE of istio-init"},
		"all groups":                     {grouped("ISTIO_OUTBOUND_OWNER_GROUPS", "*"), "10.96.0.5:8080", "taken"},
		"mode NONE":                      {Pod{Annotations: map[string]string{"sidecar.istio.io/interceptionMode": "NONE"}}, "10.96.0.5:8080", "passed: sidecar.istio.io/interceptionMode"},
	} {
		t.Run(name, func(t *testing.T) {
			to, err := netip.ParseAddrPort(row.to)
			if err != nil {
				to = netip.AddrPortFrom(netip.Addr{}, 8080)
			}
			if got := said(Read(row.pod).Outbound(to)); !strings.HasPrefix(got, row.want) || row.want == "taken" && got != row.want {
				t.Errorf("%s, want %s", got, row.want)
			}
		})
	}
}

func TestOnlyIstioInitVerifiesWhatItSets(t *testing.T) {
	for name, want := range map[string]struct {
		initial  string
		source   Source
		verified bool
	}{
		"init": {"istio-init", InitArguments, true}, "CNI": {"istio-validation", ValidationArguments, false}, "no word of it": {"", PodAnnotations, false},
	} {
		if got := Read(pod(false, want.initial, initArgs, nil)); got.Source != want.source || got.Verified != want.verified {
			t.Errorf("%s: %s, verified %t", name, got.Source, got.Verified)
		}
	}
}

func TestAWorkloadOfWhichNothingIsKnownIsTaken(t *testing.T) {
	if got := (Interception{}).Inbound(15021); !got.Taken {
		t.Errorf("%+v", got)
	}
	if got := (Interception{}).Outbound(netip.AddrPortFrom(netip.Addr{}, 80)); !got.Taken {
		t.Errorf("%+v", got)
	}
}
