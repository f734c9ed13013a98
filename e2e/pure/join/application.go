package join

import (
	"mtls.test/conformance/e2e/pure/hop"
)

// AsksApplication tells that the server has an application that can say whether it received the attempt.
func (a *Attempt) AsksApplication() bool {
	return !a.Check.Relays && !a.Check.Streams && !a.Moved()
}

// Headers tells that the application is reached by HTTP, with the headers that the server's proxy adds.
func (a *Attempt) Headers() bool {
	switch a.Check.Protocol {
	case hop.TCP, hop.Greet, hop.TLS:
		return false
	}
	server := a.Check.Config.Server
	return a.Check.As != string(hop.TCP) && (server == nil || server.NoProxy || a.Check.Config.HTTP)
}
