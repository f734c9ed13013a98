package kube

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	discoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"mtls.test/conformance/e2e/live/kube/kubetest"
)

// apiServer serves the discovery of kinds that may be defined at any time, and records all other requests.
type apiServer struct {
	aggregated bool // discovery in two answers, as of Kubernetes 1.27 (https://kubernetes.io/docs/concepts/overview/kubernetes-api/)
	code       int
	answer     any // to what is no discovery, with the code

	mu       sync.Mutex
	served   map[schema.GroupVersion][]metav1.APIResource
	asked    []string // requests of discovery
	requests []string // the others: method, URI and body; of a patch its media type, too
}

// define has the server serve a kind from now on.
func (s *apiServer) define(version schema.GroupVersion, kind string, namespaced bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.served == nil {
		s.served = map[schema.GroupVersion][]metav1.APIResource{}
	}
	name := strings.ToLower(kind)
	s.served[version] = append(s.served[version], metav1.APIResource{Name: name + "s", SingularName: name, Kind: kind, Namespaced: namespaced})
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if found := s.discovery(w, request); found != nil {
		s.asked = append(s.asked, request.URL.RequestURI())
		_ = json.NewEncoder(w).Encode(found)
		return
	}
	code, answer := s.code, s.answer
	if strings.Count(request.URL.Path, "/") == 3 && strings.HasPrefix(request.URL.Path, "/apis/") { // a version of a group that is not served
		code, answer = http.StatusNotFound, refusal(http.StatusNotFound, metav1.StatusReasonNotFound)
	}
	body, _ := io.ReadAll(request.Body)
	words := []string{request.Method, request.URL.RequestURI(), string(body)}
	if request.Method == http.MethodPatch {
		words = slices.Insert(words, 2, request.Header.Get("Content-Type"))
	}
	s.requests = append(s.requests, strings.TrimSpace(strings.Join(words, " ")))
	text, is := answer.(string)
	if is {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	w.WriteHeader(code)
	if is {
		_, _ = io.WriteString(w, text)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// discovery answers what the server serves; nil for a request of anything else.
func (s *apiServer) discovery(w http.ResponseWriter, request *http.Request) any {
	path := request.URL.Path
	switch {
	case path != "/api" && path != "/apis":
		version, err := schema.ParseGroupVersion(strings.TrimPrefix(strings.TrimPrefix(path, "/apis/"), "/api/"))
		if resources, is := s.served[version]; err == nil && is {
			return metav1.APIResourceList{GroupVersion: version.String(), APIResources: resources}
		}
		return nil
	case s.aggregated && strings.Contains(request.Header.Get("Accept"), "v=v2;as=APIGroupDiscoveryList"):
		w.Header().Set("Content-Type", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
		return s.groups(path == "/api")
	case path == "/api":
		return metav1.APIVersions{Versions: []string{"v1"}}
	}
	var groups metav1.APIGroupList
	for version := range s.served {
		if version.Group != "" {
			one := metav1.GroupVersionForDiscovery{GroupVersion: version.String(), Version: version.Version}
			groups.Groups = append(groups.Groups, metav1.APIGroup{Name: version.Group, Versions: []metav1.GroupVersionForDiscovery{one}, PreferredVersion: one})
		}
	}
	return groups
}

// groups is the aggregated discovery of the core group, or of all others.
func (s *apiServer) groups(core bool) discoveryv2.APIGroupDiscoveryList {
	var list discoveryv2.APIGroupDiscoveryList
	for version, resources := range s.served {
		if (version.Group == "") != core {
			continue
		}
		described := discoveryv2.APIVersionDiscovery{Version: version.Version}
		for _, resource := range resources {
			scope := discoveryv2.ScopeCluster
			if resource.Namespaced {
				scope = discoveryv2.ScopeNamespace
			}
			described.Resources = append(described.Resources, discoveryv2.APIResourceDiscovery{
				Resource: resource.Name, SingularResource: resource.SingularName, Scope: scope,
				ResponseKind: &metav1.GroupVersionKind{Group: version.Group, Version: version.Version, Kind: resource.Kind},
			})
		}
		list.Items = append(list.Items, discoveryv2.APIGroupDiscovery{ObjectMeta: metav1.ObjectMeta{Name: version.Group}, Versions: []discoveryv2.APIVersionDiscovery{described}})
	}
	return list
}

// success is an answer that a client takes for any kind.
var success = metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess}

func refusal(code int, reason metav1.StatusReason) metav1.Status {
	return metav1.Status{TypeMeta: success.TypeMeta, Status: metav1.StatusFailure, Reason: reason, Code: int32(code), Message: "so says the API server"}
}

// connected is a client of the server.
func (s *apiServer) connected(t *testing.T) *Client {
	t.Helper()
	client, err := New(kubetest.Kubeconfig(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return client
}
