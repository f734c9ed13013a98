package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pageSize bounds one answer to a list, in objects: what is listed need never be in memory as a whole.
const pageSize = 500

// ListPages passes each page of a list on as the API server sent it: JSON whose items do not say their kind. At is /api/v1/pods
// or /apis/GROUP/VERSION/RESOURCE. A kind that the cluster does not serve has no page, also where the account may not list it. It
// is for lists of thousands of objects, of which List would hold each as a value before it is read again.
func (c *Client) ListPages(ctx context.Context, at string, page func(content []byte) error) error {
	for next := ""; ; {
		request := c.clientset.CoreV1().RESTClient().Get().AbsPath(at).Param("limit", strconv.Itoa(pageSize)).SetHeader("Accept", "application/json")
		if next != "" {
			request = request.Param("continue", next)
		}
		content, err := request.Do(ctx).Raw()
		if next == "" && (apierrors.IsNotFound(err) || apierrors.IsForbidden(err) && !c.serves(ctx, at)) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list %s: %w", at, err)
		}
		if err := page(content); err != nil {
			return err
		}
		var list struct {
			Metadata struct {
				Continue string `json:"continue"`
			} `json:"metadata"`
		}
		if err := json.Unmarshal(content, &list); err != nil {
			return fmt.Errorf("list %s: %w", at, err)
		}
		if next = list.Metadata.Continue; next == "" {
			return nil
		}
	}
}

// serves reports whether the cluster serves a list, and true where it does not say so. The API server refuses whoever may not list a
// kind before it looks whether there is such a kind; the kinds of a group every account may ask for
// (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles).
func (c *Client) serves(ctx context.Context, list string) bool {
	content, err := c.clientset.CoreV1().RESTClient().Get().AbsPath(path.Dir(list)).SetHeader("Accept", "application/json").Do(ctx).Raw()
	if err != nil {
		return !apierrors.IsNotFound(err)
	}
	var served metav1.APIResourceList
	if err := json.Unmarshal(content, &served); err != nil {
		return true
	}
	return slices.ContainsFunc(served.APIResources, func(one metav1.APIResource) bool { return one.Name == path.Base(list) })
}
