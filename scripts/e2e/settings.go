package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kballard/go-shellquote"
	"github.com/onsi/ginkgo/v2/types"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/shard"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// variables are the settings of a run, in the order in which they are printed.
var variables = []struct{ name, value, meaning string }{
	{"CLUSTER_NAME", "mtls", "name of the kind cluster"},
	{"LANE", "auto", "where images come from: pull (registries), source (built from package registries), auto"},
	{"REGISTRY", "", "of lane pull: a mirror of docker.io, as HOST[:PORT][/PATH]; empty: docker.io itself"},
	{"KUBERNETES_VERSION", "", "a version or a minor of scripts/versions, such as 1.36; empty: the newest of the lane"},
	{"ISTIO_VERSION", "", "a version or a minor of scripts/versions, such as 1.31; empty: the newest of the lane"},
	{"KEEP", "0", "1 leaves the cluster for later runs"},
	{"FOCUS", "", "regular expression: run the cases whose text matches, of an upgrade at each stage"},
	{"LABELS", fixture.QuickLabels, "Ginkgo label filter: run the cases whose labels match"},
	{"MUTANTS", "", "folder of mutants to try instead of fixtures/mutants, or of one"},
	{"KIALI", "0", "1: install Istio's Kiali addon beside Istio, of lane pull; its image is from quay.io, whatever REGISTRY is"},
	{"CLUSTER", "own", "own: a kind cluster of the suite's; existing: the one that KUBECONTEXT names"},
	{"KUBECONTEXT", "", "context of your kubeconfig, of an existing cluster"},
	{"AGENT_IMAGE", "", "the agent's image for an existing cluster whose nodes are not kind's"},
	{"REVISION", "", "revision of istiod on an existing cluster, where there are several"},
	{"GATEWAY_SELECTOR", "", "label KEY=VALUE of the ingress gateway of an existing cluster, istio=ingressgateway when empty"},
	{"ALLOW_MESH_POLICY", "0", "1: cases may put policies into the root namespace of an existing cluster"},
	{"ALLOW_GATEWAY_LOG", "0", "1: the gateway of an existing cluster may be given a log of the suite's format"},
	{"ALLOW_TAP", "0", "1: a tap may be put on the nodes of an existing cluster"},
	{"SERVICE", "product-service", "service of the world that a lease takes mTLS off"},
	{"MINUTES", "10", "how long the lease stands, 1 to 60"},
	{"REPEAT", "1", "how many rounds of the cases to run; verdicts that differ between them are listed"},
	{"SHARD", "", "i/n: run the i-th of n parts of the selected cases, on a cluster of its own; `make e2e-merge` makes one report of all"},
	{"HISTORY", "", "history.jsonl by which shards are made to take equal time"},
	{"ARTIFACTS", "artifacts", "folder of the report"},
	{timeout.Variable, "1", "every time limit is multiplied by it, 0.01 to 100: 2 for a slow machine"},
	{"GINKGO_ARGS", "", "more flags for ginkgo run, quoted as in a shell"},
}

// upgradeVariables are those of `e2e upgrade` alone.
var upgradeVariables = []struct{ name, value, meaning string }{
	{"FROM", "", "version or minor of Istio to begin with, of scripts/versions or, with FROM_ISTIOCTL, of a release"},
	{"TO", "", "version or minor of Istio to end with"},
	{"MODE", string(upgrade.Canary), "canary, in-place, one-operator (in place, istiod and gateway at once), rollback (of a canary that is half way) or rollback-after-tag (of one that is whole)"},
	{"TRAFFIC", upgrade.StrictTraffic, "policy under which requests go on: strict, permissive, or lease (strict, and plaintext by a temporary rule while Istio moves)"},
	{"POLICIES", "", "folder of further policies that stand the whole time, such as fixtures/upgrade/standing/subset-rule"},
	{"ACCEPT", "", "ids of rows of fixtures/upgrade/expected.yaml, comma-separated: weakenings that are wanted"},
	{"FULL", "0", "1: run all quick cases before and after, beside those of label upgrade at each stage"},
	{"WATCH", "0", "1: with CLUSTER=existing, judge the mesh while you upgrade Istio yourself, after each step that you tell of"},
	{"MUTANT", "", "make an upgrade that goes wrong on purpose, and see that it is noticed: one of fixtures/upgrade/mutants"},
	{"FROM_ISTIOCTL", "", "path of the istioctl of a release to begin with"},
	{"FROM_HUB", "", "where its images are"},
	{"FROM_TAG", "", "tag of its images"},
	{"TO_ISTIOCTL", "", "path of the istioctl of a release to end with"},
	{"TO_HUB", "", "where its images are"},
	{"TO_TAG", "", "tag of its images"},
}

// settings are what a run was asked for, checked in form.
type settings struct {
	values     map[string]string // by variable, defaults filled in
	artifacts  string            // absolute
	keep       bool
	repeat     int
	shard      shard.Number       // zero: all that is selected
	seconds    map[string]float64 // that cases take, by HISTORY
	minutes    int
	factor     timeout.Factor
	ginkgoArgs []string
	focus      *regexp.Regexp
	labels     types.LabelFilter
}

// selects says whether FOCUS and LABELS let a case run, as Ginkgo will decide.
func (s settings) selects(c fixture.Case) bool {
	return s.focus.MatchString(report.SpecText(c.ID, c.Title)) && s.labels(c.Labels)
}

// selectsSlow says whether LABELS lets cases run that change what no lease puts back, such as the CA.
func (s settings) selectsSlow() bool { return s.labels([]string{"slow"}) }

// selectsMutant says the same of a mutant.
func (s settings) selectsMutant(m fixture.Mutant) bool {
	return s.focus.MatchString(report.MutantText(m.ID, m.Title)) && s.labels(m.Labels())
}

// nodeSuffix is what kind appends to a cluster's name for its longest usual host name; host names end at 63 characters.
const nodeSuffix = "-control-plane"

// registryName has a dot or a port in its host: without, an engine takes the host for a folder of docker.io.
var registryName = regexp.MustCompile(`^((localhost|[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+)(:[0-9]+)?|[a-zA-Z0-9-]+:[0-9]+)(/[a-z0-9._-]+)*$`)

var clusterName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)

// readSettings takes the settings from the environment; the error names all that are wrong.
func readSettings(environment func(string) string, root string) (settings, error) {
	s := settings{values: map[string]string{}}
	for _, v := range slices.Concat(variables, upgradeVariables) {
		s.values[v.name] = v.value
		if given := environment(v.name); given != "" {
			s.values[v.name] = given
		}
	}
	var wrong []error
	refuse := func(name, format string, arguments ...any) {
		wrong = append(wrong, fmt.Errorf("%s=%s: %s", name, s.values[name], fmt.Sprintf(format, arguments...)))
	}
	if name := s.values["CLUSTER_NAME"]; !clusterName.MatchString(name) || len(name)+len(nodeSuffix) > 63 {
		refuse("CLUSTER_NAME", "want a-z, 0-9, - and . in at most %d characters", 63-len(nodeSuffix))
	}
	switch s.values["LANE"] {
	case "auto", "pull", "source":
	default:
		refuse("LANE", "want auto, pull or source")
	}
	if registry := s.values["REGISTRY"]; registry != "" && !registryName.MatchString(registry) {
		refuse("REGISTRY", "want HOST[:PORT][/PATH], such as mirror.example:5000 or mirror.example/hub")
	}
	for _, name := range []string{"KEEP", "KIALI", "FULL", "WATCH", "ALLOW_MESH_POLICY", "ALLOW_GATEWAY_LOG", "ALLOW_TAP"} {
		if value := s.values[name]; value != "0" && value != "1" {
			refuse(name, "want 0 or 1")
		}
	}
	s.keep = s.values["KEEP"] == "1"
	if s.values["KIALI"] == "1" && s.values["LANE"] == "source" {
		refuse("KIALI", "lane source builds no Kiali: want LANE=pull")
	}
	wrong = append(wrong, checkUpgrade(s.values)...)
	switch s.values["CLUSTER"] {
	case "own", "existing":
	default:
		refuse("CLUSTER", "want own or existing")
	}
	var err error
	if s.focus, err = regexp.Compile(s.values["FOCUS"]); err != nil {
		refuse("FOCUS", "%v", err)
	}
	if s.labels, err = types.ParseLabelFilter(s.values["LABELS"]); err != nil {
		refuse("LABELS", "want a label filter as in https://onsi.github.io/ginkgo/#spec-labels")
	}
	if s.ginkgoArgs, err = shellquote.Split(s.values["GINKGO_ARGS"]); err != nil {
		refuse("GINKGO_ARGS", "want words as a POSIX shell splits them: %v", err)
	}
	if s.repeat, err = strconv.Atoi(s.values["REPEAT"]); err != nil || s.repeat < 1 {
		refuse("REPEAT", "want a number from 1 on")
	}
	wrong = append(wrong, s.readShard(root)...)
	if s.minutes, err = strconv.Atoi(s.values["MINUTES"]); err != nil || s.minutes < 1 || s.minutes > 60 {
		refuse("MINUTES", "want a number from 1 to 60")
	}
	if s.factor, err = timeout.ParseFactor(s.values[timeout.Variable]); err != nil {
		refuse(timeout.Variable, "%v", err)
	}
	if folder := s.values["MUTANTS"]; folder != "" && !filepath.IsAbs(folder) {
		s.values["MUTANTS"] = filepath.Join(root, folder)
	}
	s.artifacts = s.values["ARTIFACTS"]
	if !filepath.IsAbs(s.artifacts) {
		s.artifacts = filepath.Join(root, s.artifacts)
	}
	return s, errors.Join(wrong...)
}

// ground is what decides how long the steps of a run take, as it was asked for.
func (s settings) ground() string {
	if s.values["CLUSTER"] == "existing" {
		return "cluster " + s.values["KUBECONTEXT"]
	}
	return fmt.Sprintf("lane %s, Kubernetes %s, Istio %s", s.values["LANE"], cmp.Or(s.values["KUBERNETES_VERSION"], "newest"), cmp.Or(s.values["ISTIO_VERSION"], "newest"))
}

func (s settings) name() string { return s.values["CLUSTER_NAME"] }

// table prints each setting of a command with its value, one a line.
func (s settings) table(command string) string {
	shown := variables
	if command == upgradeCommand {
		shown = slices.Concat(variables, upgradeVariables)
	}
	var lines strings.Builder
	for _, v := range shown {
		value := s.values[v.name]
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(&lines, "  %-20s%s\n", v.name, value)
	}
	return strings.TrimSuffix(lines.String(), "\n")
}

func describeSettings() string {
	var lines strings.Builder
	describe := func(all []struct{ name, value, meaning string }) {
		for _, v := range all {
			value := ""
			if v.value != "" {
				value = " [" + v.value + "]"
			}
			fmt.Fprintf(&lines, "  %-20s%s%s\n", v.name, v.meaning, value)
		}
	}
	describe(variables)
	fmt.Fprintln(&lines, "\nThose of upgrade alone:")
	describe(upgradeVariables)
	return lines.String()
}
