package steps

import (
	"errors"
	"fmt"

	"mtls.test/conformance/e2e/envoy"
	"mtls.test/conformance/e2e/mesh"
)

// secrets reads the two secrets by which a proxy speaks mTLS, remembers them and returns their names in the report. Envoy
// holds a secret only while something uses it, so a proxy that is configured to speak in the clear may lack them.
func (p *Player) secrets(proxy mesh.Proxy, dump *envoy.Dump, needed bool) ([]string, error) {
	var names []string
	for _, name := range []string{envoy.WorkloadSecret, envoy.RootSecret} {
		secret, err := dump.Secret(name)
		if errors.Is(err, envoy.ErrAbsent) && !needed {
			continue
		}
		if err != nil {
			return nil, err
		}
		key := fmt.Sprintf("%s %s %s", proxy, name, secret.Version)
		p.held[key] = secret
		names = append(names, key)
	}
	return names, nil
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
