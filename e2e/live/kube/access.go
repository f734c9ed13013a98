package kube

import (
	"context"
	"fmt"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
)

// Access is one thing to be done in a cluster, in RBAC's words.
type Access struct {
	Verb      string
	Group     string // empty for the core
	Resource  string // with its subresource: pods/exec
	Namespace string // empty for the whole cluster
}

// String is as kubectl auth can-i takes it: create pods/exec -n default.
func (a Access) String() string {
	text := a.Verb + " " + a.Resource
	if a.Group != "" {
		text += "." + a.Group
	}
	if a.Namespace == "" {
		return text
	}
	return fmt.Sprintf("%s -n %s", text, a.Namespace)
}

// May asks the API server whether the client may do something.
func (c *Client) May(ctx context.Context, access Access) (bool, error) {
	resource, subresource, _ := strings.Cut(access.Resource, "/")
	review := &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: access.Verb, Group: access.Group, Resource: resource, Subresource: subresource, Namespace: access.Namespace,
		}},
	}
	if err := c.objects.Create(ctx, review); err != nil {
		return false, fmt.Errorf("ask for leave to %s: %w", access, err)
	}
	return review.Status.Allowed, nil
}

// Version is that of the API server, v1.36.3.
func (c *Client) Version() (string, error) {
	version, err := c.clientset.Discovery().ServerVersion()
	if err != nil {
		return "", err
	}
	return version.GitVersion, nil
}
