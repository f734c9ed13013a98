package hopconfig

import (
	"errors"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
)

func TestAProxyThatDoesNotTellItsConfigurationIsMissingForItsHopsAlone(t *testing.T) {
	known, silent := mesh.Proxy{Pod: "known"}, mesh.Proxy{Pod: "silent"}
	all := dumps{known: {}, silent: {err: errors.New("port-forward: refused")}}
	if _, err := all.of(known); err != nil {
		t.Error(err)
	}
	for _, proxy := range []mesh.Proxy{silent, {Pod: "never asked"}} {
		if _, err := all.of(proxy); err == nil {
			t.Errorf("%s is known", proxy)
		}
	}
}
