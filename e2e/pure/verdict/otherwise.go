package verdict

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// otherwise tells what the configuration of the hop does with other requests than this one, where the policies do not ask for
// it; empty where it does nothing of the kind. A connection from before is not bound to the configuration of now.
func (c *Check) otherwise() string {
	if c.On != "" {
		return ""
	}
	told := slices.Clone(c.Config.Otherwise)
	if server := c.Config.Server; server != nil && !server.NoProxy && c.Proxied && !c.Relays && c.Intent.Missing == "" {
		if why := Enforced(c.Intent.Server.Mode, server.Enforces()); why != "" {
			told = append(told, fmt.Sprintf("%s %s", c.Reached(), why))
		}
	}
	if c.Reaches != (hop.ServicePort{}) && c.Intent.Missing == "" && c.Config.Missing == "" {
		told = append(told, hop.Difference(c.Config.Routes, c.Intent.Routes)...)
	}
	if len(told) == 0 {
		return ""
	}
	return "config says otherwise of other requests of the hop: " + strings.Join(told, "; ")
}
