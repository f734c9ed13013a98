package survey

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/pure/oracle"
)

// ErrNoDomain is returned, wrapped, where nothing says in which DNS domain the cluster names its Services. The same Service
// under another domain is another host to Istio, so that a guess would look at nothing.
var ErrNoDomain = errors.New("the cluster's DNS domain is not known")

// domainOf is the domain that an istiod is given, by whichever container of its pod; empty where none is.
func domainOf(pod corev1.Pod) string {
	for _, container := range pod.Spec.Containers {
		if domain := oracle.DomainOf(container.Args); domain != "" {
			return domain
		}
	}
	return ""
}

// named is the one domain that proxies are given, by their arguments; empty where none is given one.
func named(workloads []oracle.Workload) (string, error) {
	var all []string
	for _, workload := range workloads {
		if workload.Domain != "" && !slices.Contains(all, workload.Domain) {
			all = append(all, workload.Domain)
		}
	}
	slices.Sort(all)
	switch len(all) {
	case 0:
		return "", nil
	case 1:
		return all[0], nil
	}
	return "", fmt.Errorf("%w: proxies are given several by --domain, %s", ErrNoDomain, strings.Join(all, ", "))
}

// withDomains gives each plane its domain. An istiod that is not given one by --domain takes cluster.local
// (https://istio.io/latest/docs/reference/commands/pilot-discovery/); its proxies' arguments must confirm that.
func withDomains(planes []Plane, workloads []oracle.Workload) ([]Plane, error) {
	planes = slices.Clone(planes)
	for i := range planes {
		if planes[i].Mesh.Domain != "" {
			continue
		}
		domain, err := named(workloads)
		if err == nil && domain == "" {
			err = fmt.Errorf("%w: no proxy is given one by --domain", ErrNoDomain)
		}
		if err != nil {
			return nil, fmt.Errorf("%w, and istiod %s in namespace %s neither: give it --domain (values.global.proxy.clusterDomain of its chart)", err, planes[i].Revision, planes[i].Namespace)
		}
		planes[i].Mesh.Domain = domain
	}
	return planes, nil
}
