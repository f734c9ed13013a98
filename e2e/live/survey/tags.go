package survey

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"mtls.test/conformance/e2e/live/kube"
)

// webhooks is where the injectors' webhooks are listed, which say the revision that a tag stands for
// (https://istio.io/latest/docs/setup/upgrade/canary/#stable-revision-labels).
const (
	webhooks = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
	tagLabel = "istio.io/tag"
)

// readTags reads the revision that each tag stands for. Where it may not, none is known.
func readTags(ctx context.Context, client *kube.Client) (map[string]string, error) {
	tags := map[string]string{}
	err := client.ListPages(ctx, webhooks, func(content []byte) error {
		var list struct {
			Items []struct {
				Metadata struct {
					Labels map[string]string `json:"labels"`
				} `json:"metadata"`
			} `json:"items"`
		}
		if err := json.Unmarshal(content, &list); err != nil {
			return fmt.Errorf("list of webhooks: %w", err)
		}
		for _, item := range list.Items {
			if tag, revision := item.Metadata.Labels[tagLabel], item.Metadata.Labels[revisionLabel]; tag != "" && revision != "" {
				tags[tag] = revision
			}
		}
		return nil
	})
	if apierrors.IsForbidden(err) {
		return nil, nil
	}
	return tags, err
}
