package traffic

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/probe"
)

const plainClient hop.Identity = "spiffe://cluster.local/ns/clients/sa/plain-client"

// world is a prober of a world with a service of each kind that is reached differently.
func world(t *testing.T, now time.Time) (*Prober, *x509.CertPool) {
	t.Helper()
	valid := mesh.Validity{From: now.AddDate(0, 0, -1), To: now.AddDate(1, 0, 0)}
	roots := map[string]*mesh.CA{}
	for _, name := range []string{"mesh", "products", "foreign"} {
		root, err := mesh.NewRoot(name, valid)
		if err != nil {
			t.Fatal(err)
		}
		roots[name] = root
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(roots["mesh"].PEM()))
	pod := []fixture.Workload{{Name: "product-service"}}
	return &Prober{
		authorities: mesh.Authorities{Mesh: roots["mesh"], MeshRoot: roots["mesh"].PEM(), Products: roots["products"], Foreign: roots["foreign"]},
		trusted:     roots["mesh"].PEM(),
		sender: &Sender{
			World: fixture.World{Clients: []fixture.Client{{Name: "plain-client", Kind: hop.Plain}}, Services: []fixture.Service{
				{Name: "product-service", Namespace: "default", Domain: "cluster.local", Kind: fixture.ClusterIP, Workloads: pod, Ports: []fixture.Port{
					{Number: 80, Workload: 8081, Protocol: hop.HTTP}, {Number: 50051, Workload: 50051, Protocol: hop.GRPC}, {Number: 9000, Workload: 9000, Protocol: hop.TCP},
					{Number: 9001, Workload: 9001, Protocol: hop.Greet}, {Number: 9080, Workload: 9080, Protocol: hop.Auto}, {Number: 8443, Workload: 8443, Protocol: hop.TLS},
				}},
				{Name: "product-service-pod", Namespace: "default", Kind: fixture.Pod, Workloads: pod, Ports: []fixture.Port{{Number: 18083, Workload: 18083, Protocol: hop.HTTP}}},
				{Name: "ingress", Namespace: "istio-system", Kind: fixture.GatewayPod, Ports: []fixture.Port{{Number: 8443, Workload: 8443, Protocol: hop.HTTP}}},
			}},
			Places: mesh.Places{
				Clients:  map[string]mesh.Pods{"plain-client": {{Account: plainClient}}},
				Services: map[string]mesh.Pods{"product-service": {{}}, "product-service-pod": {{Address: netip.MustParseAddr("10.244.0.8")}}, "ingress": {{Address: netip.MustParseAddr("10.244.0.5")}}},
			},
		},
	}, pool
}

func requested(t *testing.T, p *Prober, now time.Time, to string, as hop.Protocol, how fixture.Probe) probe.Request {
	t.Helper()
	attempt := ProbeAttempt{ID: "x", Hop: hop.Hop{From: "plain-client"}, Probe: how, As: as}
	if err := attempt.To.UnmarshalText([]byte(to)); err != nil {
		t.Fatal(err)
	}
	request, err := p.request(attempt, now)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func TestEachPortIsReachedWhereItIsAndSpokenToInItsProtocol(t *testing.T) {
	now := time.Now()
	p, _ := world(t, now)
	const host = "product-service.default.svc.cluster.local"
	for _, test := range []struct {
		to                 string
		as                 hop.Protocol
		sni                string
		address, authority string
		inside             probe.Inside
	}{
		{"product-service:80", "", "", host + ":80", host + ":80", probe.HTTP},
		{"product-service:50051", "", "", host + ":50051", host + ":50051", probe.GRPC},
		{"product-service:9000", "", "", host + ":9000", host + ":9000", probe.TCP},
		{"product-service:9001", "", "", host + ":9001", host + ":9001", probe.Greet},
		{"product-service:9080", "", "", host + ":9080", host + ":9080", probe.HTTP},
		{"product-service:9080", hop.TCP, "", host + ":9080", host + ":9080", probe.TCP},
		{"product-service:8443", "", "legacy", host + ":8443", host + ":8443", probe.HTTPS},
		{"product-service-pod:18083", "", "", "10.244.0.8:18083", "10.244.0.8:18083", probe.HTTP},
		{"ingress:8443", "", "", "10.244.0.5:8443", "ingress.products.test", probe.HTTP},
		{"ingress:8443", "", "other.products.test", "10.244.0.5:8443", "other.products.test", probe.HTTP},
	} {
		got := requested(t, p, now, test.to, test.as, fixture.Probe{Certificate: fixture.NoCertificate, SNI: test.sni})
		if got.Address != test.address || got.Authority != test.authority || got.Inside != test.inside || got.SNI != test.sni || got.Present != probe.Nothing {
			t.Errorf("%s as %q: got %s, %s, %s, SNI %q", test.to, test.as, got.Address, got.Authority, got.Inside, got.SNI)
		}
	}
	if _, err := p.request(ProbeAttempt{Hop: hop.Hop{To: hop.ServicePort{Service: "nobody", Port: 1}}}, now); err == nil {
		t.Error("a port that the world does not have is probed")
	}
}

func TestVersionsAndALPNAreTheCases(t *testing.T) {
	now := time.Now()
	p, _ := world(t, now)
	got := requested(t, p, now, "product-service:80", "", fixture.Probe{Certificate: fixture.NoCertificate, TLS: "1.1", ALPN: fixture.Names{"istio"}})
	if got.MinVersion != "TLSv1.1" || got.MaxVersion != "TLSv1.1" || len(got.ALPN) != 1 || got.ALPN[0] != "istio" {
		t.Errorf("%s to %s, ALPN %v", got.MinVersion, got.MaxVersion, got.ALPN)
	}
	got = requested(t, p, now, "product-service:80", "", fixture.Probe{Certificate: fixture.NoCertificate})
	if got.MinVersion != "" || got.MaxVersion != "" || got.ALPN != nil {
		t.Errorf("%q to %q, ALPN %v", got.MinVersion, got.MaxVersion, got.ALPN)
	}
}

func TestEachCertificateIsWrongInOneThingOnly(t *testing.T) {
	now := time.Now()
	p, pool := world(t, now)
	for _, test := range []struct {
		kind     fixture.Certificate
		identity hop.Identity
		why      string // it does not verify; empty where it does
	}{
		{fixture.SelfSigned, plainClient, "unknown authority"},
		{fixture.ForeignCA, plainClient, "unknown authority"},
		{fixture.ExpiredOne, plainClient, "expired"},
		{fixture.NotYetValid, plainClient, "is before"},
		{fixture.ForeignDomain, "spiffe://foreign.test/ns/clients/sa/plain-client", ""},
	} {
		got := requested(t, p, now, "product-service:80", "", fixture.Probe{Certificate: test.kind})
		pair, err := tls.X509KeyPair([]byte(got.Chain), []byte(got.Key))
		if err != nil || got.Present != probe.Given {
			t.Fatalf("%s: present %q: %v", test.kind, got.Present, err)
		}
		if len(pair.Leaf.URIs) != 1 || pair.Leaf.URIs[0].String() != string(test.identity) {
			t.Errorf("%s: identity %v", test.kind, pair.Leaf.URIs)
		}
		_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		if (err == nil) != (test.why == "") || err != nil && !strings.Contains(err.Error(), test.why) {
			t.Errorf("%s: verifies: %v, want %q", test.kind, err, test.why)
		}
	}
	if got := requested(t, p, now, "product-service:80", "", fixture.Probe{Certificate: fixture.MeshCertificate}); got.Present != probe.Mesh || got.Key != "" {
		t.Errorf("mesh: present %q, with a key: %t", got.Present, got.Key != "")
	}
}
