package main

import (
	"path/filepath"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/tlscheck"
)

// saved is the file of a report's moment.
func saved(t *testing.T, report string, arguments ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "saved.json")
	if _, complaint, code := inspectSome(report, append(arguments, "--save", file)...); code == tlscheck.ExitUsage {
		t.Fatal(complaint)
	}
	return file
}

func TestAnotherQuestionThanWasSavedIsRefused(t *testing.T) {
	all, one := saved(t, "U11strict", "--all"), saved(t, "U11strict", "pod/cart.web", "orders.shop")
	for _, c := range []struct {
		arguments []string
		says      string
	}{
		{[]string{"orders.shop", "--before", all}, "--all is not given and was given, SERVICE is orders.shop.svc.cluster.local and was not given"},
		{[]string{"--all", "-n", "shop", "--before", all}, "--namespace is shop and was not given"},
		{[]string{"--all", "--by-address", "--before", all}, "--by-address is given and was not given"},
		{[]string{"--all", "--subset", "v1", "--before", all}, "--subset is v1 and was not given"},
		{[]string{"orders.shop", "--before", one}, "CLIENT is not given and was web/cart"},
	} {
		out, complaint, code := inspectSome("U11strict", c.arguments...)
		if code != tlscheck.ExitUnknown || !strings.Contains(complaint, c.says) || out != "" {
			t.Errorf("%v: exit code %d, want %s\n%s%s", c.arguments, code, c.says, out, complaint)
		}
	}
}

func TestTheSameQuestionInOtherWordsIsTaken(t *testing.T) {
	file := saved(t, "U11strict", "orders.shop")
	if out, complaint, code := inspectSome("U11strict", "orders", "-n", "shop", "--before", file); code != tlscheck.ExitOK {
		t.Errorf("exit code %d\n%s%s", code, out, complaint)
	}
}

func TestNothingCheckedIsNoSuccessOfAComparison(t *testing.T) {
	file := filepath.Join(t.TempDir(), "saved.json")
	const none = "{kind: Service, metadata: {name: alone}, spec: {selector: {app: alone}, ports: [{port: 80}]}}"
	runOver(t, none, "alone", "--save", file)
	if out, complaint, code := runOver(t, none, "alone", "--before", file); code != tlscheck.ExitUnknown || !strings.Contains(complaint, "nothing was checked") {
		t.Errorf("exit code %d\n%s%s", code, out, complaint)
	}
}

func TestHopsOfAmbientModeCountWithBeforeAsWithout(t *testing.T) {
	file := filepath.Join(t.TempDir(), "saved.json")
	run(t, strict+ambient, "pod/a.amb", "product-service", "--save", file)
	// The one hop is of ambient mode: where it does not count nothing was checked.
	for _, more := range [][]string{nil, {"--ignore-ambient"}} {
		arguments := append([]string{"pod/a.amb", "product-service"}, more...)
		_, _, without := run(t, strict+ambient, arguments...)
		out, complaint, code := run(t, strict+ambient, append(arguments, "--before", file)...)
		if code != without || code != tlscheck.ExitUnknown {
			t.Errorf("%v: exit code %d, and %d without --before\n%s%s", more, code, without, out, complaint)
		}
	}
}

func TestPlaintextBesideMTLSEndsAComparisonWhereStrictIsRequired(t *testing.T) {
	file := saved(t, "R10permissive", "--all")
	_, complaint, code := inspectReport("R10permissive", "--before", file)
	if code != tlscheck.ExitOK {
		t.Fatalf("exit code %d: %s", code, complaint)
	}
	out, complaint, code := inspectReport("R10permissive", "--before", file, "--require-strict")
	if code != tlscheck.ExitNotOK || !strings.Contains(complaint, "endpoints take plaintext as well: ") {
		t.Errorf("exit code %d\n%s%s", code, out, complaint)
	}
}
