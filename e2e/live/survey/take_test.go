package survey

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/kube/kubetest"
)

// cluster answers lists with what it holds by their resource, and with 403 for those that it may not show.
type cluster struct {
	items     map[string][]string // JSON objects
	forbidden []string
	unserved  []string // of the forbidden, those that there are not
}

func (c cluster) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	resource := request.URL.Path[strings.LastIndexByte(request.URL.Path, '/')+1:]
	for _, one := range c.forbidden {
		if one == resource {
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprintf(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403, "message": "%s is forbidden"}`, resource)
			return
		}
	}
	if strings.Contains(request.URL.Path, "/configmaps/") {
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}`)
		return
	}
	if request.URL.Path == "/api/v1" {
		_, _ = fmt.Fprint(w, `{"kind": "APIResourceList", "groupVersion": "v1", "resources": [{"name": "pods", "kind": "Pod", "namespaced": true}, {"name": "services", "kind": "Service", "namespaced": true}, {"name": "configmaps", "kind": "ConfigMap", "namespaced": true}]}`)
		return
	}
	if strings.HasPrefix(request.URL.Path, "/apis/") && strings.Count(request.URL.Path, "/") == 3 {
		var served []map[string]string
		for _, one := range c.forbidden {
			if !slices.Contains(c.unserved, one) {
				served = append(served, map[string]string{"name": one})
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "APIResourceList", "resources": served})
		return
	}
	list := map[string]any{"kind": "List", "apiVersion": "v1", "items": []any{}}
	if resource == "pods" {
		list["kind"] = "PodList"
	}
	var items []json.RawMessage
	for _, item := range c.items[resource] {
		items = append(items, json.RawMessage(item))
	}
	if items != nil {
		list["items"] = items
	}
	_ = json.NewEncoder(w).Encode(list)
}

func take(t *testing.T, c cluster) (*Survey, error) {
	t.Helper()
	client, err := kube.Connect(kube.Target{Kubeconfig: kubetest.Kubeconfig(t, c)})
	if err != nil {
		t.Fatal(err)
	}
	return Take(context.Background(), client)
}

const istiod = `{"metadata": {"name": "istiod", "namespace": "istio-system", "labels": {"app": "istiod"}}, "spec": {"containers": [{"name": "discovery", "args": ["discovery", "--domain", "cluster.local"]}]}, "status": {"phase": "Running"}}`

func TestTheOracleIsToldTheVersionOfThePlane(t *testing.T) {
	for image, want := range map[string]string{
		"localhost/istio/pilot:1.30.0-9739e10eb9d7-0123456789ab": "1.30", "registry.istio.io/release/pilot:1.31.2-distroless": "1.31", "pilot:latest": "0.0",
	} {
		tagged := strings.Replace(istiod, `"name": "discovery",`, `"name": "discovery", "image": "`+image+`",`, 1)
		s, err := take(t, cluster{items: map[string][]string{"pods": {tagged}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Snapshot.Mesh.Istio; got.Minor.String() != want || got.Known() != (want != "0.0") {
			t.Errorf("%s: got %+v, want minor %s", image, got, want)
		}
	}
}

func TestAKindThatMayNotBeListedIsNotTakenForNone(t *testing.T) {
	held := map[string][]string{
		"pods":                          {istiod},
		"mutatingwebhookconfigurations": {`{"metadata": {"labels": {"istio.io/tag": "prod", "istio.io/rev": "canary"}}}`},
		"authorizationpolicies":         {`{"metadata": {"name": "a", "namespace": "shop"}, "spec": {}}`},
	}
	s, err := take(t, cluster{items: held, forbidden: []string{"peerauthentications", "endpointslices", "httproutes"}, unserved: []string{"httproutes"}})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, one := range s.Snapshot.Unreadable {
		kinds = append(kinds, one.Kind+": "+one.Why)
	}
	if slices.ContainsFunc(kinds, func(one string) bool { return strings.HasPrefix(one, "HTTPRoute") }) {
		t.Errorf("a kind that there is not cannot be read: %v", kinds)
	}
	if got := strings.Join(kinds, "; "); !strings.Contains(got, "EndpointSlice: ") || !strings.Contains(got, "PeerAuthentication: ") || !strings.Contains(got, "may not list /apis/security.istio.io/v1/peerauthentications") {
		t.Errorf("unreadable: %s", got)
	}
	if s.tags["prod"] != "canary" {
		t.Errorf("tags %v", s.tags)
	}
	if len(s.Authorization) != 1 || len(s.Snapshot.AuthorizationPolicies) != 0 {
		t.Errorf("%d AuthorizationPolicies, %d of them in the snapshot", len(s.Authorization), len(s.Snapshot.AuthorizationPolicies))
	}
	if s, err = take(t, cluster{items: held, forbidden: []string{"mutatingwebhookconfigurations"}}); err != nil || s.tags != nil {
		t.Errorf("webhooks that may not be listed: %v", err)
	}
	for _, resource := range []string{"pods", "services"} {
		if _, err := take(t, cluster{items: held, forbidden: []string{resource}}); err == nil {
			t.Errorf("there is a survey without %s", resource)
		}
	}
}
