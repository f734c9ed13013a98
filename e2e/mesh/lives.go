package mesh

import (
	"context"
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/fixture"
)

// Lives are the pods on which a run rests, each with what changes when it or a container of it starts anew.
type Lives map[string]string

// Lives lists the pods of the world's namespaces, of istiod and of the taps.
func (m *Mesh) Lives(ctx context.Context, world fixture.World) (Lives, error) {
	namespaces := []string{istioNamespace, "tap"}
	for _, workload := range world.Workloads {
		if !slices.Contains(namespaces, workload.Namespace) {
			namespaces = append(namespaces, workload.Namespace)
		}
	}
	lives := Lives{}
	for _, namespace := range namespaces {
		pods, err := m.kube.Pods(ctx, namespace, "")
		if err != nil {
			return nil, err
		}
		for _, pod := range pods {
			life := string(pod.UID)
			for _, status := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
				life += fmt.Sprintf(" %s:%d", status.Name, status.RestartCount)
			}
			lives[namespace+"/"+pod.Name] = life
		}
	}
	return lives, nil
}

// Ended lists the pods that are gone or have started anew since.
func (l Lives) Ended(now Lives) []string {
	var ended []string
	for pod, life := range l {
		switch is, runs := now[pod]; {
		case !runs:
			ended = append(ended, pod+" is gone")
		case is != life:
			ended = append(ended, pod+" has started anew")
		}
	}
	slices.Sort(ended)
	return ended
}
