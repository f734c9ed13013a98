package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

const objects = `
{kind: Service, metadata: {name: product-service}, spec: {selector: {app: product-service}, ports: [{name: http, port: 8080, appProtocol: http}]}}
---
{kind: Service, metadata: {name: alias}, spec: {type: ExternalName, externalName: product-service.default.svc.cluster.local}}
---
{kind: Service, metadata: {name: caller, namespace: clients}, spec: {selector: {app: caller}, ports: [{port: 80}]}}
---
{kind: Service, metadata: {name: by-hand}, spec: {ports: [{port: 80}]}}
---
{kind: Pod, metadata: {name: server-1, namespace: default, labels: {app: product-service, security.istio.io/tlsMode: istio}}, spec: {serviceAccountName: product, containers: [{name: app}, {name: istio-proxy}]}, status: {podIPs: [{ip: 10.0.0.1}]}}
---
{kind: Pod, metadata: {name: caller-1, namespace: clients, labels: {app: caller, security.istio.io/tlsMode: istio}}, spec: {serviceAccountName: caller, containers: [{name: app}, {name: istio-proxy}]}, status: {podIPs: [{ip: 10.0.0.2}]}}
---
{kind: Pod, metadata: {name: naked, namespace: clients}, spec: {containers: [{name: app}]}, status: {podIPs: [{ip: 10.0.0.3}]}}
`

const (
	strict  = "\n---\n{kind: PeerAuthentication, metadata: {name: default, namespace: default}, spec: {mtls: {mode: STRICT}}}"
	ambient = "\n---\n{kind: Pod, metadata: {name: a, namespace: amb, labels: {istio.io/dataplane-mode: ambient}}, spec: {containers: [{name: app}]}}"
	disable = "\n---\n{kind: DestinationRule, metadata: {name: off, namespace: default}, spec: {host: product-service, trafficPolicy: {tls: {mode: DISABLE}}}}"
)

// run runs the command over objects, and returns what it prints and its exit code.
func run(t *testing.T, policies string, arguments ...string) (out, complaint string, code int) {
	t.Helper()
	return runOver(t, objects+policies, arguments...)
}

func runOver(t *testing.T, content string, arguments ...string) (out, complaint string, code int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "objects.yaml")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	var printed, complained bytes.Buffer
	command := newCommand()
	command.SetOut(&printed)
	command.SetErr(&complained)
	command.SetArgs(append(arguments, "-f", file))
	err := command.Execute()
	return printed.String(), complained.String() + messageOf(err), codeOf(err)
}

func messageOf(err error) string {
	var ended exit
	if err == nil || errors.As(err, &ended) {
		return ""
	}
	return err.Error()
}

func TestCommand(t *testing.T) {
	for _, row := range []struct {
		name, policies string
		arguments      []string
		code           int
		says           string
	}{
		{"OK", strict, []string{"product-service"}, 0, "product-service.default.svc.cluster.local     OK         STRICT     AUTO       default/         -"},
		{"by host", "", []string{"product-service.default.svc.cluster.local"}, 0, "OK         PERMISSIVE     AUTO"},
		{"by NAME.NAMESPACE.svc", "", []string{"product-service.default.svc"}, 0, "OK"},
		{"by an alias", "", []string{"alias"}, 0, "product-service.default.svc.cluster.local"},
		{"conflict", strict + disable, []string{"product-service"}, 1, "CONFLICT     STRICT     DISABLE     default/         default/off"},
		{"plaintext", disable, []string{"product-service"}, 1, "PLAINTEXT"},
		{"unknown", "", []string{"by-hand"}, 2, "UNKNOWN by-hand.default.svc.cluster.local from 2 clients: service by-hand.default.svc.cluster.local has no selector"},
		{"a client that is a service", "", []string{"caller.clients", "product-service"}, 0, "OK"},
		{"a client that is a pod", strict, []string{"pod/naked.clients", "product-service"}, 1, "CONFLICT     STRICT     NONE"},
		{"as istioctl named pods", "", []string{"caller-1.clients", "product-service"}, 0, "OK"},
		{"all of a namespace", "", []string{"--all", "-n", "clients"}, 0, "caller.clients.svc.cluster.local"},
		{"explained", strict, []string{"product-service", "--explain"}, 0, "STRICT, by PeerAuthentication default/default (peer-authentication/namespace-over-mesh)"},
		{"an ambient client", strict + ambient, []string{"product-service"}, 2, "hops that are UNKNOWN: 1, of them ambient: 1"},
		{"an ambient client, ignored", strict + ambient, []string{"product-service", "--ignore-ambient"}, 0, "hops that are UNKNOWN: 1, of them ambient and left out of the exit code: 1"},
		{"an ambient client alone", strict + ambient, []string{"pod/a.amb", "product-service", "--ignore-ambient"}, 2, "UNKNOWN"},
		{"no such service", "", []string{"nope"}, 3, "nope is no service of the mesh"},
		{"no such client", "", []string{"nope", "product-service"}, 3, "client nope is no service"},
		{"a client without pods", "", []string{"by-hand", "product-service"}, 3, "has no pod"},
		{"nothing asked", "", nil, 3, "want [CLIENT] SERVICE"},
		{"all, and one", "", []string{"--all", "product-service"}, 3, "--all is for every service"},
		{"another format", "", []string{"product-service", "-o", "xml"}, 3, "want wide, json, yaml or html"},
		{"two pages", "", []string{"-o", "html", "a.html", "b.html"}, 3, "writes one file, and not both a.html and b.html"},
		{"a page of every service, and one", "", []string{"-o", "html", "--all", "product-service"}, 3, "--all is for every service"},
		{"a page of three", "", []string{"-o", "html", "a", "b", "c"}, 3, "want [CLIENT] SERVICE"},
		{"an explained page", "", []string{"-o", "html", "--explain"}, 3, "leave out --explain and --before"},
		{"a page of no service", "", []string{"-o", "html", "nope", "a.html"}, 3, "nope is no service of the mesh"},
		{"another flag", "", []string{"--nope"}, 3, "unknown flag"},
		{"a probe without a cluster", "", []string{"product-service", "--probe"}, 3, "needs a cluster"},
		{"no recordings", "", []string{"product-service", "--dumps", "/nowhere"}, 3, "no file"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, complaint, code := run(t, row.policies, row.arguments...)
			if code != row.code || !strings.Contains(out+complaint, row.says) {
				t.Errorf("exit code %d, want %d and %q, got\n%s%s", code, row.code, row.says, out, complaint)
			}
		})
	}
}

func TestJSONAndYAML(t *testing.T) {
	for format, read := range map[string]func([]byte, any) error{
		"json": json.Unmarshal, "yaml": func(text []byte, into any) error { return yaml.Unmarshal(text, into) },
	} {
		out, complaint, code := run(t, strict, "--all", "-o", format)
		var list struct {
			APIVersion string          `json:"apiVersion"`
			Kind       string          `json:"kind"`
			Items      []tlscheck.Host `json:"items"`
			Rows       map[string]int  `json:"rows"`
		}
		if err := read([]byte(out), &list); err != nil {
			t.Fatalf("%s: %v\n%s%s", format, err, out, complaint)
		}
		if list.Kind != listKind || list.APIVersion != apiVersion || len(list.Items) != 3 || list.Rows["OK"] == 0 || code != tlscheck.ExitNotOK && code != tlscheck.ExitUnknown {
			t.Errorf("%s: code %d, %+v", format, code, list.Rows)
		}
	}
}

func TestWithoutARowNothingIsOK(t *testing.T) {
	const lonely = `{kind: Service, metadata: {name: product-service}, spec: {selector: {app: product-service}, ports: [{name: http, port: 8080}]}}`
	for name, arguments := range map[string][]string{
		"table": {"product-service"}, "wide": {"product-service", "-o", "wide"}, "json": {"product-service", "-o", "json"},
		"yaml": {"product-service", "-o", "yaml"}, "all": {"--all"}, "explained": {"product-service", "--explain"},
	} {
		out, complaint, code := runOver(t, lonely, arguments...)
		if code != tlscheck.ExitUnknown || !strings.Contains(complaint, "nothing was checked") || !strings.Contains(complaint, "pod/NAME.NAMESPACE") {
			t.Errorf("%s: exit code %d, want %d and what to do, got\n%s%s", name, code, tlscheck.ExitUnknown, out, complaint)
		}
	}
}

func TestABadFactorOfTheTimeLimitsIsRefused(t *testing.T) {
	t.Setenv(timeout.Variable, "slow")
	for _, arguments := range [][]string{{"product-service"}, {"verify", "product-service"}} {
		command := newCommand()
		command.SetArgs(append(arguments, "--kubeconfig", "/nowhere"))
		err := command.Execute()
		if codeOf(err) != tlscheck.ExitUsage || !strings.Contains(messageOf(err), "TIMEOUT_FACTOR=slow: want a decimal number") {
			t.Errorf("%v: exit %d, %v; want %d and what is wanted", arguments, codeOf(err), err, tlscheck.ExitUsage)
		}
	}
}

func TestTheFactorOfTheTimeLimitsIsTakenFromTheEnvironment(t *testing.T) {
	t.Cleanup(func() { timeout.Scale(1) })
	t.Setenv(timeout.Variable, "2")
	before := timeout.Ask.Duration()
	if _, complaint, code := run(t, strict, "product-service"); code != tlscheck.ExitOK {
		t.Fatalf("exit %d: %s", code, complaint)
	}
	if now := timeout.Ask.Duration(); now != 2*before {
		t.Errorf("a question to a proxy is given %s, want %s", now, 2*before)
	}
}
