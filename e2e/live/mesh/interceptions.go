package mesh

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/pure/interception"
	"mtls.test/conformance/e2e/pure/oracle"
)

// interceptions tell which connections the proxies of some running pods get.
func interceptions(running map[string][]corev1.Pod, of []Proxy) (map[Proxy]interception.Interception, error) {
	all := map[Proxy]interception.Interception{}
	wanted := map[Proxy]bool{}
	for _, proxy := range of {
		wanted[proxy] = true
	}
	for _, pods := range running {
		for _, pod := range pods {
			proxy := Proxy{Namespace: pod.Namespace, Pod: pod.Name}
			if !wanted[proxy] {
				continue
			}
			read, err := interceptionOf(pod)
			if err != nil {
				return nil, err
			}
			all[proxy] = read
		}
	}
	return all, nil
}

// interceptionOf has the oracle read a pod, as it reads one of any cluster.
func interceptionOf(pod corev1.Pod) (interception.Interception, error) {
	pod.APIVersion, pod.Kind = "v1", "Pod"
	content, err := json.Marshal(pod)
	if err != nil {
		return interception.Interception{}, err
	}
	read, err := oracle.Decode(content, pod.Namespace)
	if err != nil {
		return interception.Interception{}, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return read.Workloads[0].Interception, nil
}
