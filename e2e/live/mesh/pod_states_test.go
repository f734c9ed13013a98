package mesh

import (
	"slices"
	"testing"
)

func TestAPodThatRestartedIsNamedAndANewOneIsNot(t *testing.T) {
	before := PodStates{"default/a": {"1 server:0", "True"}, "default/b": {"2 server:0", "True"}, "default/c": {"3", "True"}, "default/e": {"5", "True since 1"}}
	now := PodStates{"default/a": {"1 server:1", "True"}, "default/c": {"3", "True"}, "default/d": {"4", "True"}, "default/e": {"5", "True since 9"}}
	if interrupted := before.Interrupted(now); !slices.Equal(interrupted, []string{"default/a has ended or started anew", "default/b is gone", "default/e was not ready all the time"}) {
		t.Errorf("got %q", interrupted)
	}
}
