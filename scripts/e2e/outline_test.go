package main

import (
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/types"
)

func TestTheOutlineShowsSelectedCasesUnderTheirContainers(t *testing.T) {
	it := func(text string, state types.SpecState, labels ...string) types.SpecReport {
		return types.SpecReport{
			ContainerHierarchyTexts: []string{"a mesh", "a hop"}, LeafNodeType: types.NodeTypeIt,
			LeafNodeText: text, LeafNodeLabels: labels, State: state,
		}
	}
	reports := []types.Report{{SpecReports: types.SpecReports{
		{LeafNodeType: types.NodeTypeSynchronizedBeforeSuite},
		it("one", types.SpecStatePassed, "smoke"), it("two", types.SpecStateSkipped), it("three", types.SpecStatePassed),
	}}}
	var out strings.Builder
	if count := writeOutline(&out, reports); count != 2 {
		t.Errorf("%d cases", count)
	}
	want := "a mesh\n  a hop\n    one [smoke]\n    three\n2 cases\n"
	if out.String() != want {
		t.Errorf("outline:\n%s\nwant:\n%s", out.String(), want)
	}
}
