package inspect

import (
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/oracle"
)

// Istio names a file's secret by its kind and its path; of a certificate its key's path follows
// (istio/istio pkg/security/security.go, ResourceName).
const (
	certificateFile = "file-cert:"
	rootFile        = "file-root:"
)

// under is the snapshot that holds for a client, with the files of which its proxy says that they hold the mesh's own
// certificate or roots.
func (in *Inspector) under(client oracle.Workload, proxies *proxies) oracle.Snapshot {
	snapshot := in.Survey.Under(client)
	if proxies == nil {
		return snapshot
	}
	if files := proxies.files[client.String()]; len(files) > 0 {
		snapshot.Credentials = slices.Concat(files, snapshot.Credentials)
	}
	return snapshot
}

// meshFiles are the files that a proxy has read, as far as they are of the mesh: a certificate that the mesh's root has signed, and
// a set of roots with that root among them.
func meshFiles(dump *envoy.Dump) []oracle.Credential {
	mesh, err := dump.Secret(envoy.RootSecret)
	if err != nil {
		return nil
	}
	var all []oracle.Credential
	for _, name := range dump.SecretNames() {
		secret, err := dump.Secret(name)
		if err != nil {
			continue
		}
		if path, found := strings.CutPrefix(name, certificateFile); found && secret.Identity != "" && secret.SignedUnder(mesh) {
			path, _, _ = strings.Cut(path, "~")
			all = append(all, oracle.Credential{Name: path, Certificate: oracle.OfMesh})
		}
		if path, found := strings.CutPrefix(name, rootFile); found && slices.ContainsFunc(secret.Roots, mesh.Trusts) {
			all = append(all, oracle.Credential{Name: path, TrustsMesh: true})
		}
	}
	return all
}
