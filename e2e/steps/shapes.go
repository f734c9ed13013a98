package steps

import (
	"context"
	"encoding/json"
	"time"

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/verdict"
)

// shapes reads how every hop of the world is configured, reduced to what a policy decides, by the hop's text.
func (p *Player) shapes(ctx context.Context) (map[string]string, error) {
	var all []attempt
	for _, h := range p.World.Hops() {
		service, _, _ := p.World.Port(h.To)
		for _, workload := range service.Workloads {
			if service.Kind == fixture.GatewayPod {
				continue
			}
			subset := ""
			if len(service.Workloads) > 1 {
				subset = workload.Subset()
			}
			all = append(all, attempt{Hop: h, want: fixture.Expect{Subset: subset}, id: h.String() + " " + subset})
		}
	}
	facts, err := p.facts(ctx, all)
	if err != nil {
		return nil, err
	}
	reduced := map[string]string{}
	for id, config := range facts {
		reduced[id] = shape(config)
	}
	return reduced, nil
}

// shape leaves out when the configuration was received and which certificate is in use.
func shape(config verdict.Config) string {
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
	text, err := json.Marshal(config)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
