package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"mtls.test/conformance/e2e/pure/history"
)

//go:embed cells.yaml
var table []byte

// job is a row of cells.yaml.
type job struct {
	Job       string            `yaml:"job"`
	Make      string            `yaml:"make"`
	Every     bool              `yaml:"every"` // minor of Istio, with its oldest and its newest Kubernetes
	Settings  map[string]string `yaml:"settings"`
	Stated    bool              `yaml:"stated"` // its report is held to the table of versions
	Workflows []string          `yaml:"workflows"`
}

func (j job) upgrades() bool { return j.Make == "e2e-upgrade" }

// jobs are those of cells.yaml, which is part of this program.
func jobs() []job {
	decoder := yaml.NewDecoder(bytes.NewReader(table))
	decoder.KnownFields(true)
	var all []job
	if err := decoder.Decode(&all); err != nil {
		panic("cells.yaml: " + err.Error())
	}
	return all
}

// plan is the cells of a workflow. From and to are the minors of an upgrade, or empty.
func plan(all []job, workflow string, offered []pair, from, to string) ([]string, error) {
	if len(offered) == 0 {
		return nil, errors.New("the table of versions is empty")
	}
	upgrade, err := between(offered, from, to)
	var cells []string
	for _, j := range all {
		if !slices.Contains(j.Workflows, workflow) {
			continue
		}
		switch {
		case j.upgrades() && err != nil:
			return nil, fmt.Errorf("%s: %w", j.Job, err)
		case j.upgrades():
			cells = append(cells, cell(j, upgrade))
		case j.Every:
			for _, on := range ends(offered) {
				cells = append(cells, cell(j, on))
			}
		default:
			cells = append(cells, cell(j, history.Cell{Istio: history.Minor(offered[0].Istio), Kubernetes: history.Minor(offered[0].Kubernetes)}))
		}
	}
	if len(cells) == 0 {
		return nil, fmt.Errorf("no job is of workflow %s: see scripts/cells/cells.yaml", workflow)
	}
	return cells, nil
}

func cell(j job, on history.Cell) string {
	on.Job = j.Job
	return on.String()
}

// kubernetesOf are the minors of Kubernetes that a minor of Istio is offered on, the newest first.
func kubernetesOf(offered []pair, istio string) []string {
	var minors []string
	for _, p := range offered {
		if history.Minor(p.Istio) == istio {
			minors = append(minors, history.Minor(p.Kubernetes))
		}
	}
	return minors
}

// istios are the minors of Istio, the newest first.
func istios(offered []pair) []string {
	var minors []string
	for _, p := range offered {
		if minor := history.Minor(p.Istio); !slices.Contains(minors, minor) {
			minors = append(minors, minor)
		}
	}
	return minors
}

// ends are each minor of Istio with its newest and its oldest Kubernetes.
func ends(offered []pair) []history.Cell {
	var all []history.Cell
	for _, istio := range istios(offered) {
		on := kubernetesOf(offered, istio)
		all = append(all, history.Cell{Istio: istio, Kubernetes: on[0]})
		if oldest := on[len(on)-1]; oldest != on[0] {
			all = append(all, history.Cell{Istio: istio, Kubernetes: oldest})
		}
	}
	return all
}

// between is an upgrade, on the newest Kubernetes that both of its versions are offered on.
func between(offered []pair, from, to string) (history.Cell, error) {
	known := istios(offered)
	if to == "" {
		to = known[0]
	}
	if from == "" {
		place := slices.Index(known, to)
		if place < 0 || place+1 == len(known) {
			return history.Cell{}, fmt.Errorf("no minor before %s is offered: %s are", to, strings.Join(known, ", "))
		}
		from = known[place+1]
	}
	for _, kubernetes := range kubernetesOf(offered, from) {
		if slices.Contains(kubernetesOf(offered, to), kubernetes) {
			return history.Cell{From: from, Istio: to, Kubernetes: kubernetes}, nil
		}
	}
	return history.Cell{}, fmt.Errorf("no Kubernetes is offered with both Istio %s and Istio %s: %s are", from, to, strings.Join(known, ", "))
}

// words are the arguments of make that run a cell.
func words(all []job, text string) ([]string, error) {
	on := history.ParseCell(text)
	place := slices.IndexFunc(all, func(j job) bool { return j.Job == on.Job })
	if place < 0 {
		return nil, fmt.Errorf("no cell is %q: `make cells WORKFLOW=nightly` lists those of the nightly", text)
	}
	j := all[place]
	settings := maps.Clone(j.Settings)
	if settings == nil {
		settings = map[string]string{}
	}
	if j.upgrades() != (on.From != "") {
		return nil, fmt.Errorf("cell %q: of an upgrade, and of no other job, it names the versions as istio-FROM-to-TO", text)
	}
	if j.upgrades() {
		settings["FROM"], settings["TO"] = on.From, on.Istio
	} else if on.Istio != "" {
		settings["ISTIO_VERSION"] = on.Istio
	}
	if on.Kubernetes != "" {
		settings["KUBERNETES_VERSION"] = on.Kubernetes
	}
	arguments := []string{j.Make}
	if j.Stated {
		arguments = append(arguments, "versions-check")
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		arguments = append(arguments, name+"="+settings[name])
	}
	return arguments, nil
}
