package survey

import "testing"

func TestTheAPIVersionOfAListIsInItsPath(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1/pods": "v1", "/apis/networking.istio.io/v1/sidecars": "networking.istio.io/v1",
	} {
		if got := versionOfPath(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestAKindIsListedOnceAndSecretsNever(t *testing.T) {
	seen := map[string]int{}
	for _, one := range listed {
		seen[one.kind]++
	}
	for _, kind := range []string{"Pod", "AuthorizationPolicy", "EndpointSlice"} {
		if seen[kind] != 1 {
			t.Errorf("%s is listed %d times", kind, seen[kind])
		}
	}
	if seen["Secret"] != 0 {
		t.Error("Secrets are listed")
	}
}
