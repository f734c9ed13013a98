package inspect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/control"
	"mtls.test/conformance/fixtures/agent/probe"
)

// Probe is a pod that tries endpoints for one check.
type Probe struct {
	kube *kube.Client
	mesh *mesh.Mesh
	pod  *corev1.Pod
}

const (
	probeReady    = time.Minute
	probeInterval = 200 * time.Millisecond
	probeLimit    = 3 * time.Second // for one try
	removeLimit   = 10 * time.Second
)

// Deploy makes the pod of fixtures/probe in a namespace, with the agent's image, and waits until it answers.
func Deploy(ctx context.Context, client *kube.Client, files fs.FS, plane survey.Plane, namespace, image string) (*Probe, error) {
	manifest, err := files.Open("probe/pod.yaml")
	if err != nil {
		return nil, err
	}
	defer func() { _ = manifest.Close() }()
	pod := &corev1.Pod{}
	if err := decoder.Decode(manifest, pod); err != nil {
		return nil, fmt.Errorf("probe/pod.yaml: %w", err)
	}
	pod.Namespace = namespace
	container := &pod.Spec.Containers[0]
	container.Image = image
	container.Env[0].Value = plane.Address()
	r, err := client.Resources()
	if err != nil {
		return nil, err
	}
	if err := r.Create(ctx, pod); err != nil {
		return nil, fmt.Errorf("make the probe in namespace %s: %w", namespace, err)
	}
	p := &Probe{kube: client, mesh: mesh.New(client), pod: pod}
	err = wait.For(func(ctx context.Context) (bool, error) {
		if err := r.Get(ctx, pod.Name, namespace, pod); err != nil {
			return false, err
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
				return true, nil
			}
		}
		return false, nil
	}, wait.WithContext(ctx), wait.WithTimeout(probeReady), wait.WithInterval(probeInterval), wait.WithImmediate())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the probe %s/%s did not become ready: %w (%s)", namespace, pod.Name, err, waiting(pod)), p.Remove(context.WithoutCancel(ctx)))
	}
	return p, nil
}

// waiting tells what a pod waits for.
func waiting(pod *corev1.Pod) string {
	for _, status := range pod.Status.ContainerStatuses {
		if status.State.Waiting != nil {
			return status.State.Waiting.Reason + " " + status.State.Waiting.Message
		}
	}
	return string(pod.Status.Phase)
}

// Remove deletes the pod.
func (p *Probe) Remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, removeLimit)
	defer cancel()
	r, err := p.kube.Resources()
	if err != nil {
		return err
	}
	if err := r.Delete(ctx, p.pod); err != nil {
		return fmt.Errorf("remove the probe: %w (kubectl delete pod -n %s %s)", err, p.pod.Namespace, p.pod.Name)
	}
	return nil
}

// Observe tries a workload's port, by the protocol that its service declares, in the clear and with a certificate of the mesh.
func (p *Probe) Observe(ctx context.Context, endpoint oracle.Workload, port uint16, protocol hop.Protocol) tlscheck.Observed {
	if len(endpoint.Addresses) == 0 {
		return tlscheck.Observed{Why: endpoint.String() + " has no address"}
	}
	address := netip.AddrPortFrom(endpoint.Addresses[0], port).String()
	var said tlscheck.Observed
	var why []string
	self := mesh.Proxy{Namespace: p.pod.Namespace, Pod: p.pod.Name}
	var sent control.SendAnswer
	plain := call.Request{ID: "tls-check", Protocol: call.HTTP, Address: address, TimeoutMillis: int(probeLimit.Milliseconds())}
	if err := p.mesh.Control(ctx, self, control.PathSend, control.SendRequest{Requests: []call.Request{plain}}, &sent); err != nil {
		why = append(why, err.Error())
	} else {
		said.Plaintext = inTheClear(sent.Results[0], speaksHTTP(protocol, endpoint))
	}
	var probed control.ProbeAnswer
	mutual := probe.Request{
		ID: "tls-check", Address: address, Present: probe.Mesh, ALPN: []string{"istio"}, Inside: probe.HTTP,
		TimeoutMillis: int(probeLimit.Milliseconds()),
	}
	if err := p.mesh.Control(ctx, self, control.PathProbe, control.ProbeRequest{Probes: []probe.Request{mutual}}, &probed); err != nil {
		why = append(why, err.Error())
	} else {
		said.MTLS = mutually(probed.Results[0])
		if chain := probed.Results[0].Server; said.MTLS == hop.MTLS && len(chain) > 0 && len(chain[0].URIs) == 1 {
			said.Server = hop.Identity(chain[0].URIs[0])
		}
	}
	if said.Plaintext == "" || said.MTLS == "" {
		why = append(why, "an end without an answer tells nothing here")
	}
	said.Why = strings.Join(why, "; ")
	return said
}

// inTheClear reads what became of an HTTP request: any answer at all is one in the clear. No answer in time tells nothing:
// a server that does not speak HTTP may wait for more. A connection that is closed is a refusal only where the port is
// declared HTTP: a server of another protocol closes one on which it reads HTTP, whatever it takes in the clear.
func inTheClear(result call.Result, http bool) hop.Outcome {
	switch {
	case result.Status != 0, strings.Contains(result.Error, "malformed HTTP"), result.Answered():
		return hop.Plaintext
	case http && (strings.Contains(result.Error, "EOF") || strings.Contains(result.Error, "connection reset")):
		return hop.Refused
	}
	return ""
}

// mutually reads what became of a handshake with a certificate of the mesh. Up to TLS 1.2 the server judges the client's
// certificate before the handshake is over (RFC 5246, section 7.3). In TLS 1.3 it does so after the client has done with the
// handshake, and refuses by an alert (RFC 8446, section 4.4.2.4): then a handshake alone is no acceptance. A reset may
// overtake the alert, and what did not come in time may still come, so after either it is not known. A close overtakes
// nothing: an alert would have been read before it.
func mutually(result probe.Result) hop.Outcome {
	switch {
	case result.End == probe.NotSent, result.End == probe.NotConnected, result.End == probe.Silent && !result.Handshake:
		return ""
	case !result.Handshake, !result.Asked, result.End == probe.Alerts:
		return hop.Refused
	case result.Version == "TLSv1.3" && (result.End == probe.Reset || result.End == probe.Silent):
		return ""
	}
	return hop.MTLS
}

// speaksHTTP tells whether what stands before an application answers a request of HTTP/1.1 wherever it takes plaintext. A
// proxy does so on ports that are declared grpc too; a gRPC server without one closes the connection.
func speaksHTTP(protocol hop.Protocol, endpoint oracle.Workload) bool {
	return protocol == hop.HTTP || protocol == hop.GRPC && endpoint.HasProxy
}
