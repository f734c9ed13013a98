//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/tools/clientcmd"

	"mtls.test/conformance/e2e/artifact"
)

// planted are the secrets of a run: by the end none may be in its artifacts.
var planted []artifact.Canary

// plant adds a secret, once the search has found it where it belongs.
func plant(canary artifact.Canary, where []byte) {
	Expect(canary.In(where)).To(BeTrue(), "the search does not find %s where it is", canary.Name)
	planted = append(planted, canary)
}

// plantKeys plants the keys that the run comes by: those of the cluster's Secrets and of the kubeconfig.
func plantKeys(ctx context.Context) {
	for _, secret := range []struct{ namespace, name, key string }{
		{"istio-system", "ingress-tls", "tls.key"}, {"istio-system", "cacerts", "ca-key.pem"}, {"clients", "products-client", "tls.key"},
	} {
		content, err := client.SecretValue(ctx, secret.namespace, secret.name, secret.key)
		Expect(err).NotTo(HaveOccurred())
		canary, err := artifact.PrivateKey(fmt.Sprintf("%s of secret %s/%s", secret.key, secret.namespace, secret.name), content)
		Expect(err).NotTo(HaveOccurred())
		plant(canary, content)
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

// describeCanary sends a token over hops in the clear, where every observer comes by it.
func describeCanary() {
	It("leaves no secret in its artifacts", Serial, func(ctx SpecContext) {
		const sender = "plain-client"
		token, err := client.Token(ctx, "clients", sender, "canary")
		Expect(err).NotTo(HaveOccurred())
		plant(artifact.Token("the token of an Authorization header", token), []byte("authorization: Bearer "+token))
		player.Sender.Forge(sender, map[string]string{"authorization": "Bearer " + token})
		defer player.Sender.Forge(sender, nil)
		const id = "default-mesh"
		told, evidence := player.Play(ctx, caseOf(id))
		Expect(keep(filepath.Join(given.Artifacts, "canary", id), told, evidence)).To(Succeed())
		diagnose(ctx, "canary")
	})
}

// noSecrets looks for what was planted in all that the suite has written.
func noSecrets() {
	found, err := artifact.Search(os.DirFS(given.Artifacts), planted)
	Expect(err).NotTo(HaveOccurred())
	Expect(found).To(BeEmpty())
}
