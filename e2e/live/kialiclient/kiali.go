// Package kialiclient asks a Kiali what it says of mTLS, by its REST API. Its answers are a view of the configuration.
package kialiclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/kiali"
)

// The variables that name a Kiali, and a token for it where it asks for one.
const (
	URLVariable   = "KIALI_URL"
	TokenVariable = "KIALI_TOKEN"
)

// ErrAbsent is returned where no Kiali is to be found.
var ErrAbsent = errors.New("no Kiali: no pod bears the label app=kiali, and " + URLVariable + " is not set")

// Kiali is one server.
type Kiali struct {
	base  string // without a slash at its end
	token string
	http  *http.Client
}

// reads is how often a namespace's status is read: of two policies of one scope Kiali takes now one, now the other.
const reads = 5

// At is a Kiali by its URL, such as http://localhost:20001/kiali.
func At(address, token string, transport http.RoundTripper) *Kiali {
	return &Kiali{base: strings.TrimSuffix(address, "/"), token: token, http: &http.Client{Transport: transport, Timeout: timeout.KialiAsk.Duration()}}
}

// String is where it is asked.
func (k *Kiali) String() string { return k.base }

// Find finds the Kiali that KIALI_URL names, or the one that runs in the cluster; it is reached by port-forward.
func Find(ctx context.Context, client *kube.Client) (*Kiali, error) {
	token := os.Getenv(TokenVariable)
	if given := os.Getenv(URLVariable); given != "" {
		if _, err := url.ParseRequestURI(given); err != nil {
			return nil, fmt.Errorf("%s: %w", URLVariable, err)
		}
		return At(given, token, http.DefaultTransport), nil
	}
	pods, err := client.Pods(ctx, "", "app=kiali")
	if err != nil {
		return nil, err
	}
	if len(pods) == 0 {
		return nil, ErrAbsent
	}
	// The addon's own port and root (istio/istio samples/addons/kiali.yaml).
	return At(fmt.Sprintf("http://%s.%s:20001/kiali", pods[0].Name, pods[0].Namespace), token, client.Transport()), nil
}

// Says is its word on a namespace. What it does not say is in Missing.
func (k *Kiali) Says(ctx context.Context, namespace string) kiali.Statement {
	said := kiali.Statement{Namespace: namespace}
	if err := k.read(ctx, &said); err != nil {
		return kiali.Statement{Namespace: namespace, Missing: err.Error()}
	}
	return said
}

type status struct {
	Status string `json:"status"`
}

func (k *Kiali) read(ctx context.Context, said *kiali.Statement) error {
	var mesh status
	if err := k.get(ctx, "/api/mesh/tls", &mesh); err != nil {
		return err
	}
	said.Mesh = mesh.Status
	for range reads {
		var own status
		if err := k.get(ctx, "/api/namespaces/"+url.PathEscape(said.Namespace)+"/tls", &own); err != nil {
			return err
		}
		if !slices.Contains(said.Unstable, own.Status) {
			said.Unstable = append(said.Unstable, own.Status)
		}
		said.Status = own.Status
	}
	if len(said.Unstable) == 1 {
		said.Unstable = nil
	}
	return k.validations(ctx, said)
}

// validations are of the kinds that decide mTLS. Until Kiali has looked at a namespace once it reports no object and no
// error, which is no clean bill.
func (k *Kiali) validations(ctx context.Context, said *kiali.Statement) error {
	path := "/api/namespaces/" + url.PathEscape(said.Namespace)
	var count struct {
		Objects int `json:"objectCount"`
	}
	if err := k.get(ctx, path+"/validations", &count); err != nil {
		return err
	}
	if count.Objects == 0 {
		said.Unvalidated = true
		return nil
	}
	var config struct {
		Validations map[string]map[string]struct {
			Checks []struct {
				Code     string `json:"code"`
				Message  string `json:"message"`
				Severity string `json:"severity"`
			} `json:"checks"`
		} `json:"validations"`
	}
	if err := k.get(ctx, path+"/istio?validate=true", &config); err != nil {
		return err
	}
	for kind, objects := range config.Validations {
		_, name, _ := strings.Cut(kind, "Kind=")
		if name != "PeerAuthentication" && name != "DestinationRule" {
			continue
		}
		for key, object := range objects { // NAME.NAMESPACE; the object's own namespace may be empty
			for _, check := range object.Checks {
				own := key[strings.LastIndexByte(key, '.')+1:]
				said.Findings = append(said.Findings, kiali.Finding{
					Code: check.Code, Severity: check.Severity, Message: check.Message,
					Object: fmt.Sprintf("%s %s/%s", name, own, strings.TrimSuffix(key, "."+own)),
				})
			}
		}
	}
	slices.SortFunc(said.Findings, func(a, b kiali.Finding) int { return strings.Compare(a.Code+a.Object, b.Code+b.Object) })
	return nil
}

// get reads an answer. A namespace that Kiali does not know is an error 500 of its own words.
func (k *Kiali) get(ctx context.Context, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, k.base+path, nil)
	if err != nil {
		return err
	}
	if k.token != "" {
		request.Header.Set("Authorization", "Bearer "+k.token)
	}
	response, err := k.http.Do(request)
	if err != nil {
		return fmt.Errorf("kiali: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("kiali: %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("kiali: %s answered %s %s", path, response.Status, strings.TrimSpace(string(content[:min(len(content), 200)])))
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("kiali: %s: %w", path, err)
	}
	return nil
}

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 16 << 20
