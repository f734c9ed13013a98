package inspect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/live/timeout"
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

const probeInterval = 200 * time.Millisecond

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
	if err := client.Create(ctx, pod); err != nil {
		return nil, fmt.Errorf("make the probe: %w", err)
	}
	p := &Probe{kube: client, mesh: mesh.New(client), pod: pod}
	err = wait.For(func(ctx context.Context) (bool, error) {
		if err := client.Get(ctx, namespace, pod.Name, pod); err != nil {
			return false, err
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
				return true, nil
			}
		}
		return false, nil
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.ProbeReady.Duration()), wait.WithInterval(probeInterval), wait.WithImmediate())
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
	ctx, cancel := context.WithTimeout(ctx, timeout.ProbeGone.Duration())
	defer cancel()
	if err := p.kube.Delete(ctx, p.pod); err != nil {
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
	var tried probed
	tried.plain, tried.notSent = p.send(ctx, call.Request{
		ID: "tls-check", Protocol: call.HTTP, Address: address, TimeoutMillis: timeout.Probe.Millis(),
	})
	tried.mutual, tried.notProbed = p.handshake(ctx, probe.Request{
		ID: "tls-check", Address: address, Present: probe.Mesh, ALPN: []string{"istio"}, Inside: probe.HTTP,
		TimeoutMillis: timeout.Probe.Millis(),
	})
	return tried.observed(speaksHTTP(protocol, endpoint))
}

// send has the pod send one request. An error says that the pod could not be asked.
func (p *Probe) send(ctx context.Context, request call.Request) (call.Result, error) {
	var answer control.SendAnswer
	if err := p.mesh.Control(ctx, p.self(), control.PathSend, control.SendRequest{Requests: []call.Request{request}}, &answer); err != nil {
		return call.Result{}, err
	}
	return answer.Results[0], nil
}

// handshake has the pod make one handshake. An error says that the pod could not be asked.
func (p *Probe) handshake(ctx context.Context, request probe.Request) (probe.Result, error) {
	var answer control.ProbeAnswer
	if err := p.mesh.Control(ctx, p.self(), control.PathProbe, control.ProbeRequest{Probes: []probe.Request{request}}, &answer); err != nil {
		return probe.Result{}, err
	}
	return answer.Results[0], nil
}

func (p *Probe) self() mesh.Proxy { return mesh.Proxy{Namespace: p.pod.Namespace, Pod: p.pod.Name} }
