package verdict

import "strings"

// otherwise tells what the configuration of the hop does with other requests than this one, where the policies do not ask for
// it; empty where it does nothing of the kind. A connection from before is not bound to the configuration of now.
func (c *Check) otherwise() string {
	if c.On != "" || len(c.Config.Otherwise) == 0 {
		return ""
	}
	return "config says otherwise of other requests of the hop: " + strings.Join(c.Config.Otherwise, "; ")
}
