package envoy

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Node is what a proxy states of itself to istiod (istio/istio pkg/bootstrap/config.go).
type Node struct {
	Kind           string            // sidecar or router
	Pod            string            // its name
	Namespace      string            // of the pod
	Labels         map[string]string // of the pod
	ServiceAccount string
	Domain         string // NAMESPACE.svc.DOMAIN, in which the proxy looks for short names
	Istio          string // version of the proxy
}

type bootstrap struct {
	Node struct {
		ID       string `json:"id"`
		Metadata struct {
			Namespace string            `json:"NAMESPACE"`
			Labels    map[string]string `json:"LABELS"`
			Account   string            `json:"SERVICE_ACCOUNT"`
			Istio     string            `json:"ISTIO_VERSION"`
		} `json:"metadata"`
	} `json:"node"`
}

// addBootstrap reads the node; its id is KIND~ADDRESS~POD.NAMESPACE~DOMAIN.
func (d *Dump) addBootstrap(_ string, in bootstrap) {
	d.Node = Node{
		Namespace: in.Node.Metadata.Namespace, Labels: in.Node.Metadata.Labels, ServiceAccount: in.Node.Metadata.Account,
		Istio: in.Node.Metadata.Istio,
	}
	words := strings.Split(in.Node.ID, "~")
	if len(words) != 4 {
		return
	}
	d.Node.Kind = words[0]
	d.Node.Pod, _, _ = strings.Cut(words[2], ".")
	d.Node.Domain = words[3]
}

// ReadNode reads which proxy a dump belongs to, and stops there. The error wraps ErrAbsent where the dump has no bootstrap.
func ReadNode(r io.Reader) (Node, error) {
	d := newDump([]string{"none"})
	d.asked, d.nodeOnly = []Part{{}}, true
	if err := d.read(r); err != nil && !errors.Is(err, errNodeRead) {
		return Node{}, err
	}
	if d.Node.Pod == "" {
		return Node{}, fmt.Errorf("bootstrap: %w: was it asked for with a filter?", ErrAbsent)
	}
	return d.Node, nil
}

// errNodeRead ends a reading that needs the node only. Envoy writes its bootstrap first.
var errNodeRead = errors.New("the node is read")
