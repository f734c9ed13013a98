package runner

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
func (p *Player) secrets(proxy mesh.Proxy, dump *envoy.Dump, needed bool) (names []string, serial string, err error) {
	for _, name := range []string{envoy.WorkloadSecret, envoy.RootSecret} {
		secret, err := dump.Secret(name)
		if errors.Is(err, envoy.ErrAbsent) && !needed {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		key := fmt.Sprintf("%s %s %s", proxy, name, secret.Version)
		p.held[key] = secret
		names = append(names, key)
		if name == envoy.WorkloadSecret {
			serial = secret.Serial
		}
	}
	return names, serial, nil
}

// renewed reads the certificates of a check's proxies again where an end was shown another than was held before the
// attempt: it may have been renewed in between.
func (r *round) renewed(ctx context.Context, check *verdict.Check) error {
	secrets := &check.Config.Secrets
	for _, end := range []struct {
		shown  string
		names  *[]string
		serial *string
		proxy  mesh.Proxy
	}{
		{check.ShownByClient(), &secrets.Client, &secrets.ClientSerial, r.Places.Clients[check.From].Proxy},
		{check.ShownByServer(), &secrets.Server, &secrets.ServerSerial, r.servers[check.ID].Proxy},
	} {
		if end.shown == "" || *end.serial == "" || end.shown == *end.serial {
			continue
		}
		dump, err := r.Mesh.Dump(ctx, end.proxy, envoy.Wanted{})
		if err != nil {
			return err
		}
		if *end.names, *end.serial, err = r.secrets(end.proxy, dump, true); err != nil {
			return err
		}
	}
	return nil
}

// told are the secrets that the checks of a case name.
func (p *play) told() map[string]envoy.SecretFacts {
	told := map[string]envoy.SecretFacts{}
	for _, check := range p.verdict.Checks {
		for _, names := range [][]string{check.Config.Secrets.Client, check.Config.Secrets.Server} {
			for _, name := range names {
				told[name] = p.held[name]
			}
		}
	}
	return told
}
