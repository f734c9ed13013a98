package kube

import (
	"context"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// FollowLog passes on each line that a container wrote within the time back and writes from now on, also over restarts of
// the container, the kubelet and the API server, until the context ends (nil) or the pod is deleted (ErrLogGone). Opened
// is called once the log is open; that it does not open at first is an error.
func (c *Client) FollowLog(ctx context.Context, namespace, pod, container string, back time.Duration, opened func(), reader LogReader) error {
	source := podLog{client: c, namespace: namespace, pod: pod, container: container}
	if err := follow(ctx, source, time.Now().Add(-back), opened, reader); err != nil {
		return fmt.Errorf("log of %s/%s/%s: %w", namespace, pod, container, err)
	}
	return nil
}

// podLog is the log of a container of a pod, by the API server.
type podLog struct {
	client                    *Client
	namespace, pod, container string
}

// Open asks the API server whether the pod is gone, for a kubelet that has just restarted denies pods that it runs.
func (l podLog) Open(ctx context.Context, since time.Time) (io.ReadCloser, error) {
	from := metav1.NewTime(since)
	stream, err := l.client.clientset.CoreV1().Pods(l.namespace).GetLogs(l.pod, &corev1.PodLogOptions{Container: l.container, Follow: true, SinceTime: &from, Timestamps: true}).Stream(ctx)
	if err == nil {
		return stream, nil
	}
	var named corev1.PodList
	unknown := l.client.objects.List(ctx, &named, client.InNamespace(l.namespace), client.MatchingFields{"metadata.name": l.pod})
	if unknown == nil && len(named.Items) == 0 {
		return nil, fmt.Errorf("%w: %w", ErrLogGone, err)
	}
	return nil, err
}

// Log returns the last lines of a container's log.
func (c *Client) Log(ctx context.Context, namespace, pod, container string, lines int64) ([]byte, error) {
	stream, err := c.clientset.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{Container: container, TailLines: &lines}).Stream(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stream.Close() }()
	return io.ReadAll(stream)
}
