package policy

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/kube/kubetest"
	"mtls.test/conformance/fixtures/agent/lease"
)

// apiServer keeps objects by their paths, and serves leases and DestinationRules.
type apiServer struct {
	objects map[string]map[string]any
	written func(path string) // after an update that is no dry run
}

const (
	recordPath = "/apis/mtls.test/v1/policyleases/one"
	rulePath   = "/apis/networking.istio.io/v1/namespaces/default/destinationrules/x"
)

func (s *apiServer) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	answer := func(code int, body any) {
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(body)
	}
	path := request.URL.Path
	switch path {
	case "/api":
		answer(http.StatusOK, metav1.APIVersions{})
		return
	case "/apis":
		var groups metav1.APIGroupList
		for _, name := range []string{"mtls.test", "networking.istio.io"} {
			version := metav1.GroupVersionForDiscovery{GroupVersion: name + "/v1", Version: "v1"}
			groups.Groups = append(groups.Groups, metav1.APIGroup{Name: name, Versions: []metav1.GroupVersionForDiscovery{version}, PreferredVersion: version})
		}
		answer(http.StatusOK, groups)
		return
	}
	served := map[string]metav1.APIResource{
		"mtls.test/v1":           {Name: "policyleases", Kind: "PolicyLease", SingularName: "policylease"},
		"networking.istio.io/v1": {Name: "destinationrules", Kind: "DestinationRule", SingularName: "destinationrule", Namespaced: true},
	}
	if resource, is := served[strings.TrimPrefix(path, "/apis/")]; is {
		answer(http.StatusOK, metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList"}, GroupVersion: strings.TrimPrefix(path, "/apis/"), APIResources: []metav1.APIResource{resource}})
		return
	}
	if path == "/apis/mtls.test/v1/policyleases" && request.Method == http.MethodPost {
		path = recordPath
	}
	if request.Method == http.MethodGet && path == "/apis/mtls.test/v1/policyleases" {
		items := []any{}
		if record, there := s.objects[recordPath]; there {
			items = append(items, record)
		}
		answer(http.StatusOK, map[string]any{"apiVersion": "mtls.test/v1", "kind": "PolicyLeaseList", "items": items})
		return
	}
	found, there := s.objects[path]
	switch {
	case request.Method == http.MethodPost || request.Method == http.MethodPut && there:
		var object map[string]any
		if err := json.NewDecoder(request.Body).Decode(&object); err != nil {
			answer(http.StatusBadRequest, metav1.Status{Message: err.Error()})
			return
		}
		for _, key := range []string{"uid", "creationTimestamp"} { // which an update does not change
			if value, is, _ := unstructured.NestedString(found, "metadata", key); is {
				_ = unstructured.SetNestedField(object, value, "metadata", key)
			}
		}
		if request.Method == http.MethodPost {
			_ = unstructured.SetNestedField(object, "uid-1", "metadata", "uid")
			_ = unstructured.SetNestedField(object, "2026-11-28T08:00:00Z", "metadata", "creationTimestamp")
		}
		if request.URL.Query().Get("dryRun") == "" {
			s.objects[path] = object
			s.written(path)
		}
		answer(http.StatusOK, object)
	case there:
		answer(http.StatusOK, found)
	default:
		answer(http.StatusNotFound, metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Reason: metav1.StatusReasonNotFound, Code: http.StatusNotFound, Message: path + " not found"})
	}
}

// policiesOf are those of a run at an API server that holds a rule.
func policiesOf(t *testing.T, s *apiServer, rule *unstructured.Unstructured) *Policies {
	t.Helper()
	s.objects = map[string]map[string]any{rulePath: rule.DeepCopy().Object}
	s.written = func(string) {}
	client, err := kube.New(kubetest.Kubeconfig(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return New(client, nil, "run")
}

func ruleOf(mode string) *unstructured.Unstructured {
	rule := object("networking.istio.io/v1", "DestinationRule", map[string]any{"spec": map[string]any{"mode": mode}})
	rule.SetNamespace("default")
	return rule
}

func disable(rule *unstructured.Unstructured) error {
	return unstructured.SetNestedField(rule.Object, "DISABLE", "spec", "mode")
}

func TestAPatchOnALeaseThatEndedMeanwhileIsTakenBack(t *testing.T) {
	ending := func(s *apiServer) {
		s.objects[recordPath]["status"] = map[string]any{"conditions": []any{map[string]any{"type": lease.Restored, "status": "True", "reason": "r", "message": "", "lastTransitionTime": "2026-11-28T08:00:00Z"}}}
	}
	for name, end := range map[string]func(*apiServer){
		"the record is gone":            func(s *apiServer) { delete(s.objects, recordPath) },
		"the sweeper has begun to end":  ending,
		"another has the record's name": func(s *apiServer) { s.objects[recordPath]["metadata"].(map[string]any)["uid"] = "uid-2" },
	} {
		for when, path := range map[string]string{"before the patch": recordPath, "after it": rulePath} {
			t.Run(name+" "+when, func(t *testing.T) {
				s := &apiServer{}
				policies := policiesOf(t, s, ruleOf("ISTIO_MUTUAL"))
				taken, err := policies.Lease(t.Context(), "one", "a test", time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				if when == "before the patch" {
					end(s)
				}
				s.written = func(written string) {
					if written == path && s.objects[recordPath] != nil {
						end(s)
					}
				}
				if err := taken.Patch(t.Context(), ruleOf(""), disable); !errors.Is(err, ErrExpired) {
					t.Errorf("got %v", err)
				}
				left := &unstructured.Unstructured{Object: s.objects[rulePath]}
				if mode, _, _ := unstructured.NestedString(left.Object, "spec", "mode"); mode != "ISTIO_MUTUAL" || left.GetLabels()[lease.Label] != "" {
					t.Errorf("the rule is left as %v", left.Object)
				}
			})
		}
	}
}

func TestWhatAnotherLeasePatchedIsRefusedWithTheWayOut(t *testing.T) {
	patched := ruleOf("DISABLE")
	lease.Mark(patched, "uid-1")
	for name, test := range map[string]struct {
		stands bool
		says   string
	}{
		"its record stands":  {true, "make lease-end"},
		"its record is gone": {false, "kubectl label destinationrule -n default x mtls.test/lease-"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &apiServer{}
			policies := policiesOf(t, s, patched)
			if _, err := policies.Lease(t.Context(), "one", "a test", time.Minute); err != nil {
				t.Fatal(err)
			}
			if !test.stands {
				delete(s.objects, recordPath)
			}
			other := &Lease{policies: policies, record: lease.Record{Name: "two", UID: "uid-2"}}
			if err := other.Patch(t.Context(), ruleOf(""), disable); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestALeaseRestoresItsOwnFieldsAlone(t *testing.T) {
	s := &apiServer{}
	policies := policiesOf(t, s, ruleOf("ISTIO_MUTUAL"))
	taken, err := policies.Lease(t.Context(), "one", "a test", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := taken.Patch(t.Context(), ruleOf(""), disable); err != nil {
		t.Fatal(err)
	}
	if written, _, _ := unstructured.NestedSlice(s.objects[recordPath], "spec", "written"); len(written) != 1 {
		t.Errorf("on record as written: %v", written)
	}
	if err := unstructured.SetNestedField(s.objects[rulePath], "theirs", "spec", "other"); err != nil {
		t.Fatal(err)
	}
	if err := taken.Restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	spec, _, _ := unstructured.NestedStringMap(s.objects[rulePath], "spec")
	if spec["mode"] != "ISTIO_MUTUAL" || spec["other"] != "theirs" {
		t.Errorf("the rule is left as %v", spec)
	}
}

func TestAnInterruptedRestoreIsNotTakenForDone(t *testing.T) {
	s := &apiServer{}
	policies := policiesOf(t, s, ruleOf("ISTIO_MUTUAL"))
	taken, err := policies.Lease(t.Context(), "one", "a test", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := taken.Patch(t.Context(), ruleOf(""), disable); err != nil {
		t.Fatal(err)
	}
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt()
	if err := taken.Restore(interrupted); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "restore DestinationRule") {
		t.Errorf("got %v", err)
	}
	if err := taken.End(interrupted); !errors.Is(err, ErrUnrestored) || s.objects[recordPath] == nil {
		t.Errorf("the record that holds the original is gone, or said to be: %v", err)
	}
}
