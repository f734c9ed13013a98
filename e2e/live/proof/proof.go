// Package proof asks the mesh itself whether a sabotage took hold: raw answers of Envoy's admin interface, of the API server
// or of a node's shell, read by a JSONPath and compared with a regular expression. Nothing by which the suite reads
// configuration, packets, logs or answers has a part in it: what proves a mutant must not be what the mutant tests.
package proof

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/jsonpath"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/pure/fixture"
)

// adminPort is where Envoy's admin interface listens, on its pod's loopback.
const adminPort = 15000

// Prover asks one mesh.
type Prover struct {
	Kube  *kube.Client
	World fixture.World
	Shell Shell
}

// Holds asks a proof's question, and tells why its answer is not the one that it must be; empty where it is. An error means
// that there was no answer.
func (p Prover) Holds(ctx context.Context, proof fixture.Proof) (string, error) {
	answer, err := p.ask(ctx, proof)
	if err != nil {
		return "", err
	}
	found := strings.TrimSpace(string(answer))
	if proof.Path != "" {
		if found, err = read(answer, proof.Path); err != nil {
			return "", err
		}
	}
	if !regexp.MustCompile(proof.Says).MatchString(found) {
		return fmt.Sprintf("%s says %q, want %s", subject(proof), short(found), proof.Says), nil
	}
	if proof.Lacks != "" && regexp.MustCompile(proof.Lacks).MatchString(found) {
		return fmt.Sprintf("%s says %q, which must lack %s", subject(proof), short(found), proof.Lacks), nil
	}
	return "", nil
}

func (p Prover) ask(ctx context.Context, proof fixture.Proof) ([]byte, error) {
	if proof.Object != nil {
		return p.object(ctx, *proof.Object)
	}
	pod, err := PodOf(ctx, p.Kube, p.World, proof.Of)
	if err != nil {
		return nil, err
	}
	if proof.Admin != "" {
		return p.admin(ctx, pod, proof.Admin)
	}
	answer, err := p.Shell(ctx, pod.Spec.NodeName, proof.Command, "ADDRESS="+pod.Status.PodIP, "POD="+pod.Name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", subject(proof), err)
	}
	return answer, nil
}

func (p Prover) admin(ctx context.Context, pod corev1.Pod, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s.%s:%d%s", pod.Name, pod.Namespace, adminPort, path), nil)
	if err != nil {
		return nil, err
	}
	transport := p.Kube.Transport()
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	return io.ReadAll(response.Body)
}

func (p Prover) object(ctx context.Context, asked fixture.Object) ([]byte, error) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(schema.FromAPIVersionAndKind(asked.APIVersion, asked.Kind))
	if err := p.Kube.Get(ctx, asked.Namespace, asked.Name, object); err != nil {
		return nil, err
	}
	return object.MarshalJSON()
}

// PodOf finds the one pod that a workload of the world has now.
func PodOf(ctx context.Context, k *kube.Client, world fixture.World, name string) (corev1.Pod, error) {
	workload, known := world.Workload(name)
	if !known {
		return corev1.Pod{}, fmt.Errorf("workload %s: none of the world's", name)
	}
	pods, err := k.Pods(ctx, workload.Namespace, workload.Selector)
	if err != nil {
		return corev1.Pod{}, err
	}
	if len(pods) != 1 {
		return corev1.Pod{}, fmt.Errorf("%d pods of %s run, want one", len(pods), name)
	}
	return pods[0], nil
}

// read finds what a JSONPath leads to, as kubectl get -o jsonpath prints it; nothing where it leads nowhere.
func read(answer []byte, path string) (string, error) {
	var data any
	if err := json.Unmarshal(answer, &data); err != nil {
		return "", fmt.Errorf("the answer is no JSON: %w", err)
	}
	query := jsonpath.New("proof").AllowMissingKeys(true)
	if err := query.Parse(path); err != nil {
		return "", fmt.Errorf("path %s: %w", path, err)
	}
	var found bytes.Buffer
	if err := query.Execute(&found, data); err != nil {
		return "", fmt.Errorf("path %s: %w", path, err)
	}
	return strings.TrimSpace(found.String()), nil
}

func subject(proof fixture.Proof) string {
	switch {
	case proof.Object != nil:
		return fmt.Sprintf("%s %s/%s %s", proof.Object.Kind, proof.Object.Namespace, proof.Object.Name, proof.Path)
	case proof.Admin != "":
		return fmt.Sprintf("admin interface of %s, %s %s", proof.Of, proof.Admin, proof.Path)
	}
	return "the shell of the node of " + proof.Of
}

// short bounds what is told of an answer.
func short(found string) string {
	const most = 200
	if len(found) > most {
		return found[:most] + "…"
	}
	return found
}
