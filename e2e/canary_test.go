//go:build e2e

package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/tools/clientcmd"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/fixtures/agent/control"
	"mtls.test/conformance/fixtures/agent/probe"
)

// planted are the secrets of a run: by the end none may be in its artifacts.
var planted []artifact.Canary

// plant adds a secret, once the search has found it where it belongs.
func plant(canary artifact.Canary, where []byte) {
	Expect(canary.In(where)).To(BeTrue(), "the search does not find %s where it is", canary.Name)
	planted = append(planted, canary)
}

// ofMesh are the mesh's own keys, of clusters of the suite's own: another's are not read.
var ofMesh = []secretKey{{fixture.RootNamespace, "ingress-tls", "tls.key"}, {fixture.RootNamespace, "cacerts", "ca-key.pem"}}

type secretKey struct{ namespace, name, key string }

// plantKeys plants the keys that the run comes by: those of the cluster's Secrets and of the kubeconfig.
func plantKeys(ctx context.Context) {
	secrets := []secretKey{{given.Placement.In(fixture.ClientsNamespace), "products-client", "tls.key"}}
	if !given.Placement.Existing {
		secrets = append(secrets, ofMesh...)
	}
	for _, secret := range secrets {
		content, err := client.SecretValue(ctx, secret.namespace, secret.name, secret.key)
		Expect(err).NotTo(HaveOccurred())
		canary, err := artifact.PrivateKey(fmt.Sprintf("%s of secret %s/%s", secret.key, secret.namespace, secret.name), content)
		Expect(err).NotTo(HaveOccurred())
		plant(canary, content)
	}
	if given.Placement.Existing {
		return // how a person proves who they are there is for kubectl to know
	}
	kubeconfig, err := os.ReadFile(given.Kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	config, err := clientcmd.Load(kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	for _, user := range config.AuthInfos {
		canary, err := artifact.PrivateKey("the kubeconfig's key", user.ClientKeyData)
		Expect(err).NotTo(HaveOccurred())
		plant(canary, kubeconfig)
	}
}

// plantRequested has the probe's pod ask istiod for a certificate, with a key and a token of the kind that the kubelet projects
// which are known here, and use it; and plants the two.
func plantRequested(ctx context.Context) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	der, err := x509.MarshalPKCS8PrivateKey(key)
	Expect(err).NotTo(HaveOccurred())
	block := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	token, err := client.Token(ctx, given.Placement.In(fixture.ClientsNamespace), plainClient, "istio-ca")
	Expect(err).NotTo(HaveOccurred())
	server := caseRunner.Places.Services["product-service"].First()
	var answer control.ProbeAnswer
	Expect(caseRunner.Mesh.Control(ctx, caseRunner.Places.Clients[plainClient].First().Proxy, control.PathProbe, control.ProbeRequest{Probes: []probe.Request{{
		ID: given.RunID + "-csr", Address: netip.AddrPortFrom(server.Address, 8080).String(), ALPN: []string{"istio"},
		Present: probe.Mesh, Key: string(block), Token: token, Inside: probe.HTTP,
	}}}, &answer)).To(Succeed())
	Expect(answer.Results).To(HaveLen(1))
	Expect(answer.Results[0].Answered).To(BeTrue(), "%+v", answer.Results[0])
	canary, err := artifact.PrivateKey("the key of a CSR", block)
	Expect(err).NotTo(HaveOccurred())
	plant(canary, block)
	plant(artifact.Token("the token of a CSR", token), []byte(token))
}

const plainClient = "plain-client"

// describeCanary sends a token over hops in the clear, where every observer comes by it.
func describeCanary() {
	It("leaves no secret in its artifacts", Serial, func(ctx SpecContext) {
		const sender = plainClient
		token, err := client.Token(ctx, given.Placement.In(fixture.ClientsNamespace), sender, "canary")
		Expect(err).NotTo(HaveOccurred())
		plant(artifact.Token("the token of an Authorization header", token), []byte("authorization: Bearer "+token))
		caseRunner.Sender.Forge(sender, map[string]string{"authorization": "Bearer " + token})
		defer caseRunner.Sender.Forge(sender, nil)
		plantRequested(ctx)
		const id = "default-mesh"
		judged, evidence := caseRunner.Run(ctx, caseOf(id))
		Expect(keep(filepath.Join(given.Artifacts, "canary", id), judged, evidence)).To(Succeed())
		diagnose(ctx, "canary")
	})
}

// noSecrets looks for what was planted in all that the suite has written.
func noSecrets() {
	found, err := artifact.Search(os.DirFS(given.Artifacts), planted)
	Expect(err).NotTo(HaveOccurred())
	Expect(found).To(BeEmpty())
}
