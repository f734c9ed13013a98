package tlscheck

import (
	"fmt"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
)

// differs tells how two proxies are configured to do other than the policies ask: other endpoints, a server that takes other connections, another outcome, a refusal by another
// cause, or mTLS between other identities. What either side does not know is not compared.
func (c *Configured) differs(asked oracle.Answer) string {
	switch {
	case c.Endpoint != "":
		return c.Endpoint
	case c.Enforced != "":
		return c.Enforced
	case c.Says == "" || asked.Says == "":
		return noDifference
	case !c.Says.Alike(asked.Says):
		return fmt.Sprintf("the policies ask for %s (%s), and the proxies are configured for %s: %s", asked.Says, asked.Why, c.Says, c.Why)
	case c.Says == hop.Refused:
		return c.otherCause(asked)
	case c.Says == hop.MTLS:
		return c.otherIdentity(asked.Identities)
	}
	return noDifference
}

func (c *Configured) otherCause(asked oracle.Answer) string {
	if c.Refusal == "" || asked.Refusal == "" || c.Refusal == asked.Refusal {
		return noDifference
	}
	return fmt.Sprintf("the policies ask for a refusal by %s (%s), and the proxies are configured to refuse by %s: %s", asked.Refusal, asked.Why, c.Refusal, c.Why)
}

// otherIdentity compares the client's identity, which the server's end verifies, and the server's, which stands in its
// proxy's certificate, with those that the policies ask for.
func (c *Configured) otherIdentity(asked oracle.Identities) string {
	if c.Peer != "" && asked.Client != "" && c.Peer != asked.Client {
		return fmt.Sprintf("the policies ask for a client %s, and its proxy is configured to prove %s", asked.Client, c.Peer)
	}
	if c.Server != nil && c.Server.Identity != "" && asked.Server != "" && c.Server.Identity != asked.Server {
		return fmt.Sprintf("the policies ask for a server %s, and its proxy holds a certificate of %s", asked.Server, c.Server.Identity)
	}
	return noDifference
}
