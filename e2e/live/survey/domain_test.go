package survey

import (
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/pure/oracle"
)

func planeOf(domain string) Plane {
	plane := Plane{Revision: "default", Namespace: "istio-system", Mesh: oracle.DefaultMesh()}
	plane.Mesh.Domain = domain
	return plane
}

func proxiesOf(domains ...string) []oracle.Workload {
	var all []oracle.Workload
	for _, domain := range domains {
		all = append(all, oracle.Workload{Domain: domain})
	}
	return all
}

func TestTheDomainIsAskedForAndNeverGuessed(t *testing.T) {
	for name, row := range map[string]struct {
		istiod  string
		proxies []oracle.Workload
		want    string
		says    string // of the error
	}{
		"istiod is given it":              {"corp.example", proxiesOf("corp.example"), "corp.example", ""},
		"istiod is, and no proxy":         {"corp.example", proxiesOf(""), "corp.example", ""},
		"istiod decides":                  {"corp.example", proxiesOf("cluster.local"), "corp.example", ""},
		"proxies alone are":               {"", proxiesOf("", "corp.example", "corp.example"), "corp.example", ""},
		"the default, which they confirm": {"", proxiesOf("cluster.local"), "cluster.local", ""},
		"nobody is":                       {"", proxiesOf(""), "", "no proxy is given one by --domain, and istiod default in namespace istio-system neither: give it --domain"},
		"there is no proxy":               {"", nil, "", "no proxy is given one"},
		"they differ":                     {"", proxiesOf("b", "a"), "", "proxies are given several by --domain, a, b"},
	} {
		planes, err := withDomains([]Plane{planeOf(row.istiod)}, row.proxies)
		if row.says != "" {
			if !errors.Is(err, ErrNoDomain) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%s: %v, want %q", name, err, row.says)
			}
			continue
		}
		if err != nil || planes[0].Mesh.Domain != row.want {
			t.Errorf("%s: %+v, %v, want %s", name, planes, err, row.want)
		}
	}
}

func TestTheDomainOfAnIstiod(t *testing.T) {
	pod := corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Args: []string{"discovery"}}, {Args: []string{"discovery", "--domain", "corp.example"}}}}}
	if got := domainOf(pod); got != "corp.example" {
		t.Error(got)
	}
	if got := domainOf(corev1.Pod{}); got != "" {
		t.Error(got)
	}
}

func TestTheDomainOfAFile(t *testing.T) {
	const service = "\n---\n{kind: Service, metadata: {name: product-service, namespace: clients}, spec: {selector: {app: a}, ports: [{port: 80}]}}"
	const told = "\n---\n{kind: Pod, metadata: {name: told, namespace: clients}, spec: {containers: [{name: app}], initContainers: [{name: istio-proxy, args: [proxy, sidecar, --domain, $(POD_NAMESPACE).svc.corp.example]}]}}"
	assumed := "the cluster's domain, cluster.local"
	for name, row := range map[string]struct {
		content  string
		recorded []oracle.Workload
		want     string
		assumed  bool
	}{
		"nothing tells":          {objects + service, nil, "cluster.local", true},
		"a pod's arguments tell": {objects + service + told, nil, "corp.example", false},
		"a recording tells":      {objects + service, proxiesOf("corp.example"), "corp.example", false},
	} {
		s, err := Read([]byte(row.content), row.recorded...)
		if err != nil {
			t.Fatal(err)
		}
		host, err := s.Snapshot.Host("product-service", "clients")
		if err != nil || host.Name != "product-service.clients.svc."+row.want || slices.Contains(s.Assumed, assumed) != row.assumed {
			t.Errorf("%s: %+v, %v, assumed %q; want the domain %s", name, host, err, s.Assumed, row.want)
		}
	}
	if _, err := Read([]byte(objects+told), proxiesOf("cluster.local")...); !errors.Is(err, ErrNoDomain) {
		t.Errorf("a recording of another cluster: %v", err)
	}
}
