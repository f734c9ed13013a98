// Package verify carries out the guide "Verifying mTLS Configuration in Istio": all of its commands in their order, one finding
// for each, and the raw answers kept. It changes nothing.
package verify

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/yaml"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/live/tlscheck/inspect"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/kiali"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// Verification carries out the guide for one service and the clients that call it.
type Verification struct {
	Kube    *kube.Client
	Mesh    *mesh.Mesh
	Survey  *survey.Survey
	Chart   oracle.Chart
	Service oracle.Host
	Clients []oracle.Workload // the gateway's pods, in the guide
	Witness func(ctx context.Context, namespace string) kiali.Statement
	Absent  string                                  // why there is no Witness
	Keep    func(name string, content []byte) error // keeps a raw answer
}

// Mark is how good a finding is.
type Mark string

// The marks.
const (
	Good Mark = "ok"
	Note Mark = "note" // it tells something, and is neither good nor bad
	Warn Mark = "warn"
	Bad  Mark = "bad"
)

// Finding is what one command of the guide found.
type Finding struct {
	Step    string   `json:"step"`    // the guide's heading
	Command string   `json:"command"` // the guide's, or what does its work
	Mark    Mark     `json:"mark"`
	Says    string   `json:"says"`
	More    []string `json:"more,omitempty"`
	Raw     []string `json:"raw,omitempty"` // where the raw answers are kept
}

// End is one of the flowchart's three ends.
type End struct {
	Status tlscheck.Status `json:"status"`
	End    oracle.End      `json:"end"` // enabled, disabled or debug
	Says   string          `json:"says"`
	Do     []string        `json:"do,omitempty"` // what to do now

	Path    []string `json:"path,omitempty"`    // through the chart
	Differs string   `json:"differs,omitempty"` // how that is not Istio's answer
}

// logLines is how much of a proxy's log is searched, from its end.
const logLines = 5000

// answers are the raw answers of a cluster.
type answers struct {
	at       time.Time
	meshPAs  []byte
	ownPAs   []byte
	rules    []byte
	leases   []byte
	host     tlscheck.Host
	kiali    *kiali.Statement
	clusters map[string][]byte // by workload
	certs    map[string][]byte
	logs     map[string][]byte
	dumps    map[string]*envoy.Dump
	failed   map[string]error // by workload and what was asked
}

// Run carries out the steps, and calls emit with each finding in the guide's order. It returns the first error of a step or of
// emit.
func (v *Verification) Run(ctx context.Context, emit func(Finding) error) (End, error) {
	told, err := v.gather(ctx)
	if err != nil {
		return End{}, err
	}
	for _, step := range []func(*answers) (Finding, error){
		v.meshPolicy, v.servicePolicy, v.destinationRule, v.check, v.kialiSays, v.gatewayClusters, v.serviceClusters, v.sslContext,
		v.temporaryRule, v.clientCertificates, v.serverCertificates, v.clientLogs, v.serverLogs,
	} {
		finding, err := step(told)
		if err != nil {
			return End{}, err
		}
		if err := emit(finding); err != nil {
			return End{}, err
		}
	}
	return v.end(told), nil
}

// gather asks everything at once.
func (v *Verification) gather(ctx context.Context) (*answers, error) {
	told := &answers{
		at: time.Now(), clusters: map[string][]byte{}, certs: map[string][]byte{}, logs: map[string][]byte{},
		dumps: map[string]*envoy.Dump{}, failed: map[string]error{},
	}
	var mu sync.Mutex
	asking, ctx := errgroup.WithContext(ctx)
	root := v.Survey.Snapshot.Mesh.RootNamespace
	for _, list := range []struct {
		into *[]byte
		path string
	}{
		{&told.meshPAs, "/apis/security.istio.io/v1/namespaces/" + root + "/peerauthentications"},
		{&told.ownPAs, "/apis/security.istio.io/v1/namespaces/" + v.Service.Namespace + "/peerauthentications"},
		{&told.rules, "/apis/networking.istio.io/v1/namespaces/" + v.Service.Namespace + "/destinationrules"},
		{&told.leases, "/apis/mtls.test/v1/policyleases"},
	} {
		asking.Go(func() (err error) {
			*list.into, err = v.list(ctx, list.path)
			return err
		})
	}
	asking.Go(func() error { return v.checked(ctx, told) })
	if v.Witness != nil {
		asking.Go(func() error {
			said := v.Witness(ctx, v.Service.Namespace)
			told.kiali = &said
			return nil
		})
	}
	keep := func(workload oracle.Workload, what string, into map[string][]byte, ask func(*bytes.Buffer) error) {
		asking.Go(func() error {
			var answer bytes.Buffer
			err := ask(&answer)
			mu.Lock()
			defer mu.Unlock()
			into[workload.String()] = answer.Bytes()
			if err != nil {
				told.failed[workload.String()+" "+what] = err
			}
			return ctx.Err()
		})
	}
	for _, workload := range slices.Concat(v.Clients, v.servers()) {
		proxy := survey.Proxy(workload)
		for path, into := range map[string]map[string][]byte{"/clusters": told.clusters, "/certs": told.certs} {
			keep(workload, path, into, func(to *bytes.Buffer) error { return v.Mesh.Admin(ctx, proxy, path, to) })
		}
		keep(workload, "log", told.logs, func(to *bytes.Buffer) error {
			log, err := v.Kube.Log(ctx, proxy.Namespace, proxy.Pod, mesh.ProxyContainer, logLines)
			to.Write(log)
			return err
		})
		asking.Go(func() error {
			dump, err := v.Mesh.Dump(ctx, proxy, v.wanted())
			mu.Lock()
			defer mu.Unlock()
			told.dumps[workload.String()] = dump
			if err != nil {
				told.failed[workload.String()+" config_dump"] = err
			}
			return ctx.Err()
		})
	}
	return told, asking.Wait()
}

func (v *Verification) wanted() envoy.Wanted {
	wanted := envoy.Wanted{Hosts: []string{v.Service.Name}}
	for _, port := range v.Service.Ports {
		wanted.Clusters = append(wanted.Clusters, envoy.ClusterName(v.Service.Name, port.Number))
		wanted.Ports = append(wanted.Ports, port.Number)
	}
	return wanted
}

// checked is tls-check's answer.
func (v *Verification) checked(ctx context.Context, told *answers) error {
	request := inspect.Request{Hosts: []oracle.Host{v.Service}}
	for _, client := range v.Clients {
		request.Clients = append(request.Clients, client.String())
	}
	inspector := inspect.Inspector{Survey: v.Survey, Mesh: v.Mesh}
	return inspector.Inspect(ctx, request, func(host tlscheck.Host) error {
		told.host = host
		return nil
	})
}

// list is a list as kubectl get -o yaml prints it, without the fields' managers; nothing of a kind that is not served.
func (v *Verification) list(ctx context.Context, path string) ([]byte, error) {
	var whole bytes.Buffer
	err := v.Kube.ListPages(ctx, path, func(page []byte) error {
		var list struct {
			Items []map[string]any `json:"items"`
		}
		if err := yaml.Unmarshal(page, &list); err != nil {
			return err
		}
		for _, item := range list.Items {
			if metadata, is := item["metadata"].(map[string]any); is {
				delete(metadata, "managedFields")
			}
			text, err := yaml.Marshal(item)
			if err != nil {
				return err
			}
			fmt.Fprintf(&whole, "---\n%s", text)
		}
		return nil
	})
	return whole.Bytes(), err
}
