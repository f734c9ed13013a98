package verdict

import (
	"fmt"

	"mtls.test/conformance/e2e/pure/clock"
)

// clockTime is how a reason gives a time.
const clockTime = "15:04:05.000"

// opened tells whether the connection that the wire shows was opened before the mesh had settled or after. Its packets are
// dated by a tap's clock and the settling by the runner's, so within the uncertainty of the one neither can be told.
func (c *Check) opened() clock.Order {
	packets := c.Observers.Wire.Packets
	return packets.Clock.Compare(packets.Opened, c.Settled.At)
}

// early tells why the connection may be older than the settling; empty where it is not, or where no packets date it.
func (c *Check) early() string {
	wire := c.Observers.Wire
	if !present(wire) || wire.Packets == nil {
		return ""
	}
	at := wire.Packets.Opened.Format(clockTime)
	switch c.opened() {
	case clock.Before:
		return fmt.Sprintf("the connection was opened at %s, before the mesh had settled", at)
	case clock.Unknown:
		return fmt.Sprintf("the connection was opened at %s, and the mesh had settled at %s: which came first cannot be told, for the clock of %s is known beside the runner's to ±%s only",
			at, c.Settled.At.Format(clockTime), wire.By, wire.Packets.Clock.Uncertainty)
	}
	return ""
}
