package verdict

import (
	"fmt"

	"mtls.test/conformance/e2e/pure/clock"
)

// clockTime is how a reason gives a time.
const clockTime = "15:04:05.000"

// opened says whether the connection on the wire was opened before or after the mesh settled. A tap's clock dates its packets
// and the runner's clock dates the settling, so within the uncertainty of the tap's clock neither can be known.
func (c *Check) opened() clock.Order {
	packets := c.Observers.Wire.Packets
	return packets.Clock.Compare(packets.Opened, c.Settled.At)
}

// early returns why the connection may be older than the settling; empty where it is not, or where no packets date it.
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
