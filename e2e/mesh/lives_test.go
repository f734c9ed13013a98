package mesh

import (
	"slices"
	"testing"
)

func TestAPodThatEndedIsToldAndANewOneIsNot(t *testing.T) {
	before := Lives{"default/a": "1 server:0", "default/b": "2 server:0", "default/c": "3"}
	now := Lives{"default/a": "1 server:1", "default/c": "3", "default/d": "4"}
	if ended := before.Ended(now); !slices.Equal(ended, []string{"default/a has ended or started anew", "default/b is gone"}) {
		t.Errorf("got %q", ended)
	}
}
