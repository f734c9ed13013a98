package recorded

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The files of a mesh in its folder.
const (
	ExpectedFile = "expected.json" // the differences
	ObjectsFile  = "objects.json"
	DumpsFolder  = "dumps"
)

// Write writes the mesh into a folder: first its differences, then its objects, and the answer of each proxy, made of the
// recorded proxies of another folder (e2e/pure/envoy/testdata). It returns the answers' files by workload.
func (m *Mesh) Write(folder, recordings string) (map[string]string, error) {
	patterns, err := readPatterns(recordings)
	if err != nil {
		return nil, err
	}
	ca, err := newAuthority()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(folder, DumpsFolder), 0o755); err != nil {
		return nil, err
	}
	if err := writeJSON(filepath.Join(folder, ExpectedFile), m.Differences); err != nil {
		return nil, err
	}
	if err := writeJSON(filepath.Join(folder, ObjectsFile), object{"apiVersion": "v1", "kind": "List", "items": m.Objects()}); err != nil {
		return nil, err
	}
	files := map[string]string{}
	w := &writer{mesh: m, patterns: patterns, made: map[string]string{}}
	for i, p := range m.pods {
		v := m.view(p)
		m.differ(v)
		name := filepath.Join(folder, DumpsFolder, p.name+".json")
		if err := w.file(name, v, ca, firstUpdate.Add(time.Duration(i)*time.Second)); err != nil {
			return nil, err
		}
		files[m.workload(p)] = name
	}
	return files, nil
}

// firstUpdate is when the first proxy had its configuration; each other has it a second later.
var firstUpdate = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (w *writer) file(name string, v *view, ca *authority, updated time.Time) error {
	certificate, err := ca.certificate(v.account)
	if err != nil {
		return err
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	to := bufio.NewWriterSize(file, 1<<20)
	a := answer{writer: w, to: to, updated: updated.Format(time.RFC3339Nano)}
	a.write(v, certificate, ca.roots)
	if err := to.Flush(); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}

// answer is a proxy's answer while it is written. Its writer keeps the first error.
type answer struct {
	*writer
	to      io.Writer
	updated string
	listed  int // elements of the list that is open
}

func (a *answer) write(v *view, certificate, roots string) {
	s := a.mesh.services[v.pod.service]
	namespace := a.mesh.teams[s.team].name
	labels, _ := json.Marshal(podLabels(s))
	a.printf(`{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": {"node": {"id": "sidecar~%s~%s.%s~%s.svc.cluster.local", "cluster": "%s.%s", "metadata": {"NAMESPACE": %q, "LABELS": %s, "SERVICE_ACCOUNT": %q, "ISTIO_VERSION": "1.31.0", "INTERCEPTION_MODE": "REDIRECT"}}}, "last_updated": %q}`,
		v.pod.address, v.pod.name, namespace, namespace, s.name, namespace, namespace, labels, s.name, a.updated)
	a.section("Clusters", "dynamic_active_clusters", func() {
		for _, cluster := range a.patterns.passes {
			a.resource(`"cluster": %s`, cluster)
		}
		for _, of := range v.ports {
			a.resource(`"cluster": %s`, a.cluster(of))
		}
	})
	a.section("Endpoints", "dynamic_endpoint_configs", func() {
		for _, of := range v.ports {
			a.element(`"endpoint_config": %s`, a.endpoints(of))
		}
	})
	a.section("Listeners", "dynamic_listeners", func() { a.listeners(v) })
	a.section("Routes", "dynamic_route_configs", func() { a.routes(v) })
	a.section("Secrets", "dynamic_active_secrets", func() {
		a.resource(`"name": "default", "secret": {"name": "default", "tls_certificate": {"certificate_chain": {"inline_bytes": %q}, "private_key": {"inline_bytes": "W3JlZGFjdGVkXQ=="}}}`, certificate)
		a.resource(`"name": "ROOTCA", "secret": {"name": "ROOTCA", "validation_context": {"trusted_ca": {"inline_bytes": %q}}}`, roots)
	})
	a.printf("]}\n")
}

func (a *answer) listeners(v *view) {
	texts := map[string]string{"virtualOutbound": virtualOutbound, "virtualInbound": a.patterns.inbound[v.inbound]}
	names := []string{"virtualOutbound", "virtualInbound"}
	for _, of := range v.ports {
		name := fmt.Sprintf("%s_%d", a.mesh.address(of.service), of.port)
		if of.port == httpPort {
			name = fmt.Sprintf("0.0.0.0_%d", of.port)
		}
		if texts[name] == "" {
			names = append(names, name)
			texts[name] = a.listener(of)
		}
	}
	for _, name := range names {
		a.element(`"name": %q, "active_state": {"version_info": "%s/1", "listener": %s, "last_updated": %q}`, name, a.updated, texts[name], a.updated)
	}
}

func (a *answer) routes(v *view) {
	var tables []string
	hosts := map[string][]string{}
	for _, of := range v.ports {
		if of.port == tcpPort {
			continue
		}
		table := a.table(of)
		if hosts[table] == nil {
			tables = append(tables, table)
		}
		hosts[table] = append(hosts[table], a.virtualHost(of))
	}
	for _, table := range tables {
		if table == fmt.Sprint(httpPort) {
			hosts[table] = append(hosts[table], otherHosts)
		}
		a.resource(`"route_config": {"@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration", "name": %q, "virtual_hosts": [%s]}`, table, strings.Join(hosts[table], ",\n"))
	}
}

func (a *answer) section(kind, list string, elements func()) {
	a.printf(",\n{\"@type\": \"type.googleapis.com/envoy.admin.v3.%sConfigDump\", %q: [", kind, list)
	a.listed = 0
	elements()
	a.printf("]}")
}

// element writes one element of a list.
func (a *answer) element(format string, values ...any) {
	if a.listed > 0 {
		a.printf(",\n")
	}
	a.listed++
	a.printf("{"+format+"}", values...)
}

// resource writes an element with the version, which is that of istiod's push, and the time of the resource.
func (a *answer) resource(format string, values ...any) {
	a.element("\"version_info\": \"%s/1\", "+format+", \"last_updated\": %q", slices.Concat([]any{a.updated}, values, []any{a.updated})...)
}

func (a *answer) printf(format string, values ...any) { _, _ = fmt.Fprintf(a.to, format, values...) }

func writeJSON(name string, value any) error {
	content, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(content, '\n'), 0o600)
}
