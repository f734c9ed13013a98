package kube

import (
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SecretValue returns one value of a Secret.
func (c *Client) SecretValue(ctx context.Context, namespace, name, key string) ([]byte, error) {
	var secret corev1.Secret
	if err := c.Get(ctx, namespace, name, &secret); err != nil {
		return nil, err
	}
	value, found := secret.Data[key]
	if !found {
		return nil, fmt.Errorf("%s has no key %s", Name(&secret), key)
	}
	return value, nil
}

// Token asks for a token of a ServiceAccount that is good for an audience and for ten minutes.
func (c *Client) Token(ctx context.Context, namespace, account, audience string) (string, error) {
	seconds := int64(600)
	of := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: account}}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{audience}, ExpirationSeconds: &seconds}}
	if err := c.objects.SubResource("token").Create(ctx, of, request); err != nil {
		return "", fmt.Errorf("token of %s: %w", Name(of), err)
	}
	return request.Status.Token, nil
}
