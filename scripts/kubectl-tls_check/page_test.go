package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/tlscheck"
)

func TestAPageIsWrittenToItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pages", "mesh.html")
	out, complaint, code := inspectSome("U11strict", "-o", "html", file)
	if code != tlscheck.ExitNotOK || out != "" || !strings.Contains(complaint, tlscheck.NotVerified) {
		t.Errorf("exit code %d, want 1 as of the table\n%s%s", code, out, complaint)
	}
	first, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"tls-check of every service of the mesh", "<dt>from</dt><dd>cluster.yaml</dd>", "✗ CONFLICT", "orders.shop.svc.cluster.local", "<li>" + tlscheck.NotVerified} {
		if !strings.Contains(string(first), want) {
			t.Errorf("no %s in the page", want)
		}
	}
	if strings.Contains(string(first), "<time>") {
		t.Error("a page of a file has a time")
	}
	inspectSome("U11strict", "-o", "html", file)
	if second, err := os.ReadFile(file); err != nil || string(second) != string(first) {
		t.Errorf("the same file makes another page: %v", err)
	}
}

func TestAPageGoesToStandardOutputWithoutAFile(t *testing.T) {
	for asked, arguments := range map[string][]string{
		"every service of the mesh":                       {"--all"},
		"every service of namespace clients":              {"-n", "clients"},
		"product-service":                                 {"product-service"},
		"product-service, called by pod/caller-1.clients": {"pod/caller-1.clients", "product-service"},
	} {
		out, complaint, code := run(t, strict, append(arguments, "-o", "html")...)
		if !strings.HasPrefix(out, "<!doctype html>") || !strings.Contains(out, "tls-check of "+asked+"<") {
			t.Errorf("%s: exit code %d\n%s%s", asked, code, out, complaint)
		}
	}
}
