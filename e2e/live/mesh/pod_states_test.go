package mesh

import (
	"slices"
	"testing"
)

func TestAPodThatEndedIsToldAndANewOneIsNot(t *testing.T) {
	before := Lives{"default/a": {"1 server:0", "True"}, "default/b": {"2 server:0", "True"}, "default/c": {"3", "True"}, "default/e": {"5", "True since 1"}}
	now := Lives{"default/a": {"1 server:1", "True"}, "default/c": {"3", "True"}, "default/d": {"4", "True"}, "default/e": {"5", "True since 9"}}
	if ended := before.Ended(now); !slices.Equal(ended, []string{"default/a has ended or started anew", "default/b is gone", "default/e was not ready all the time"}) {
		t.Errorf("got %q", ended)
	}
}
