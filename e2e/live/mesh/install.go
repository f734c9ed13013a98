package mesh

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mtls.test/conformance/e2e/live/kube"
)

// Install says which Istio to install, and how.
type Install struct {
	Istioctl Istioctl // of the version to install
	Hub      string
	Tag      string
	Profile  string   // default or vanilla: fixtures/istio/PROFILE.yaml over mesh.yaml
	Over     []string // further files of fixtures/istio, each over those before; with none all of Istio is installed
	Revision string   // of the control plane; empty for the default one
	Fixtures fs.FS
}

// mark records in the cluster what was installed, so that a kept cluster with the same mesh skips the install.
func (i Install) mark(hash string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "mtls-conformance-mesh"},
		Data:       map[string]string{"install": hash},
	}
}

// Run installs Istio, or finds all of it installed just so.
func (i Install) Run(ctx context.Context, k *kube.Client) error {
	folder, err := os.MkdirTemp("", "mtls-istio-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	hash := sha256.New()
	_, _ = fmt.Fprintln(hash, i.Hub, i.Tag)
	arguments := []string{"install", "--skip-confirmation", "--set", "hub=" + i.Hub, "--set", "tag=" + i.Tag}
	if i.Revision != "" {
		arguments = append(arguments, "--revision", i.Revision)
	}
	for _, name := range append([]string{"mesh.yaml", i.Profile + ".yaml"}, i.Over...) {
		values, err := fs.ReadFile(i.Fixtures, "istio/"+name)
		if err != nil {
			return fmt.Errorf("profile %s: %w", i.Profile, err)
		}
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, values, 0o600); err != nil {
			return err
		}
		_, _ = hash.Write(values)
		arguments = append(arguments, "--filename", file)
	}
	if len(i.Over) > 0 {
		return i.Istioctl.Run(ctx, arguments...)
	}
	mark := i.mark(hex.EncodeToString(hash.Sum(nil)))
	if i.installed(ctx, k, mark) {
		i.Istioctl.Say("istio is installed just so")
		return nil
	}
	if err := i.Istioctl.Run(ctx, arguments...); err != nil {
		return err
	}
	return k.Apply(ctx, mark)
}

// Uninstall removes the control plane of a revision.
func (i Install) Uninstall(ctx context.Context) error {
	return i.Istioctl.Run(ctx, "uninstall", "--skip-confirmation", "--revision", i.Revision)
}

func (i Install) installed(ctx context.Context, k *kube.Client, mark *corev1.ConfigMap) bool {
	var found corev1.ConfigMap
	return k.Get(ctx, mark.Namespace, mark.Name, &found) == nil && found.Data["install"] == mark.Data["install"]
}
