//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"io/fs"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/live/tlscheck/inspect"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// The guide's row is what tls-check printed for namespace STRICT and the guide's own rule.
func describeTLSCheck() {
	Describe("tls-check", Serial, func() {
		It("prints the guide's row cell for cell", SpecTimeout(timeout.TLSCheck.Duration()), func(ctx SpecContext) {
			onlyOwn()
			want, err := fs.ReadFile(files, "guide/tls-check.txt")
			Expect(err).NotTo(HaveOccurred())
			var got string
			Expect(caseRunner.WithPolicies(ctx, "namespace-strict", []string{"namespace-strict.yaml", "guide/product-service-mtls.yaml"}, func(ctx context.Context) error {
				got, err = tlsCheck(ctx, "product-service.default.svc.cluster.local")
				return err
			})).To(Succeed())
			Expect(got).To(Equal(string(want)))
		})
	})
}

// tlsCheck is what `tls-check SERVICE` prints.
func tlsCheck(ctx context.Context, service string) (string, error) {
	found, err := survey.Take(ctx, client)
	if err != nil {
		return "", err
	}
	host, err := found.Snapshot.Host(service, "default")
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	table := tlscheck.NewTable(&out, false)
	check := inspect.Inspector{Survey: found, Mesh: mesh.New(client)}
	if err := check.Inspect(ctx, inspect.Request{Hosts: []oracle.Host{host}}, table.Write); err != nil {
		return "", err
	}
	err = table.Close()
	return out.String(), err
}
