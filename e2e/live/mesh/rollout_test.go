package mesh

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestWhyAPodIsNotReady(t *testing.T) {
	crashes := corev1.ContainerStatus{
		Name: "discovery", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 255}},
	}
	again := corev1.ContainerStatus{Name: "discovery", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, LastTerminationState: crashes.LastTerminationState}
	hangs := corev1.ContainerStatus{Name: "discovery", State: again.State}
	runs := corev1.ContainerStatus{Name: "discovery", State: again.State, Ready: true}
	initialized := corev1.ContainerStatus{Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}}}
	for name, one := range map[string]struct {
		status corev1.PodStatus
		want   string
	}{
		"a container that crashes": {corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{crashes}}, "container discovery is waiting: CrashLoopBackOff, it ended with exit code 255"},
		"one that runs again":      {corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{again}}, "container discovery is not ready, it ended with exit code 255"},
		"one that hangs":           {corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{hangs}}, "container discovery is not ready"},
		"one that runs":            {corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{runs}}, ""},
		"no node":                  {corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "Insufficient cpu"}}}, "Insufficient cpu"},
		"its init container runs":  {corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{initialized}}, ""},
	} {
		if got := strings.Join(ailing(corev1.Pod{Status: one.status}), "; "); got != one.want {
			t.Errorf("%s: got %q, want %q", name, got, one.want)
		}
	}
}
