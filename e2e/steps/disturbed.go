package steps

import (
	"context"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"
)

// lifeLag is how long the kubelet may take to tell that a container has ended, and lifeInterval how often it is asked.
const (
	lifeLag      = 3 * time.Second
	lifeInterval = 250 * time.Millisecond
)

// disturbed lists what has ended, of the pods on which the verdicts rest, since it was last asked or a step had pods replaced.
// Where something went unanswered an end that is not told yet may be the cause, and is waited for.
func (p *Player) disturbed(ctx context.Context, unanswered bool) []string {
	ended, err := p.gone(ctx)
	if err != nil {
		return []string{"the API server did not tell which pods run: " + err.Error()}
	}
	if len(ended) > 0 || !unanswered {
		return ended
	}
	_ = wait.For(func(ctx context.Context) (bool, error) {
		ended, _ = p.gone(ctx)
		return len(ended) > 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(lifeLag), wait.WithInterval(lifeInterval))
	return ended
}

func (p *Player) gone(ctx context.Context) ([]string, error) {
	now, err := p.Mesh.Lives(ctx, p.World)
	if err != nil {
		return nil, err
	}
	ended := p.lives.Ended(now)
	p.lives = now
	return ended, nil
}
