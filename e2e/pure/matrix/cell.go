package matrix

import (
	"cmp"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/report"
)

// cell is one pair of versions, under one profile and in one lane, with all runs on it.
type cell struct {
	ground
	names
	Runs []Run
}

// names are the words for what a cell is of, as short as the other cells allow.
type names struct {
	IstioName, KubernetesName string // Istio 1.31 or Istio 1.30 to 1.31, Kubernetes 1.36
	Besides                   string // profile vanilla, lane source: what not all cells have in common; empty where there is nothing
	Suite                     string // suite e298a9c
}

// Name is that of the cell among the others.
func (c cell) Name() string {
	name := c.IstioName + " on " + c.KubernetesName
	if c.Besides != "" {
		name += ", " + c.Besides
	}
	return name
}

// cellsOf are the cells of runs, in order; the runs of a cell are in that of what they are.
func cellsOf(runs []Run) []cell {
	sorted := slices.SortedStableFunc(slices.Values(runs), func(a, b Run) int {
		return cmp.Or(groundOf(a.Report).compare(groundOf(b.Report)), cmp.Compare(nameOf(a.Report), nameOf(b.Report)), cmp.Compare(a.Report.RunID, b.Report.RunID))
	})
	var all []cell
	for _, run := range sorted {
		on := groundOf(run.Report)
		if last := len(all) - 1; last >= 0 && all[last].ground == on {
			all[last].Runs = append(all[last].Runs, run)
			continue
		}
		all = append(all, cell{ground: on, Runs: []Run{run}})
	}
	nameCells(all)
	return all
}

func nameCells(all []cell) {
	var istios, kubernetes []string
	profiles, lanes := map[string]bool{}, map[string]bool{}
	for _, c := range all {
		for _, version := range []string{c.Istio, c.From} {
			if version != "" && !slices.Contains(istios, version) {
				istios = append(istios, version)
			}
		}
		if !slices.Contains(kubernetes, c.Kubernetes) {
			kubernetes = append(kubernetes, c.Kubernetes)
		}
		profiles[c.Profile], lanes[c.Lane] = true, true
	}
	istioNames, kubernetesNames := shortest(istios), shortest(kubernetes)
	for i, c := range all {
		n := names{IstioName: "Istio " + istioNames[c.Istio], KubernetesName: "Kubernetes " + kubernetesNames[c.Kubernetes], Suite: suiteOf(c.Runs)}
		if c.From != "" {
			n.IstioName = "Istio " + istioNames[c.From] + " to " + istioNames[c.Istio]
		}
		var besides []string
		if len(profiles) > 1 {
			besides = append(besides, "profile "+cmp.Or(c.Profile, "unknown"))
		}
		if len(lanes) > 1 {
			besides = append(besides, "lane "+cmp.Or(c.Lane, "unknown"))
		}
		n.Besides = strings.Join(besides, ", ")
		all[i].names = n
	}
}

// suiteOf are the commits of the suite that runs are of, each once.
func suiteOf(runs []Run) string {
	var all []string
	for _, run := range runs {
		commit := cmp.Or(report.ShortCommit(run.Report.Environment.Suite), "of no known commit")
		if !slices.Contains(all, commit) {
			all = append(all, commit)
		}
	}
	slices.Sort(all)
	return "suite " + join(all)
}

// join lists words: a, b and c.
func join(words []string) string {
	if last := len(words) - 1; last > 0 {
		return strings.Join(words[:last], ", ") + " and " + words[last]
	}
	return strings.Join(words, "")
}
