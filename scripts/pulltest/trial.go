package main

import (
	"fmt"
	"slices"
	"strings"
)

// exit statuses of images.sh.
const (
	exitDone   = 0
	exitFailed = 1
	exitInput  = 2
)

// trial is one way in which a pull goes wrong, and what images.sh must make of it.
type trial struct {
	name       string
	fault      fault // nil: the registry is down
	setting    string
	kubernetes string // added to the version of Kubernetes
	istio      string // added to that of Istio
	exit       int
	words      []string // each stands in the message
}

// unknownDigest is the end of a version of Kubernetes whose Dockerfile names a digest that no image has.
const unknownDigest = "unknown"

// hasty makes the limit of a pull 12 s, which is less than Docker's own patience.
const hasty = "TIMEOUT_FACTOR=0.02"

// advice is what every message about a pull names: the other ways to images, and what was pulled already.
var advice = []string{"REGISTRY=", "LANE=source", "stays in the engine"}

var trials = []trial{
	{name: "the registry is down", exit: exitFailed, words: []string{"does not answer"}},
	{name: "the registry does not answer a request", fault: silent, setting: hasty, exit: exitFailed, words: []string{"within 12 s", "hangs", "larger TIMEOUT_FACTOR"}},
	{name: "the registry stalls in the middle of an image", fault: stalls, setting: hasty, exit: exitFailed, words: []string{pilotRepository, "within 12 s", "hangs", "larger TIMEOUT_FACTOR"}},
	{name: "the registry dies in the middle of an image", fault: dies, exit: exitFailed, words: []string{"does not answer, or no more", "try again"}},
	{name: "the registry lacks a tag", fault: instead(proxyRepository, proxyRepository+"/manifests/absent"), exit: exitFailed, words: []string{"has no", proxyRepository, "--versions"}},
	{name: "the registry lacks a digest", fault: none, kubernetes: "-" + unknownDigest, exit: exitFailed, words: []string{"has no", nodeRepository, "@sha256:"}},
	{name: "the registry has another image under a digest", fault: instead(nodeRepository, nodeRepository+"/manifests/"+tagOther), kubernetes: "-" + unknownDigest,
		exit: exitFailed, words: []string{"something else", nodeRepository, "do not use"}},
	{name: "the registry has given enough", fault: limits, exit: exitFailed, words: []string{"no more images for now", "docker login"}},
	{name: "the proxy's Envoy fails by itself", fault: none, istio: "-" + tagFails, exit: exitFailed, words: []string{"cannot be told", "no memory is left"}},
	{name: "REGISTRY has a scheme", setting: "REGISTRY=http://127.0.0.1:5000", exit: exitInput, words: []string{"REGISTRY=http://127.0.0.1:5000", "mirror.example"}},
	{name: "REGISTRY is no host", setting: "REGISTRY=mirror", exit: exitInput, words: []string{"REGISTRY=mirror", "mirror.example"}},
}

// outcome is how a trial went.
type outcome struct {
	exit    int
	message string
	left    []string // what was left behind
}

// wrong lists what an outcome is that it must not be.
func (t trial) wrong(got outcome) []string {
	var all []string
	if got.exit != t.exit {
		all = append(all, fmt.Sprintf("exit status %d is wanted", t.exit))
	}
	words := t.words
	if t.exit == exitFailed && t.istio == "" {
		words = slices.Concat(words, advice)
	}
	for _, word := range words {
		if !strings.Contains(got.message, word) {
			all = append(all, fmt.Sprintf("the message lacks %q", word))
		}
	}
	for _, one := range got.left {
		all = append(all, "left behind: "+one)
	}
	return all
}

// errorOf is the last error that a script of ours tells in what it says.
func errorOf(progress string) string {
	at := strings.LastIndex(progress, "error: ")
	if at < 0 {
		return ""
	}
	return strings.Join(strings.Fields(progress[at+len("error: "):]), " ")
}

// line is what is printed of a trial.
func line(name string, exit int, message string, wrong []string) string {
	if len(wrong) == 0 {
		return fmt.Sprintf("ok      %-46s exit %d  %s", name, exit, message)
	}
	return fmt.Sprintf("not ok  %-46s exit %d  %s (%s)", name, exit, message, strings.Join(wrong, "; "))
}
