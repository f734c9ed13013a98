package kube

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// served is a server of the kinds that the tests use.
func served(code int, answer any) *apiServer {
	s := &apiServer{code: code, answer: answer}
	s.define(istio, "DestinationRule", true)
	for _, kind := range []string{"Pod", "ConfigMap", "Secret", "ServiceAccount"} {
		s.define(corev1.SchemeGroupVersion, kind, true)
	}
	s.define(corev1.SchemeGroupVersion, "Node", false)
	return s
}

func rule() *unstructured.Unstructured {
	object := named(ofKind(istio.WithKind("DestinationRule")))
	object.SetUID("uid-1")
	return object
}

const (
	rules = "/apis/networking.istio.io/v1/namespaces/default/destinationrules"
	body  = `{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"x","namespace":"default","uid":"uid-1"}}`
)

func TestRequests(t *testing.T) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(istio.WithKind("DestinationRuleList"))
	for want, call := range map[string]func(context.Context, *Client) error{
		"GET " + rules + "/x":                             func(ctx context.Context, c *Client) error { return c.Get(ctx, "default", "x", rule()) },
		"GET /api/v1/nodes/x":                             func(ctx context.Context, c *Client) error { return c.Get(ctx, "", "x", &corev1.Node{}) },
		"GET /api/v1/nodes":                               func(ctx context.Context, c *Client) error { return c.List(ctx, "", "", &corev1.NodeList{}) },
		"GET /api/v1/pods?labelSelector=app%3Dx":          func(ctx context.Context, c *Client) error { return c.List(ctx, "", "app=x", &corev1.PodList{}) },
		"GET /api/v1/namespaces/default/pods":             func(ctx context.Context, c *Client) error { return c.List(ctx, "default", "", &corev1.PodList{}) },
		"GET " + rules + "?labelSelector=mtls.test%2Frun": func(ctx context.Context, c *Client) error { return c.List(ctx, "default", "mtls.test/run", list) },
		"POST " + rules + "?fieldManager=m " + body:       func(ctx context.Context, c *Client) error { return c.Create(ctx, rule(), client.FieldOwner("m")) },
		"PUT " + rules + "/x?dryRun=All&fieldManager=m " + body: func(ctx context.Context, c *Client) error {
			return c.Update(ctx, rule(), client.FieldOwner("m"), client.DryRunAll)
		},
		"PATCH " + rules + `/x application/merge-patch+json {"spec":{"host":"y"}}`: func(ctx context.Context, c *Client) error {
			return c.MergePatch(ctx, rule(), []byte(`{"spec":{"host":"y"}}`))
		},
		"PATCH " + rules + "/x?fieldManager=mtls-conformance&force=true application/apply-patch+yaml " + body: func(ctx context.Context, c *Client) error { return c.Apply(ctx, rule()) },
		"DELETE " + rules + `/x {"kind":"DeleteOptions","apiVersion":"v1"}`:                                   func(ctx context.Context, c *Client) error { return c.Delete(ctx, rule()) },
		"DELETE " + rules + `/x {"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"propagationPolicy":"Background"}`: func(ctx context.Context, c *Client) error {
			return c.Delete(ctx, rule(), client.GracePeriodSeconds(0), client.PropagationPolicy(metav1.DeletePropagationBackground))
		},
		"DELETE " + rules + `/x {"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"uid-1"}}`: func(ctx context.Context, c *Client) error { return c.DeleteThis(ctx, rule()) },
	} {
		t.Run(want, func(t *testing.T) {
			s := served(http.StatusOK, success)
			if err := call(t.Context(), s.connected(t)); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.requests, []string{want}) {
				t.Errorf("requests %q", s.requests)
			}
		})
	}
}

func TestAnErrorNamesTheObjectAndWrapsTheAPIServers(t *testing.T) {
	newest := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", GenerateName: "newest-"}}
	for want, call := range map[string]func(context.Context, *Client) error{
		"get ConfigMap default/x: ":                         func(ctx context.Context, c *Client) error { return c.Get(ctx, "default", "x", &corev1.ConfigMap{}) },
		"get DestinationRule default/x: ":                   func(ctx context.Context, c *Client) error { return c.Get(ctx, "default", "x", rule()) },
		"get Node x: ":                                      func(ctx context.Context, c *Client) error { return c.Get(ctx, "", "x", &corev1.Node{}) },
		"list Pod in namespace default with labels app=x: ": func(ctx context.Context, c *Client) error { _, err := c.Pods(ctx, "default", "app=x"); return err },
		"list Node: ":                                       func(ctx context.Context, c *Client) error { _, err := c.Nodes(ctx); return err },
		"create DestinationRule default/x: ":                func(ctx context.Context, c *Client) error { return c.Create(ctx, rule()) },
		"create ConfigMap default/newest-: ":                func(ctx context.Context, c *Client) error { return c.Create(ctx, newest) },
		"update DestinationRule default/x: ":                func(ctx context.Context, c *Client) error { return c.Update(ctx, rule()) },
		"patch DestinationRule default/x: ":                 func(ctx context.Context, c *Client) error { return c.MergePatch(ctx, rule(), []byte(`{}`)) },
		"apply DestinationRule default/x: ":                 func(ctx context.Context, c *Client) error { return c.Apply(ctx, rule()) },
		"delete DestinationRule default/x: ":                func(ctx context.Context, c *Client) error { return c.Delete(ctx, rule()) },
		"get Secret default/x: ": func(ctx context.Context, c *Client) error {
			_, err := c.SecretValue(ctx, "default", "x", "key")
			return err
		},
		"token of ServiceAccount default/x: ": func(ctx context.Context, c *Client) error {
			_, err := c.Token(ctx, "default", "x", "audience")
			return err
		},
	} {
		t.Run(want, func(t *testing.T) {
			err := call(t.Context(), served(http.StatusNotFound, refusal(http.StatusNotFound, metav1.StatusReasonNotFound)).connected(t))
			if !apierrors.IsNotFound(err) || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestWhatExistsAlreadyIsNotTakenOver(t *testing.T) {
	s := served(http.StatusConflict, refusal(http.StatusConflict, metav1.StatusReasonAlreadyExists))
	err := s.connected(t).Create(t.Context(), rule())
	if !apierrors.IsAlreadyExists(err) || !strings.Contains(err.Error(), "DestinationRule default/x exists already") {
		t.Errorf("got %v", err)
	}
}

func TestDeleteThisLeavesAnotherOfTheNameAlone(t *testing.T) {
	for reason, test := range map[metav1.StatusReason]struct {
		code  int
		fails bool
	}{
		metav1.StatusReasonNotFound:  {http.StatusNotFound, false},
		metav1.StatusReasonConflict:  {http.StatusConflict, false},
		metav1.StatusReasonForbidden: {http.StatusForbidden, true},
	} {
		if err := served(test.code, refusal(test.code, reason)).connected(t).DeleteThis(t.Context(), rule()); (err != nil) != test.fails {
			t.Errorf("%s: %v", reason, err)
		}
	}
}

func TestASelectorThatIsNoneSelectsNothing(t *testing.T) {
	s := served(http.StatusOK, success)
	if pods, err := s.connected(t).Pods(t.Context(), "default", "app in x"); err == nil || len(s.requests) > 0 {
		t.Errorf("%d pods, error %v, requests %q", len(pods), err, s.requests)
	}
}

func TestAValueThatASecretLacksIsAnError(t *testing.T) {
	s := served(http.StatusOK, corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "x"},
		Data: map[string][]byte{"key": []byte("value")},
	})
	c := s.connected(t)
	if value, err := c.SecretValue(t.Context(), "default", "x", "key"); err != nil || string(value) != "value" {
		t.Errorf("got %q, %v", value, err)
	}
	if _, err := c.SecretValue(t.Context(), "default", "x", "other"); err == nil || !strings.Contains(err.Error(), "Secret default/x has no key other") {
		t.Errorf("got %v", err)
	}
}

func TestATokenAndAReviewAreReadFromTheAnswer(t *testing.T) {
	s := served(http.StatusCreated, map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "status": map[string]any{"token": "secret"},
	})
	token, err := s.connected(t).Token(t.Context(), "default", "x", "audience")
	if err != nil || token != "secret" {
		t.Errorf("got %q, %v", token, err)
	}
	if want := "POST /api/v1/namespaces/default/serviceaccounts/x/token"; len(s.requests) != 1 || !strings.HasPrefix(s.requests[0], want) {
		t.Errorf("requests %q, want %s", s.requests, want)
	}
	for _, allowed := range []bool{true, false} {
		s := &apiServer{code: http.StatusCreated, answer: map[string]any{
			"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "status": map[string]any{"allowed": allowed},
		}}
		s.define(authorizationv1.SchemeGroupVersion, "SelfSubjectAccessReview", false)
		if got, err := s.connected(t).May(t.Context(), Access{Verb: "get", Resource: "pods"}); err != nil || got != allowed {
			t.Errorf("got %t, %v; want %t", got, err, allowed)
		}
	}
}

func TestReadyIsWhatTheAPIServerReports(t *testing.T) {
	for code, ready := range map[int]bool{http.StatusOK: true, http.StatusInternalServerError: false, http.StatusUnauthorized: false} {
		s := served(code, "ok")
		err := s.connected(t).Ready(t.Context())
		if (err == nil) != ready || !slices.Equal(s.requests, []string{"GET /readyz"}) {
			t.Errorf("%d: %v, requests %q", code, err, s.requests)
		}
	}
}
