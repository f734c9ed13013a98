package inspect

import (
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// unopened is true of a gateway's port that no Gateway object opens.
func unopened(answer oracle.EndpointAnswer) bool {
	return answer.Server.Rule == oracle.ServerGateway && answer.Server.Policy == ""
}

func (in *Inspector) hop(host oracle.Host, port oracle.Port, client oracle.Workload, answer oracle.EndpointAnswer, route hop.Route, proxies *proxies, untold func(oracle.EndpointAnswer) (string, bool)) tlscheck.Hop {
	h := tlscheck.Hop{Client: client.String(), Port: port.Number, Endpoint: answer.Endpoint, Address: answer.Address, Behind: answer.Port, Asked: answer.Answer}
	server, known := in.Survey.Workload(answer.Endpoint)
	why, ambient := untold(answer)
	if why == "" && known {
		why = in.Survey.Differ(client, server)
	}
	if why != "" {
		h.Asked = oracle.Answer{Why: why, Server: answer.Server, Client: answer.Client}
	}
	h.Ambient = ambient
	if proxies != nil && (proxies.reads(client) || known && proxies.reads(server)) {
		h.Configured = proxies.configured(host, port, client, server, known, answer, route.Cluster)
	}
	if len(in.Survey.Assumed) > 0 && h.Configured != nil {
		// The mesh of recorded proxies may have another trust domain than is assumed, and its workloads other accounts.
		h.Asked.Identities = oracle.Identities{ServerNames: h.Asked.Identities.ServerNames}
	}
	return h
}
