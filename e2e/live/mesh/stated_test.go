package mesh

import (
	"slices"
	"testing"

	"mtls.test/conformance/e2e/pure/verdict"
)

func TestIstioctlTellsTheVersionsOfClientMeshAndDataPlane(t *testing.T) {
	client, gateway := Proxy{Namespace: "clients", Pod: "client-1"}, Proxy{Namespace: "istio-system", Pod: "gateway-1"}
	const own = "1.30.0-9739e10eb9d7"
	for _, test := range []struct {
		name, answer string
		want         []verdict.Stated
	}{
		{"all of them", `{"clientVersion": {"version": "1.30.0-9739e10eb9d7", "revision": "unknown"},
 "meshVersion": [{"Component": "pilot", "Revision": "default", "Info": {"version": "1.30.0-9739e10eb9d7"}}],
 "dataPlaneVersion": [{"ID": "gateway-1.istio-system", "IstioVersion": "1.29.0", "Type": "router"}, {"ID": "client-1.clients", "IstioVersion": "1.30.0-9739e10eb9d7"}]}`,
			[]verdict.Stated{
				{By: "istioctl", Version: own}, {By: "pilot of revision default", Version: own},
				{By: "istiod of clients/client-1", Version: own}, {By: "istiod of istio-system/gateway-1", Version: "1.29.0"},
			}},
		{"what it could not ask is missing", `{"clientVersion": {"version": "1.30.0-9739e10eb9d7"}, "dataPlaneVersion": [{"ID": "client-1.clients", "IstioVersion": ""}]}`,
			[]verdict.Stated{
				{By: "istioctl", Version: own}, {By: "istiod", Missing: "istioctl version names no istiod"},
				{By: "istiod of clients/client-1"}, {By: "istiod of istio-system/gateway-1", Missing: "istioctl version does not list proxy gateway-1.istio-system"},
			}},
	} {
		got, err := statedByIstioctl([]byte(test.answer), []Proxy{client, gateway})
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: got %+v, %v", test.name, got, err)
		}
	}
	if got, err := statedByIstioctl([]byte("client version: 1.30.0"), nil); err == nil {
		t.Errorf("of what is no JSON: got %+v", got)
	}
}
