package report

import (
	"mtls.test/conformance/e2e/pure/kiali"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Case is a case in verdict.json and report.json: its verdict, and beside it what a Kiali says, on which no verdict rests.
type Case struct {
	verdict.Case
	Kiali []kiali.AtStep `json:"kiali,omitempty"` // at each step of expectations; none where there is no Kiali
}
