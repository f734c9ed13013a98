package main

import (
	"context"
	"errors"
	"net/http"

	"mtls.test/conformance/e2e/live/cluster"
	"mtls.test/conformance/e2e/live/kialiclient"
	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/timeout"
)

// addKiali installs Istio's Kiali addon where KIALI=1 asks for it.
func (r *program) addKiali(ctx context.Context, client *kube.Client, images cluster.Images) error {
	if r.settings.values["KIALI"] != "1" {
		return nil
	}
	if images.Lane != "pull" {
		return badInput(errors.New("KIALI=1 needs LANE=pull: the source lane builds no Kiali"))
	}
	return r.during(step{name: "kiali", says: "installing Istio's Kiali addon"}, func() error {
		return kialiclient.Install(ctx, client, &http.Client{Timeout: timeout.KialiAddon.Duration()}, kialiclient.Addon(images.Istio.Version))
	})
}

// kialiText says for the report whether a Kiali is asked.
func kialiText(ctx context.Context, client *kube.Client) string {
	found, err := kialiclient.Find(ctx, client)
	if err != nil {
		return "skipped: " + err.Error()
	}
	return "asked at " + found.String()
}
