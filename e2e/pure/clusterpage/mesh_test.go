package clusterpage

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

var about = About{
	Asked: "every service of the mesh", From: "kind-mesh", Istio: []string{"1.31.0"}, Kubernetes: "v1.36.3", At: time.Date(2026, 11, 29, 3, 17, 0, 0, time.UTC),
	Notes: []string{"not verified on the node"},
}

func written(t testing.TB, hosts ...tlscheck.Host) string {
	t.Helper()
	p := New()
	for _, host := range hosts {
		p.Add(host)
	}
	var out bytes.Buffer
	if err := p.Write(&out, about); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// of is a service of a namespace with its hops.
func of(namespace, name string, hops ...tlscheck.Hop) tlscheck.Host {
	host := tlscheck.Of(name+"."+namespace+".svc.cluster.local", hops)
	host.Namespace = namespace
	return host
}

// from is a hop whose policies ask for an outcome that its proxies are configured for.
func from(client, endpoint string, says hop.Outcome, why string) tlscheck.Hop {
	h := tlscheck.Hop{Client: client, Port: 8080, Endpoint: endpoint}
	h.Asked = oracle.Answer{Says: says, Why: why, Server: oracle.Server{Mode: oracle.Strict, Policy: "PeerAuthentication shop/default", Rule: oracle.ServerNamespace}}
	if says == hop.Refused {
		h.Asked.Refusal = hop.NoFilterChain
	}
	h.Configured = &tlscheck.Configured{Prediction: envoy.Prediction{Says: says, Refusal: h.Asked.Refusal, Why: why}}
	return h
}

// everyStatus is a mesh with a service of each status, and one without a client.
func everyStatus() []tlscheck.Host {
	differs := from("web/front", "shop/cart", hop.MTLS, "")
	differs.Configured.Says, differs.Configured.Why = hop.Plaintext, "the cluster has no TLS"
	unknown := from("web/front", "shop/stock", hop.MTLS, "")
	unknown.Unknown = "this account may not list /api/v1/endpoints"
	too := from("web/front", "shop/orders", hop.MTLS, "")
	too.Asked.Server.Mode = oracle.Permissive
	orders := of("shop", "orders", too, from("gateway/ingress", "shop/orders", hop.MTLS, ""))
	orders.WithoutProxy = []string{"batch/cron"}
	return []tlscheck.Host{
		orders,
		of("shop", "cart", differs, from("gateway/ingress", "shop/cart", hop.MTLS, "")),
		of("shop", "stock", unknown),
		of("legacy", "billing", from("web/front", "legacy/billing", hop.Plaintext, "the client sends plaintext, and legacy/billing is DISABLE")),
		of("legacy", "ledger", from("web/front", "legacy/ledger", hop.Refused, "the client sends plaintext, and legacy/ledger is STRICT")),
		of("idle", "nobody"),
	}
}

// large is a mesh of services with two ports and two endpoints each, all called by all clients. Where its hops lie apart, each client
// has a namespace and a reason of its own at each service, so that no two are alike.
func large(services, clients int, apart bool) []tlscheck.Host {
	var all []tlscheck.Host
	for s := range services {
		name, namespace := fmt.Sprintf("service-%04d", s), fmt.Sprintf("team-%02d", s%20)
		says := []hop.Outcome{hop.MTLS, hop.MTLS, hop.Plaintext, hop.Refused}[s%4]
		var hops []tlscheck.Hop
		for c := range clients {
			client := fmt.Sprintf("team-%02d/client-%02d-7f6d5c4b3-x2x4z", c%10, c)
			if apart {
				client = fmt.Sprintf("client-%02d/caller-7f6d5c4b3-x2x4z", c)
			}
			for pod := range 2 {
				endpoint := fmt.Sprintf("%s/%s-5d8f9c7b6-abcd%d", namespace, name, pod)
				why := fmt.Sprintf("the client sends plaintext, and %s is STRICT", endpoint)
				if apart {
					why = fmt.Sprintf("Sidecar client-%02d/default keeps %s.%s.svc.cluster.local from %s, so that it leaves by PassthroughCluster: %s", c, name, namespace, client, why)
				}
				for _, port := range []uint16{8080, 9000} {
					h := from(client, endpoint, says, why)
					h.Port = port
					hops = append(hops, h)
				}
			}
		}
		host := of(namespace, name, hops...)
		if apart && says == hop.MTLS {
			for _, row := range host.Rows {
				for i := range row.Hops {
					row.Hops[i].Reason = row.Hops[i].Asked.Why
				}
			}
		}
		all = append(all, host)
	}
	return all
}
