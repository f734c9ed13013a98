package runner

import (
	"context"
	"crypto/rand"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
)

// watermark is the place in a server proxy's log behind which every earlier, finished connection has its line.
type watermark struct {
	missing   error // why nothing can be claimed absent
	unmatched bool  // the sentinel that set it found no filter chain
}

// watermark sends a sentinel to a server, and waits until it is logged after the mark. A server without a proxy has no
// log, and its application answers before it is asked.
func (p *Player) watermark(ctx context.Context, id string, place mesh.Place, after observe.Mark) watermark {
	if !place.Proxied {
		return watermark{}
	}
	// A late line of an earlier sentinel must not be taken for this one's.
	id += "-" + rand.Text()[:6]
	port, err := p.Sender.Sentinel(ctx, id, place)
	if err != nil {
		return watermark{missing: err}
	}
	unmatched, err := p.Logs.Sentinel(ctx, place.Proxy, after, id, port)
	return watermark{missing: err, unmatched: unmatched}
}
