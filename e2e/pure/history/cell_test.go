package history

import (
	"testing"

	"mtls.test/conformance/e2e/pure/report"
)

func TestACellIsReadAsItIsWritten(t *testing.T) {
	for text, cell := range map[string]Cell{
		"quick":                           {Job: "quick"},
		"full istio-1.31 kubernetes-1.36": {Job: "full", Istio: "1.31", Kubernetes: "1.36"},
		"upgrade canary lease istio-1.30-to-1.31 kubernetes-1.36": {Job: "upgrade canary lease", From: "1.30", Istio: "1.31", Kubernetes: "1.36"},
	} {
		if got := ParseCell(text); got != cell || cell.String() != text {
			t.Errorf("%q is %+v, which is %q", text, got, cell)
		}
	}
}

func TestTheCellOfAReport(t *testing.T) {
	for _, of := range []struct {
		environment report.Environment
		want        string
	}{
		{report.Environment{Istio: "1.31.1", Kubernetes: "v1.36.4"}, "job istio-1.31 kubernetes-1.36"},
		{report.Environment{Istio: "1.31.0-eed52ebb66ad", Kubernetes: "v1.36.4"}, "job istio-1.31 kubernetes-1.36"},
		{report.Environment{Istio: "1.30.5", Kubernetes: "v1.36.4", Settings: map[string]string{"FROM": "1.30", "TO": "1.31.1"}}, "job istio-1.30-to-1.31 kubernetes-1.36"},
		{report.Environment{Settings: map[string]string{"ISTIO_VERSION": "1.30", "KUBERNETES_VERSION": "1.35"}}, "job istio-1.30 kubernetes-1.35"},
	} {
		if got, err := CellOf("job", of.environment); err != nil || got.String() != of.want {
			t.Errorf("%+v: %s, %v, want %s", of.environment, got, err, of.want)
		}
	}
	if got, err := CellOf("job", report.Environment{}); err == nil {
		t.Errorf("a report without versions is of %s", got)
	}
}
