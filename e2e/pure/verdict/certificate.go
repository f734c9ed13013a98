package verdict

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
)

// ShownByClient is the serial of the mesh certificate that a client's proxy showed, by the server proxy's own record;
// empty where none was shown or nothing tells.
func (c *Check) ShownByClient() string {
	server, client := c.Observers.Server, c.Config.Client
	if !present(server) || server.TLS == nil || client == nil || client.CertificateSecret != envoy.WorkloadSecret {
		return ""
	}
	return server.TLS.Serial
}

// ShownByServer is the serial of the mesh certificate that a server's proxy showed to a probe; empty where it showed none
// or nothing tells: a client's proxy logs no serial of its server's, and a gateway may have passed on another's.
func (c *Check) ShownByServer() string {
	if c.passedOn() {
		return ""
	}
	if probe := c.Observers.Probe; present(probe) && probe.TLS != nil && probe.TLS.Peer != "" {
		return probe.TLS.Serial
	}
	return ""
}

// otherCertificate describes a mesh certificate that one end was shown and that the other end's proxy does not hold.
func (c *Check) otherCertificate() string {
	if c.On != "" {
		return "" // a connection from before may outlive the certificate it was opened with
	}
	for _, end := range []struct {
		shown, held, whose string
		to                 hop.Source
	}{
		{c.ShownByClient(), c.Config.Secrets.ClientSerial, "client", hop.Server},
		{c.ShownByServer(), c.Config.Secrets.ServerSerial, "server", hop.Probe},
	} {
		if end.shown != "" && end.held != "" && end.shown != end.held {
			c.StandsOut = []string{configuration, string(end.to)}
			return fmt.Sprintf("the %s was shown certificate %s, and the %s's proxy holds %s", end.to, end.shown, end.whose, end.held)
		}
	}
	return ""
}

// otherShown describes how the certificate that a probe was shown differs from what the case expects.
func (c *Check) otherShown() string {
	want, probe := c.WantShown, c.Observers.Probe
	if want == nil || !present(probe) {
		return ""
	}
	if probe.TLS == nil {
		return "the probe was shown no certificate"
	}
	shown := *probe.TLS
	if want.Key != "" && shown.KeyType != want.Key {
		return fmt.Sprintf("the server's key is %s, wanted %s", shown.KeyType, want.Key)
	}
	if want.Chain != nil && !slices.Equal(shown.ChainNames, want.Chain) {
		return fmt.Sprintf("the server's chain is %s, wanted %s", quoted(strings.Join(shown.ChainNames, ", ")), strings.Join(want.Chain, ", "))
	}
	if want.Lifetime == 0 {
		return ""
	}
	from, err := time.Parse(time.RFC3339, shown.NotBefore)
	to, errTo := time.Parse(time.RFC3339, shown.NotAfter)
	if err != nil || errTo != nil || to.Sub(from) != want.Lifetime {
		return fmt.Sprintf("the server's certificate holds from %s to %s, wanted %s", shown.NotBefore, shown.NotAfter, want.Lifetime)
	}
	return ""
}
