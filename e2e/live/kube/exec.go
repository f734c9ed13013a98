package kube

import (
	"bytes"
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
)

// Exec runs a command in a container and copies what it prints; the error holds what it complained of.
func (c *Client) Exec(ctx context.Context, namespace, pod, container string, command []string, to io.Writer) error {
	request := c.clientset.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	executor, err := remotecommand.NewWebSocketExecutor(c.config, "GET", request.URL().String())
	if err != nil {
		return err
	}
	var complaint bytes.Buffer
	if err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: to, Stderr: &complaint}); err != nil {
		return fmt.Errorf("exec in %s/%s/%s: %w %s", namespace, pod, container, err, bytes.TrimSpace(complaint.Bytes()))
	}
	return nil
}
