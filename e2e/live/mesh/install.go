package mesh

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/timeout"
)

// Install says which Istio to install, and how.
type Install struct {
	Istioctl   string // path of the istioctl of the version to install: it is the only installer
	Kubeconfig string
	Hub        string
	Tag        string
	Profile    string // default or vanilla: fixtures/istio/PROFILE.yaml over mesh.yaml
	Revision   string // of a control plane beside the one that the proxies have; empty for theirs
	Fixtures   fs.FS
	Say        func(line string)
}

// mark records in the cluster what was installed, so that a kept cluster with the same mesh skips the install.
func (i Install) mark(hash string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "mtls-conformance-mesh"},
		Data:       map[string]string{"install": hash},
	}
}

// Run installs Istio, or finds it installed just so.
func (i Install) Run(ctx context.Context, k *kube.Client) error {
	folder, err := os.MkdirTemp("", "mtls-istio-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	hash := sha256.New()
	_, _ = fmt.Fprintln(hash, i.Hub, i.Tag)
	arguments := []string{"install", "--skip-confirmation", "--kubeconfig", i.Kubeconfig, "--set", "hub=" + i.Hub, "--set", "tag=" + i.Tag}
	files := []string{"mesh.yaml", i.Profile + ".yaml"}
	if i.Revision != "" {
		files = append(files, "revision.yaml")
		arguments = append(arguments, "--revision", i.Revision)
	}
	for _, name := range files {
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
	if i.Revision != "" {
		return i.istioctl(ctx, arguments)
	}
	mark := i.mark(hex.EncodeToString(hash.Sum(nil)))
	if i.installed(ctx, k, mark) {
		i.Say("istio is installed just so")
		return nil
	}
	if err := i.istioctl(ctx, arguments); err != nil {
		return err
	}
	return k.Apply(ctx, mark)
}

// uninstall removes the control plane of a revision.
func (i Install) uninstall(ctx context.Context) error {
	return i.istioctl(ctx, []string{"uninstall", "--skip-confirmation", "--kubeconfig", i.Kubeconfig, "--revision", i.Revision})
}

func (i Install) installed(ctx context.Context, k *kube.Client, mark *corev1.ConfigMap) bool {
	var found corev1.ConfigMap
	return k.Get(ctx, mark.Namespace, mark.Name, &found) == nil && found.Data["install"] == mark.Data["install"]
}

func (i Install) istioctl(ctx context.Context, arguments []string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout.Install.Duration())
	defer cancel()
	command := exec.CommandContext(ctx, i.Istioctl, arguments...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = timeout.InstallGrace.Duration()
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	read, write := io.Pipe()
	command.Stdout, command.Stderr = write, write
	told := make(chan string)
	go func() {
		var all strings.Builder
		for lines := bufio.NewScanner(read); lines.Scan(); {
			line := strings.TrimSpace(lines.Text())
			fmt.Fprintln(&all, line)
			if strings.HasPrefix(line, "✔") || strings.HasPrefix(line, "✘") {
				i.Say("istioctl: " + line)
			}
		}
		_, _ = io.Copy(io.Discard, read)
		told <- all.String()
	}()
	err := command.Run()
	_ = write.Close()
	output := <-told
	if err != nil {
		return fmt.Errorf("istioctl %s: %w\n%s", arguments[0], err, output)
	}
	return nil
}
