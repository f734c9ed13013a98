package kube

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxLine bounds one line of a container's log, in bytes; the kubelet itself splits longer ones.
const maxLine = 1 << 20

// FollowLog passes each line that a container wrote within the time back and writes from now on, until the context
// ends (nil) or the log does (an error). The slice is valid during the call only. Opened is called once the stream stands.
func (c *Client) FollowLog(ctx context.Context, namespace, pod, container string, back time.Duration, opened func(), line func([]byte)) error {
	since := metav1.NewTime(time.Now().Add(-back))
	stream, err := c.clientset.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{Container: container, Follow: true, SinceTime: &since}).Stream(ctx)
	if err != nil {
		return fmt.Errorf("log of %s/%s/%s: %w", namespace, pod, container, err)
	}
	defer func() { _ = stream.Close() }()
	opened()
	lines := bufio.NewScanner(stream)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for lines.Scan() {
		line(lines.Bytes())
	}
	if ctx.Err() != nil {
		return nil
	}
	err = lines.Err()
	if err == nil {
		err = errors.New("it ended")
	}
	return fmt.Errorf("log of %s/%s/%s: %w", namespace, pod, container, err)
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
