package verify

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

func (v *Verification) keptOne(name string, raw []byte) ([]string, error) {
	return []string{name}, v.Keep(name, raw)
}

// kept keeps raw answers and returns their names.
func (v *Verification) kept(prefix, suffix string, raw map[string][]byte, of []oracle.Workload) ([]string, error) {
	var all []string
	var failed []error
	for _, workload := range of {
		name := fmt.Sprintf("%s-%s-%s%s", prefix, workload.Namespace, workload.Name, suffix)
		failed = append(failed, v.Keep(name, raw[workload.String()]))
		all = append(all, name)
	}
	return all, errors.Join(failed...)
}

// worst is the worse of two marks.
func worst(a, b Mark) Mark {
	order := []Mark{Good, Note, Warn, Bad}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

func logOf(raw []byte) tlscheck.ProxyLog {
	log, err := tlscheck.ReadProxyLog(bytes.NewReader(raw))
	if err != nil {
		return tlscheck.ProxyLog{}
	}
	return log
}

// lines lists lines of a text that hold a word.
func lines(text []byte, word string) []string {
	var all []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, word) {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

// servers are the service's pods that have a proxy.
func (v *Verification) servers() []oracle.Workload {
	var all []oracle.Workload
	for _, name := range v.Survey.Snapshot.Behind(v.Service) {
		if workload, found := v.Survey.Workload(name); found && workload.HasProxy {
			all = append(all, workload)
		}
	}
	return all
}

// podOf is how the guide's commands find a pod.
func podOf(workloads []oracle.Workload) string {
	if len(workloads) == 0 {
		return "POD -n NAMESPACE"
	}
	return fmt.Sprintf("%s -n %s", workloads[0].Name, workloads[0].Namespace)
}

// failures are what could not be asked of some workloads.
func (t *answers) failures(of []oracle.Workload, what string) []string {
	var all []string
	for _, workload := range of {
		if err := t.failed[workload.String()+" "+what]; err != nil {
			all = append(all, fmt.Sprintf("%s: %v", workload, err))
		}
	}
	return all
}
