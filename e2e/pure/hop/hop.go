// Package hop defines the terms of the suite: what a hop is, its expected outcome, and what an observer saw of it.
// Its JSON tags are the format of report.json; there is no second set of structs.
package hop

// Hop is one client workload, one service port, one direction.
type Hop struct {
	// From is the client by its name in the world: gateway, client or plain-client.
	From string `json:"from"`
	// To is the server by service and service port: product-service:50051.
	To ServicePort `json:"to"`
}

// String returns the hop as the console prints it: "gateway -> product-service:50051".
func (h Hop) String() string { return h.From + " -> " + h.To.String() }

// ClientKind is what stands between a client and the network, and decides who can observe it.
type ClientKind string

// The kinds of client.
const (
	Gateway ClientKind = "gateway" // an ingress gateway: its proxy is the client
	Sidecar ClientKind = "sidecar" // an application behind a sidecar
	Plain   ClientKind = "plain"   // an application without a proxy: its socket is the client
	Prober  ClientKind = "probe"   // a TLS client of our own, where there is no proxy
)

// Protocol is the application protocol that a hop carries.
type Protocol string

// The protocols of the world's service ports, by what the Service declares and what the application speaks.
const (
	GRPC  Protocol = "grpc"
	HTTP  Protocol = "http"
	TCP   Protocol = "tcp"
	Greet Protocol = "greet" // declared tcp; the server speaks first
	TLS   Protocol = "tls"   // declared https; the application speaks TLS itself
	Auto  Protocol = "auto"  // undeclared, so detected by the proxies; the application speaks HTTP
)
