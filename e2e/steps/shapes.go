package steps

import (
	"encoding/json"
	"time"

	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/verdict"
)

// shapes reduces facts to what a policy decides, leaving out when it was received and which certificate is in use.
func shapes(facts map[hop.Hop]verdict.Config) map[hop.Hop]string {
	all := map[hop.Hop]string{}
	for h, config := range facts {
		config.Secrets = verdict.ProxySecrets{}
		if config.Client != nil {
			client := *config.Client
			client.Updated = time.Time{}
			config.Client = &client
		}
		if config.Server != nil {
			server := *config.Server
			server.Updated = time.Time{}
			config.Server = &server
		}
		shape, err := json.Marshal(config)
		if err != nil {
			shape = []byte(err.Error())
		}
		all[h] = string(shape)
	}
	return all
}
