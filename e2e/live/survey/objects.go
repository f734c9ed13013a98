package survey

import (
	"context"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/live/kube"
)

// kindAt is a kind of objects, by where it is listed; of two versions the first that is served.
type kindAt struct {
	kind  string
	paths []string
}

// besides are kinds that a recording of a cluster keeps beside those that a survey reads.
var besides = []kindAt{
	{"AuthorizationPolicy", []string{"/apis/security.istio.io/v1/authorizationpolicies", "/apis/security.istio.io/v1beta1/authorizationpolicies"}},
	{"EndpointSlice", []string{"/apis/discovery.k8s.io/v1/endpointslices"}},
}

// Lists passes on each page of the lists that a survey reads, and of those besides, as the API server gives it: JSON whose items
// do not say their apiVersion and kind. Secrets are none of them. The error of page ends it.
func Lists(ctx context.Context, client *kube.Client, page func(apiVersion, kind string, list []byte) error) error {
	for _, one := range all() {
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

// all are the kinds that are listed and those besides, each once.
func all() []kindAt {
	kinds := slices.Clone(listed)
	for _, one := range besides {
		if !slices.ContainsFunc(kinds, func(known kindAt) bool { return known.kind == one.kind }) {
			kinds = append(kinds, one)
		}
	}
	return kinds
}

// versionOfPath is the apiVersion of a list's path: /api/v1/pods, /apis/GROUP/VERSION/RESOURCE.
func versionOfPath(path string) string {
	words := strings.Split(strings.Trim(path, "/"), "/")
	return strings.Join(words[1:len(words)-1], "/")
}
