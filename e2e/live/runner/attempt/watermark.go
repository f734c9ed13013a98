package attempt

import (
	"context"
	"crypto/rand"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/pure/join"
)

// sentinels sends a sentinel to a server, past its policies, and names the port that it went to.
type sentinels interface {
	Sentinel(ctx context.Context, id string, to mesh.Place) (uint16, error)
}

// sentinelLog waits until a proxy's log shows a sentinel after a mark.
type sentinelLog interface {
	Sentinel(ctx context.Context, proxy mesh.Proxy, after observe.Mark, id string, port uint16) (unmatched bool, err error)
}

// watermark sends a sentinel to a server, and waits until it is logged after the mark. A server without a proxy has no log,
// and its application answers before it is asked.
func watermark(ctx context.Context, sender sentinels, logs sentinelLog, id string, place mesh.Place, after observe.Mark) join.Watermark {
	if !place.Proxied {
		return join.Watermark{}
	}
	// A late line of an earlier sentinel must not be taken for this one's.
	id += "-" + rand.Text()[:6]
	port, err := sender.Sentinel(ctx, id, place)
	if err != nil {
		return join.Watermark{Missing: err}
	}
	unmatched, err := logs.Sentinel(ctx, place.Proxy, after, id, port)
	return join.Watermark{Missing: err, Unmatched: unmatched}
}
