package verdict

import (
	"fmt"

	"mtls.test/conformance/e2e/envoy"
	"mtls.test/conformance/e2e/hop"
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

// otherCertificate tells whether an end was shown a mesh certificate that the other end's proxy does not hold.
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
