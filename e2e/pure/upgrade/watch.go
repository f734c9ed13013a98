package upgrade

import (
	"fmt"
	"slices"
	"strings"
)

// The files in the artifacts folder by which whoever upgrades Istio tells the suite of a step that was made. What a file holds names the
// step.
const (
	NextFile = "next" // judge the mesh, and go on
	DoneFile = "done" // judge it, and end: that was the last step
)

// Baseline is the first stage of an upgrade that others make.
func Baseline() Stage {
	return Stage{Name: "before", Title: "nothing has been done yet", Still: true}
}

// Step is the stage after a step that others made; the number counts from 1.
func Step(number int, told string) Stage {
	stage := Stage{Name: fmt.Sprintf("step-%d", number), Title: strings.TrimSpace(told), Moves: []Move{{Act: Operator}}}
	if stage.Title == "" {
		stage.Title = fmt.Sprintf("step %d", number)
	}
	return stage
}

// Stood tells whether no proxy moved from one stage to the next: the pods are the same, and follow control planes of the same version.
func Stood(before, after []Proxy) bool {
	return slices.EqualFunc(before, after, func(a, b Proxy) bool {
		return a.Namespace == b.Namespace && a.Pod == b.Pod && a.IstiodVersion == b.IstiodVersion
	})
}

// Paired tells whether proxies of several versions stand.
func Paired(proxies []Proxy) bool {
	return slices.ContainsFunc(proxies, func(p Proxy) bool { return p.Istio != proxies[0].Istio })
}

// Between are the two versions of an upgrade that others made: the one of the control plane that most proxies followed at first, and the
// last other one that they followed. They are the same where none did.
func Between(stages []Judged) Versions {
	versions := Versions{}
	for _, stage := range stages {
		switch followed := mostFollowed(stage.Proxies); {
		case followed == "":
		case versions[From] == "":
			versions[From], versions[To] = followed, followed
		case followed != versions[From]:
			versions[To] = followed
		}
	}
	return versions
}

func mostFollowed(proxies []Proxy) string {
	count, most := map[string]int{}, ""
	for _, p := range proxies {
		count[p.IstiodVersion]++
		if count[p.IstiodVersion] > count[most] {
			most = p.IstiodVersion
		}
	}
	return most
}
