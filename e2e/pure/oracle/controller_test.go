package oracle

import "testing"

func TestAPodIsNamedByWhatMadeIt(t *testing.T) {
	for _, c := range []struct {
		pod    string
		labels map[string]string
		want   string
	}{
		{"cart-5c8d-x2k9l", map[string]string{"pod-template-hash": "5c8d"}, "cart"},
		{"cart-v2-5c8d-x2k9l", map[string]string{"pod-template-hash": "5c8d"}, "cart-v2"},
		{"db-1", map[string]string{"apps.kubernetes.io/pod-index": "1"}, "db"},
		{"alone-1", nil, "alone-1"},
	} {
		if got := ControllerName(c.pod, c.labels); got != c.want {
			t.Errorf("%s: %s, want %s", c.pod, got, c.want)
		}
	}
}
