package survey

import (
	"fmt"
	"reflect"
	"strings"

	"mtls.test/conformance/e2e/pure/oracle"
)

// planeOf is the plane that configures a workload's proxy. Its revision may be a tag. One without a revision is of the first plane,
// and so is each of a cluster that has one plane.
func (s *Survey) planeOf(w oracle.Workload) (plane Plane, found bool) {
	revision := w.Revision
	if own, tagged := s.tags[revision]; tagged {
		revision = own
	}
	for _, own := range s.Planes {
		if own.Revision == revision {
			return own, true
		}
	}
	return s.Planes[0], revision == "" || len(s.Planes) == 1
}

// Differ says why one snapshot does not tell of a hop between the proxies of two workloads: their planes differ in what both ends
// must have alike, or a plane is not known. It is empty where the planes are one, or alike. What the client's plane alone
// decides, such as auto-mTLS, may differ.
func (s *Survey) Differ(client, server oracle.Workload) string {
	for _, end := range []oracle.Workload{client, server} {
		if _, found := s.planeOf(end); !found && end.HasProxy {
			return fmt.Sprintf("the proxy of %s is of revision %s, for which no istiod runs here, and no tag of that name can be read", end, end.Revision)
		}
	}
	a, _ := s.planeOf(client)
	b, _ := s.planeOf(server)
	if !client.HasProxy || !server.HasProxy {
		return ""
	}
	settings := differing(a, b)
	if len(settings) == 0 {
		return ""
	}
	return fmt.Sprintf("the proxies of %s and %s are of two control planes, %s and %s, which differ in %s", client, server, a.Revision, b.Revision, strings.Join(settings, ", "))
}

// differing names the settings in which two planes differ, of those that both ends of a hop must have alike.
func differing(a, b Plane) []string {
	var all []string
	for _, one := range []struct {
		name string
		a, b any
	}{
		{"rootNamespace", a.Mesh.RootNamespace, b.Mesh.RootNamespace},
		{"trustDomain", a.Mesh.TrustDomain, b.Mesh.TrustDomain},
		{"trustDomainAliases", a.Mesh.Aliases, b.Mesh.Aliases},
		{"caCertificates", a.Mesh.CADomains, b.Mesh.CADomains},
		{"the cluster's domain", a.Mesh.Domain, b.Mesh.Domain},
		{"meshMTLS.minProtocolVersion", a.Mesh.MinVersion, b.Mesh.MinVersion},
		{"tlsDefaults.minProtocolVersion", a.Mesh.DefaultMinVersion, b.Mesh.DefaultMinVersion},
		{"meshMTLS.cipherSuites", a.Mesh.CipherSuites, b.Mesh.CipherSuites},
	} {
		if !reflect.DeepEqual(one.a, one.b) {
			all = append(all, one.name)
		}
	}
	switch {
	case a.Namespace == b.Namespace:
		// They hold one CA, and write one ConfigMap.
	case a.Root == "" || b.Root == "":
		all = append(all, "the root certificate, which could not be read of both")
	case a.Root != b.Root:
		all = append(all, "the root certificate")
	}
	return all
}
