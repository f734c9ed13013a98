package hopconfig

import (
	"context"
	"errors"
	"fmt"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/verdict"
)

// secrets reads the two secrets by which a proxy speaks mTLS, remembers them and returns their names in the report and
// the serial of its own certificate. Envoy holds a secret only while something uses it, so a proxy that is configured to
// speak in the clear may lack them.
func (r *Reader) secrets(proxy mesh.Proxy, dump *envoy.Dump, needed bool) (names []string, serial string, err error) {
	for _, name := range []string{envoy.WorkloadSecret, envoy.RootSecret} {
		secret, err := dump.Secret(name)
		if errors.Is(err, envoy.ErrAbsent) && !needed {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		key := fmt.Sprintf("%s %s %s", proxy, name, secret.Version)
		if r.held == nil {
			r.held = map[string]envoy.SecretFacts{}
		}
		r.held[key] = secret
		names = append(names, key)
		if name == envoy.WorkloadSecret {
			serial = secret.Serial
		}
	}
	return names, serial, nil
}

// Renewed reads the certificates of a check's proxies again where an end was shown another than was held before the
// attempt: it may have been renewed in between.
func (r *Reader) Renewed(ctx context.Context, check *verdict.Check, client, server mesh.Proxy) error {
	secrets := &check.Config.Secrets
	for _, end := range []struct {
		shown  string
		names  *[]string
		serial *string
		proxy  mesh.Proxy
	}{
		{check.ShownByClient(), &secrets.Client, &secrets.ClientSerial, client},
		{check.ShownByServer(), &secrets.Server, &secrets.ServerSerial, server},
	} {
		if end.shown == "" || *end.serial == "" || end.shown == *end.serial {
			continue
		}
		dump, err := r.Dump(ctx, end.proxy, envoy.Wanted{})
		if err != nil {
			return err
		}
		if *end.names, *end.serial, err = r.secrets(end.proxy, dump, true); err != nil {
			return err
		}
	}
	return nil
}

// Serial reads the serial of the certificate that a proxy holds for the mesh.
func (r *Reader) Serial(ctx context.Context, proxy mesh.Proxy) (string, error) {
	dump, err := r.Dump(ctx, proxy, envoy.Wanted{})
	if err != nil {
		return "", err
	}
	held, err := dump.Secret(envoy.WorkloadSecret)
	return held.Serial, err
}

// SecretsOf are the secrets that checks name.
func (r *Reader) SecretsOf(checks []verdict.Check) map[string]envoy.SecretFacts {
	named := map[string]envoy.SecretFacts{}
	for _, check := range checks {
		for _, names := range [][]string{check.Config.Secrets.Client, check.Config.Secrets.Server} {
			for _, name := range names {
				named[name] = r.held[name]
			}
		}
	}
	return named
}

// ForgetSecrets forgets the secrets that were read so far.
func (r *Reader) ForgetSecrets() { clear(r.held) }
