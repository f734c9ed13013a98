package mesh

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Stated asks every binary of a mesh for the version of Istio that it states: each proxy by its own node metadata, and istioctl for
// its own, for those of the istiods and for those that istiod knows of the proxies.
func (m *Mesh) Stated(ctx context.Context, istioctl, kubeconfig string, proxies []Proxy) ([]verdict.Stated, error) {
	var all []verdict.Stated
	for _, proxy := range proxies {
		stated := verdict.Stated{By: "node metadata of " + proxy.String()}
		node, err := m.statedNode(ctx, proxy)
		if err != nil {
			stated.Missing = err.Error()
		}
		stated.Version = node.Istio
		all = append(all, stated)
	}
	command := exec.CommandContext(ctx, istioctl, "version", "--output", "json", "--kubeconfig", kubeconfig)
	command.WaitDelay = timeout.InstallGrace.Duration()
	var said bytes.Buffer
	command.Stderr = &said
	answer, err := command.Output()
	if err != nil {
		return all, fmt.Errorf("istioctl version: %w: %s", err, strings.TrimSpace(said.String()))
	}
	told, err := statedByIstioctl(answer, proxies)
	return append(all, told...), err
}

// statedNode is what a proxy states of itself.
func (m *Mesh) statedNode(ctx context.Context, proxy Proxy) (envoy.Node, error) {
	var dump bytes.Buffer
	if err := m.Admin(ctx, proxy, "/config_dump", &dump); err != nil {
		return envoy.Node{}, fmt.Errorf("config_dump of %s: %w", proxy, err)
	}
	return envoy.ReadNode(&dump)
}

// statedByIstioctl reads `istioctl version -o json`, which leaves out what it could not ask (istio/istio pkg/version/cobra.go).
func statedByIstioctl(answer []byte, proxies []Proxy) ([]verdict.Stated, error) {
	type build struct {
		Version string `json:"version"`
	}
	var told struct {
		Client build `json:"clientVersion"`
		Mesh   []struct {
			Component string
			Revision  string
			Info      build
		} `json:"meshVersion"`
		DataPlane []struct {
			ID           string
			IstioVersion string
		} `json:"dataPlaneVersion"`
	}
	if err := json.Unmarshal(answer, &told); err != nil {
		return nil, fmt.Errorf("istioctl version: %w", err)
	}
	all := []verdict.Stated{{By: "istioctl", Version: told.Client.Version}}
	for _, one := range told.Mesh {
		all = append(all, verdict.Stated{By: fmt.Sprintf("%s of revision %s", one.Component, one.Revision), Version: one.Info.Version})
	}
	if len(told.Mesh) == 0 {
		all = append(all, verdict.Stated{By: "istiod", Missing: "istioctl version names no istiod"})
	}
	known := map[string]string{}
	for _, one := range told.DataPlane {
		known[one.ID] = one.IstioVersion
	}
	for _, proxy := range proxies {
		stated := verdict.Stated{By: "istiod of " + proxy.String(), Version: known[proxy.id()]}
		if _, found := known[proxy.id()]; !found {
			stated.Missing = "istioctl version does not list proxy " + proxy.id()
		}
		all = append(all, stated)
	}
	return all, nil
}
