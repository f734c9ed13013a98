package verdict

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/hop"
)

// symptom is how a cause must look to one observer; an empty list asks nothing.
type symptom struct {
	flags  []string // one of these Envoy response flags
	errors []string // one of these texts in details, transport failure or socket error
	answer bool     // the client must be answered 503, or UNAVAILABLE where it speaks gRPC
	absent bool     // the attempt must not have reached the observer
}

// symptoms is the table of causes. A proxy client is judged by flags, a plain one by its socket's error.
// Flags: Envoy "Access logging", %RESPONSE_FLAGS% (UC, UF, NR).
var symptoms = map[hop.Refusal]map[hop.ClientKind]map[hop.Source]symptom{
	hop.NoFilterChain: {
		hop.Gateway: proxied(symptom{flags: []string{"UC"}, errors: []string{"connection_termination"}, answer: true}, noFilterChain),
		hop.Sidecar: proxied(symptom{flags: []string{"UC"}, errors: []string{"connection_termination"}, answer: true}, noFilterChain),
		hop.Plain:   proxied(symptom{errors: []string{"connection reset by peer", "EOF", "broken pipe"}}, noFilterChain),
	},
	hop.NotTLS: {
		hop.Gateway: proxied(notTLS, symptom{}),
		hop.Sidecar: proxied(notTLS, symptom{}),
	},
}

var (
	noFilterChain = symptom{flags: []string{"NR"}, errors: []string{"filter_chain_not_found"}}
	notTLS        = symptom{flags: []string{"UF", "UC"}, errors: []string{"WRONG_VERSION_NUMBER"}, answer: true}
)

func proxied(client, server symptom) map[hop.Source]symptom {
	return map[hop.Source]symptom{hop.Client: client, hop.Server: server, hop.Application: {absent: true}}
}

// differs says how an observation is not the symptom, or returns "".
func (s symptom) differs(seen hop.Observation) string {
	told := strings.Join([]string{seen.Symptom.Details, seen.Symptom.TransportFailure, seen.Symptom.Error}, " ")
	switch {
	case s.absent && seen.Says != hop.Absent:
		return "the request reached it"
	case len(s.flags) > 0 && !slices.ContainsFunc(strings.Split(seen.Symptom.Flags, ","), func(flag string) bool { return slices.Contains(s.flags, flag) }):
		return "flags are " + quoted(seen.Symptom.Flags) + ", want " + strings.Join(s.flags, " or ")
	case len(s.errors) > 0 && !slices.ContainsFunc(s.errors, func(text string) bool { return strings.Contains(told, text) }):
		return "it tells " + quoted(strings.TrimSpace(told)) + ", want " + strings.Join(s.errors, " or ")
	case s.answer && seen.Symptom.Code != "" && seen.Symptom.Code != "UNAVAILABLE":
		return "the gRPC status is " + seen.Symptom.Code + ", want UNAVAILABLE"
	case s.answer && seen.Symptom.Code == "" && seen.Symptom.Status != 503:
		return fmt.Sprintf("the status is %d, want 503", seen.Symptom.Status)
	}
	return ""
}

func quoted(s string) string {
	if s == "" {
		return "none"
	}
	return `"` + s + `"`
}
