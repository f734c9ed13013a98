package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// pageSize bounds one answer to a list, in objects: what is listed need never be in memory as a whole.
const pageSize = 500

// ListPages passes each page of a list on as the API server sent it: JSON whose items do not say their kind. Path is /api/v1/pods
// or /apis/GROUP/VERSION/RESOURCE. A kind that the cluster does not serve has no page. It is for lists of thousands of objects,
// of which List would hold each as a value before it is read again.
func (c *Client) ListPages(ctx context.Context, path string, page func(content []byte) error) error {
	for next := ""; ; {
		request := c.clientset.CoreV1().RESTClient().Get().AbsPath(path).Param("limit", strconv.Itoa(pageSize)).SetHeader("Accept", "application/json")
		if next != "" {
			request = request.Param("continue", next)
		}
		content, err := request.Do(ctx).Raw()
		if apierrors.IsNotFound(err) && next == "" {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list %s: %w", path, err)
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
			return fmt.Errorf("list %s: %w", path, err)
		}
		if next = list.Metadata.Continue; next == "" {
			return nil
		}
	}
}
