package survey

import (
	"context"
	"strings"

	"mtls.test/conformance/e2e/live/kube"
)

// kindAt is a kind of objects, by where it is listed; of two versions the first that is served.
type kindAt struct {
	kind  string
	paths []string
}

// Lists passes on each page of the lists that a survey reads, as the API server gives it: JSON whose items do not say their
// apiVersion and kind. Secrets are none of them. The error of page ends it.
func Lists(ctx context.Context, client *kube.Client, page func(apiVersion, kind string, list []byte) error) error {
	for _, one := range listed {
		for _, path := range one.paths {
			pages := 0
			err := client.ListPages(ctx, path, func(content []byte) error {
				pages++
				return page(versionOfPath(path), one.kind, content)
			})
			if err != nil {
				return err
			}
			if pages > 0 {
				break
			}
		}
	}
	return nil
}

// versionOfPath is the apiVersion of a list's path: /api/v1/pods, /apis/GROUP/VERSION/RESOURCE.
func versionOfPath(path string) string {
	words := strings.Split(strings.Trim(path, "/"), "/")
	return strings.Join(words[1:len(words)-1], "/")
}
