package hopconfig

import (
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/verdict"
)

func TestTheShapeOfAConfigurationIsWhatAPolicyDecides(t *testing.T) {
	at := func(updated time.Time, serial, socket string) string {
		return shape(verdict.Config{
			Client:  &envoy.ClientFacts{Updated: updated, Socket: socket},
			Server:  &envoy.ServerFacts{Updated: updated},
			Secrets: verdict.ProxySecrets{Client: []string{"client default " + serial}},
		})
	}
	before := at(time.Unix(1, 0), "aa", envoy.TLSSocket)
	if at(time.Unix(2, 0), "bb", envoy.TLSSocket) != before {
		t.Error("a newer push or certificate of the same content is another shape")
	}
	if at(time.Unix(1, 0), "aa", envoy.RawSocket) == before {
		t.Error("another transport socket is the same shape")
	}
}

func TestADifferenceOfShapesNamesItsPlaces(t *testing.T) {
	got := differ(`{"client":{"socket":"tls","sni":"a"},"says":"mtls"}`, `{"client":{"socket":"raw_buffer","sni":"a","warming":true},"says":"mtls"}`)
	if want := `client.socket was "tls", is "raw_buffer", client.warming was not there, is true`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
