package traffic

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/probe"
)

var (
	sidecar = []probe.Certificate{{URIs: []string{"spiffe://cluster.local/ns/default/sa/product-service"}, Serial: "2a", KeyType: "RSA 2048"}, {Subject: "CN=mesh intermediate"}}
	app     = []probe.Certificate{{DNS: []string{"product-service.default.svc.cluster.local"}}}
	gateway = []probe.Certificate{{DNS: []string{"ingress.products.test"}}}
	own     = &probe.Certificate{URIs: []string{string(plainClient)}}
	other   = &probe.Certificate{URIs: []string{"spiffe://foreign.test/ns/clients/sa/plain-client"}}
)

func TestAnAnswerSaysWhoTerminatedTLS(t *testing.T) {
	for name, test := range map[string]struct {
		result probe.Result
		want   hop.Outcome
	}{
		"both proved an identity":                     {probe.Result{Server: sidecar, VerifiedBy: []string{meshRoot}, Sent: own}, hop.MTLS},
		"the server alone proved one":                 {probe.Result{Server: sidecar, VerifiedBy: []string{meshRoot}}, hop.OneWayTLS},
		"the application's own":                       {probe.Result{Server: app, VerifiedBy: []string{productsRoot}}, hop.AppTLS},
		"the application's own, which was given ours": {probe.Result{Server: app, VerifiedBy: []string{productsRoot}, Sent: own}, hop.AppTLS},
		"the gateway":                                 {probe.Result{Server: gateway, VerifiedBy: []string{productsRoot}}, hop.OneWayTLS},
		"the gateway, which was given ours":           {probe.Result{Server: gateway, VerifiedBy: []string{productsRoot}, Sent: own}, hop.MTLS},
		"a server that no root vouches for":           {probe.Result{Server: sidecar, Sent: own}, ""},
		"a root vouches for no identity":              {probe.Result{Server: app, VerifiedBy: []string{meshRoot}, Sent: own}, ""},
	} {
		test.result.Answered = true
		if got := Probed(ProbeAttempt{}, mesh.Proxy{}, test.result); got.Says != test.want || got.Refusal != "" {
			t.Errorf("%s: says %q, %q, want %q", name, got.Says, got.Refusal, test.want)
		}
	}
}

func TestARefusalIsNamedAsFarAsItShows(t *testing.T) {
	alert := func(alert probe.Alert, asked bool, sent *probe.Certificate) probe.Result {
		return probe.Result{End: probe.Alerts, Alert: alert, Asked: asked, Sent: sent, Server: sidecar}
	}
	for name, test := range map[string]struct {
		result probe.Result
		want   hop.Refusal
	}{
		"TLS 1.1":                              {alert("protocol_version", false, nil), hop.ProtocolVersion},
		"TLS 1.3 without certificate":          {alert("certificate_required", true, nil), hop.NoClientCertificate},
		"TLS 1.2 without certificate":          {alert("handshake_failure", true, nil), hop.NoClientCertificate},
		"no cipher suite":                      {alert("handshake_failure", false, nil), hop.NoSharedCipher},
		"handshake failure with a certificate": {alert("handshake_failure", true, own), ""},
		"foreign CA":                           {alert("unknown_ca", true, own), hop.UnknownCA},
		"out of date":                          {alert("certificate_expired", true, own), hop.Expired},
		"another trust domain":                 {alert("certificate_unknown", true, other), hop.WrongTrustDomain},
		"certificate unknown, of this domain":  {alert("certificate_unknown", true, own), ""},
		"an alert of no cause":                 {alert("internal_error", true, own), ""},
		"in the clear":                         {probe.Result{End: probe.Clear, Text: "HTTP/1.1 400 Bad Request"}, hop.NotTLS},
		"reset":                                {probe.Result{End: probe.Reset}, ""},
		"closed":                               {probe.Result{End: probe.Closed}, ""},
		"silent":                               {probe.Result{End: probe.Silent}, ""},
		"RBAC":                                 {probe.Result{End: probe.Denied, Status: 403}, hop.Unauthorized},
		"RBAC of gRPC":                         {probe.Result{End: probe.Denied, Code: "PERMISSION_DENIED"}, hop.Unauthorized},
		"a line at an HTTP port":               {probe.Result{End: probe.Denied, Text: "HTTP/1.1 400 Bad Request\r\n"}, hop.NotHTTP},
		"no upstream":                          {probe.Result{End: probe.Denied, Status: 503}, ""},
		"our end found no version":             {probe.Result{End: probe.GaveUp, Alert: "protocol_version"}, hop.ProtocolVersion},
		"not connected":                        {probe.Result{End: probe.NotConnected}, ""},
	} {
		if got := Probed(ProbeAttempt{}, mesh.Proxy{}, test.result); got.Says != hop.Refused || got.Refusal != test.want {
			t.Errorf("%s: says %q, %q, want %q", name, got.Says, got.Refusal, test.want)
		}
	}
}

func TestAProbeThatCouldNotBeSentIsMissing(t *testing.T) {
	got := Probed(ProbeAttempt{}, mesh.Proxy{}, probe.Result{End: probe.NotSent, Error: "no certificate of the mesh"})
	if got.Says != "" || got.Missing != "no certificate of the mesh" {
		t.Errorf("got %+v", got)
	}
}

func TestTheFactsOfTheSessionAreTold(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	chain := slices.Clone(sidecar)
	chain[0].NotBefore, chain[0].NotAfter = noon, noon.AddDate(0, 0, 1)
	attempt := ProbeAttempt{Probe: fixture.Probe{SNI: "a-name", ALPN: fixture.Names{"istio"}, TLS: "1.2"}}
	got := Probed(attempt, mesh.Proxy{Namespace: "clients", Pod: "plain-client-x"}, probe.Result{
		ID: "x", Version: "TLSv1.2", Cipher: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", Group: "X25519", ALPN: "istio", Server: chain, End: probe.Alerts, Alert: "unknown_ca", Asked: true, Sent: own,
	})
	want := hop.TLSFacts{
		Version: "TLSv1.2", Cipher: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", SNI: "a-name", Group: "X25519", Offered: []string{"istio"}, ALPN: "istio",
		Versions: []string{"TLSv1.2"}, Alert: "unknown_ca", Peer: "spiffe://cluster.local/ns/default/sa/product-service", Serial: "2a", KeyType: "RSA 2048",
		NotBefore: "2026-03-01T12:00:00Z", NotAfter: "2026-03-02T12:00:00Z",
		ChainNames: []string{"spiffe://cluster.local/ns/default/sa/product-service", "CN=mesh intermediate"},
	}
	if diff := cmp.Diff(want, *got.TLS); diff != "" {
		t.Error(diff)
	}
	if got.By != "clients/plain-client-x" || got.ID != "x" || got.Symptom.TransportFailure != "alert unknown_ca" {
		t.Errorf("got %+v", got)
	}
}
