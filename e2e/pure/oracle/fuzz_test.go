package oracle

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

func FuzzDecode(f *testing.F) {
	f.Add([]byte(world))
	f.Add([]byte(peerAuth(inRoot, "mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}}")))
	f.Add([]byte(world + virtual("name: v", onProduct+", http: [{match: [{uri: {prefix: /a}}], "+toLegacy+"}]") + managed +
		api("Gateway", "name: g", "listeners: [{name: l, port: 80, protocol: HTTP}]") + api("HTTPRoute", "name: r", "parentRefs: [{name: g}], rules: [{backendRefs: ["+productBackend+"]}]")))
	f.Add([]byte("{kind: List, items: [{kind: Pod, items: []}]}"))
	f.Fuzz(func(_ *testing.T, content []byte) {
		snapshot, err := Decode(content, "default")
		if err != nil {
			return
		}
		snapshot.Refused()
		for _, service := range snapshot.Services {
			for _, port := range service.Ports {
				for _, workload := range snapshot.Workloads {
					to := hop.ServicePort{Service: service.Name, Port: port.Number}
					snapshot.Ask(Question{Client: workload.Name, To: to})
					snapshot.Routes(workload.Name, to)
				}
			}
		}
	})
}

// choice takes one of some by a byte of the fuzzer's.
type choice struct {
	bytes []byte
}

func (c *choice) of(some ...string) string {
	if len(c.bytes) == 0 {
		return some[0]
	}
	next := c.bytes[0]
	c.bytes = c.bytes[1:]
	return some[int(next)%len(some)]
}

// policies makes policies of the fuzzer's bytes.
func (c *choice) policies() string {
	var all strings.Builder
	for i := 0; len(c.bytes) > 0 && i < 8; i++ {
		meta := fmt.Sprintf("name: %s%d, namespace: %s, creationTimestamp: 2026-01-0%sT00:00:00Z", c.of("a", "b", "c"), i,
			c.of("default", "istio-system", "clients"), c.of("1", "2"))
		switch c.of("peer", "rule", "sidecar") {
		case "sidecar":
			all.WriteString(sidecarOver(meta, c.of("", "workloadSelector: {labels: {app: client}}, ")+
				"egress: ["+c.of("", "{port: {number: 8080, protocol: HTTP, name: p}, hosts: [default/*]}, ", "{port: {number: 9000, protocol: TCP, name: p}, hosts: [./*]}, ")+
				"{hosts: ["+c.of("'*/*'", "./*", "default/*", "'*/*', ~default/*", "~/*")+"]}]"+
				c.of("", ", outboundTrafficPolicy: {mode: REGISTRY_ONLY}", ", outboundTrafficPolicy: {mode: ALLOW_ANY}")+
				c.of("", ", ingress: [{port: {number: 8080, protocol: HTTP, name: p}}]")))
			continue
		case "peer":
			spec := "mtls: {mode: " + c.of("STRICT", "PERMISSIVE", "DISABLE", "UNSET") + "}"
			if c.of("all", "some") == "some" {
				spec += ", " + ofProduct + ", portLevelMtls: {" + c.of("8080", "9000", "19092") + ": {mode: " + c.of("STRICT", "DISABLE", "UNSET") + "}}"
			}
			all.WriteString(peerAuth(meta, spec))
			continue
		}
		host := c.of("product-service.default.svc.cluster.local", "\"*.local\"", "migration.default.svc.cluster.local", "\"*\"")
		tls := c.of("", "tls: {mode: DISABLE}", "tls: {mode: ISTIO_MUTUAL}", "tls: {mode: SIMPLE, insecureSkipVerify: true}")
		level := c.of("", "portLevelSettings: [{port: {number: 8080}}]", "portLevelSettings: [{port: {number: 8080}, tls: {mode: DISABLE}}]", "loadBalancer: {simple: PASSTHROUGH}")
		spec := "host: " + host + c.of("", ", exportTo: [.]", ", exportTo: [clients]", ", workloadSelector: {matchLabels: {app: client}}") +
			", trafficPolicy: {" + strings.Trim(tls+", "+level, ", ") + "}" +
			c.of("", ", subsets: [{name: vistio, labels: {version: vistio}}]", ", subsets: [{name: vistio, trafficPolicy: {tls: {mode: DISABLE}}}]")
		all.WriteString(destRule(meta, spec))
	}
	return all.String()
}

// hops are asked of every fuzzed snapshot.
var hops = []string{
	"client -> product-service:8080", "client -> product-service:9000", "client -> product-service:9001", "client -> product-service:80",
	"client -> product-service:8443", "gateway -> product-service:8080", "order-service -> product-service:9080",
	"plain-client -> product-service:8080", "plain-client -> product-service:9001", "client -> migration:8080/vistio",
	"client -> legacy-service:8080", "client -> product-service-headless:8080", "client -> product-service-pod:19092",
	"client -> external.products.test:8080", "client -> internal.products.test:8080", "client -> product-service-alias:8080",
}

func FuzzAsk(f *testing.F) {
	f.Add([]byte{}, uint64(1))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x01\x01\x01\x01\x01\x01\x01\x01\x01"), uint64(2))
	f.Add([]byte("a rule and a policy of each place, in whatever order they come"), uint64(3))
	f.Fuzz(func(t *testing.T, bytes []byte, seed uint64) {
		if len(bytes) > 200 {
			return
		}
		choice := &choice{bytes: bytes}
		snapshot := mesh(t, choice.policies(), "{enableAutoMtls: "+choice.of("true", "false")+"}")
		shuffled := shuffle(snapshot, seed)
		for _, text := range hops {
			q := question(t, text)
			answer := snapshot.Ask(q)
			if other := shuffled.Ask(q); !reflect.DeepEqual(answer, other) {
				t.Errorf("%s: the order of objects decides: %+v and %+v", text, answer, other)
			}
			if other := snapshot.Indexed().Ask(q); !reflect.DeepEqual(answer, other) {
				t.Errorf("%s: indexed the answer is %+v, and else %+v", text, other, answer)
			}
			properties(t, text, answer)
			loser(t, snapshot, q, answer)
			inForce(t, snapshot, shuffled, q)
		}
	})
}

// shuffle orders the objects anew.
func shuffle(s Snapshot, seed uint64) Snapshot {
	random := rand.New(rand.NewPCG(seed, 0))
	s.PeerAuthentications, s.DestinationRules = slices.Clone(s.PeerAuthentications), slices.Clone(s.DestinationRules)
	s.Services, s.Workloads = slices.Clone(s.Services), slices.Clone(s.Workloads)
	random.Shuffle(len(s.PeerAuthentications), func(i, j int) {
		s.PeerAuthentications[i], s.PeerAuthentications[j] = s.PeerAuthentications[j], s.PeerAuthentications[i]
	})
	random.Shuffle(len(s.DestinationRules), func(i, j int) {
		s.DestinationRules[i], s.DestinationRules[j] = s.DestinationRules[j], s.DestinationRules[i]
	})
	s.Sidecars = slices.Clone(s.Sidecars)
	random.Shuffle(len(s.Sidecars), func(i, j int) { s.Sidecars[i], s.Sidecars[j] = s.Sidecars[j], s.Sidecars[i] })
	random.Shuffle(len(s.Services), func(i, j int) { s.Services[i], s.Services[j] = s.Services[j], s.Services[i] })
	random.Shuffle(len(s.Workloads), func(i, j int) { s.Workloads[i], s.Workloads[j] = s.Workloads[j], s.Workloads[i] })
	return s
}

// properties hold of every answer.
func properties(t *testing.T, text string, answer Answer) {
	t.Helper()
	switch {
	case strings.HasPrefix(text, "plain-client") && answer.Says == hop.MTLS:
		t.Errorf("%s: a client without certificate proves an identity", text)
	case answer.Server.Mode == Strict && (answer.Says == hop.Plaintext || answer.Says == hop.AppTLS || answer.Says == hop.OneWayTLS):
		t.Errorf("%s: STRICT serves %s", text, answer.Says)
	case answer.Server.Mode == Disable && answer.Says == hop.MTLS:
		t.Errorf("%s: DISABLE serves mTLS", text)
	case (answer.Says == hop.Refused) != (answer.Refusal != ""):
		t.Errorf("%s: %q with cause %q", text, answer.Says, answer.Refusal)
	case answer.Why == "":
		t.Errorf("%s: no why", text)
	case (answer.Says == hop.MTLS) != (answer.Identities.Client != ""):
		t.Errorf("%s: %s with identities %+v", text, answer.Says, answer.Identities)
	case slices.Contains(answer.Rules, ""):
		t.Errorf("%s: a rule without name", text)
	}
}

// inForce lists what is in force of every endpoint, whatever the order of objects.
func inForce(t *testing.T, snapshot, shuffled Snapshot, q Question) {
	t.Helper()
	others, indexed := shuffled.AskEach(q), snapshot.Indexed()
	fromIndex := indexed.AskEach(q)
	for i, a := range snapshot.AskEach(q) {
		policies := snapshot.InForce(a)
		if other := shuffled.InForce(others[i]); !reflect.DeepEqual(policies, other) {
			t.Errorf("%s -> %s: the order of objects decides: %+v and %+v", q.Client, q.To, policies, other)
		}
		if other := indexed.InForce(fromIndex[i]); !reflect.DeepEqual(policies, other) {
			t.Errorf("%s -> %s: indexed it is %+v, and else %+v", q.Client, q.To, other, policies)
		}
		for _, fault := range faultsOf(snapshot, q, a, policies) {
			t.Errorf("%s -> %s: %s", q.Client, q.To, fault)
		}
	}
}

// loser adds policies that must lose: younger than all others in their scope, or in a namespace of no part in the hop.
func loser(t *testing.T, snapshot Snapshot, q Question, answer Answer) {
	t.Helper()
	late := "creationTimestamp: 2030-01-01T00:00:00Z"
	losers := peerAuth("name: loser, namespace: elsewhere, "+late, "mtls: {mode: STRICT}") +
		destRule("name: loser, namespace: elsewhere, "+late, product+", trafficPolicy: {tls: {mode: DISABLE}}") +
		listing("name: loser, namespace: elsewhere, "+late, "~/*")
	for _, own := range snapshot.Sidecars {
		if own.Spec.GetWorkloadSelector() == nil {
			losers += listing("name: loser, namespace: "+own.Namespace+", "+late, "~/*")
		}
	}
	for _, policy := range snapshot.PeerAuthentications {
		if everyone(policy) {
			losers += peerAuth("name: loser, namespace: "+policy.Namespace+", "+late, "mtls: {mode: DISABLE}")
		}
	}
	over, err := Decode([]byte(losers), "default")
	if err != nil {
		t.Fatal(err)
	}
	other := snapshot.Merge(over).Ask(q)
	if answer.Says != other.Says || answer.Refusal != other.Refusal || answer.Server != other.Server || answer.Client != other.Client {
		t.Errorf("%s -> %s: a losing policy changes %+v to %+v", q.Client, q.To, answer, other)
	}
}
