package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// exercise is what the trials need.
type exercise struct {
	served *served
	copied checkout
	given  source
}

// all goes through the trials, then through the pulls that must succeed.
func (e exercise) all(ctx context.Context) error {
	ok := true
	for _, t := range trials {
		got, err := e.try(ctx, t)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		wrong := t.wrong(got)
		ok = ok && len(wrong) == 0
		fmt.Println(line(t.name, got.exit, got.message, wrong))
	}
	for _, s := range e.successes() {
		got, err := e.succeed(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		ok = ok && len(got.wrong) == 0
		fmt.Println(line(s.name, got.exit, got.message, got.wrong))
	}
	if !ok {
		return errNotOK
	}
	return nil
}

// try runs images.sh against one fault. The engine has no image of the registry before.
func (e exercise) try(ctx context.Context, t trial) (outcome, error) {
	if err := forget(ctx, e.served.address); err != nil {
		return outcome{}, err
	}
	if t.fault != nil {
		if err := e.served.up(ctx, t.fault); err != nil {
			return outcome{}, err
		}
		defer e.served.down()
	}
	settings := []string{"REGISTRY=" + e.served.address}
	if t.setting != "" {
		settings = append(settings, t.setting)
	}
	run, err := e.copied.images(ctx, settings, "pull", e.given.Kubernetes+t.kubernetes, e.given.Istio.Version+t.istio)
	if err != nil {
		return outcome{}, err
	}
	got := outcome{exit: run.exit, message: errorOf(run.progress)}
	unfinished, err := e.copied.unfinished()
	containers, asked := containers(ctx, e.served.address)
	got.left = append(unfinished, containers...)
	return got, errors.Join(err, asked)
}

// success is a pull that must succeed.
type success struct {
	name, lane, istio string
	profile, envoy    string
	repeated          bool // nothing is left to do
}

func (e exercise) successes() []success {
	return []success{
		{name: "the registry has all", lane: "pull", profile: e.given.Profile, envoy: e.given.Envoy},
		{name: "all is there already", lane: "pull", profile: e.given.Profile, envoy: e.given.Envoy, repeated: true},
		{name: "lane auto, and the registry answers", lane: "auto", profile: e.given.Profile, envoy: e.given.Envoy, repeated: true},
		{name: "a proxy whose Envoy takes Istio's filters", lane: "pull", istio: "-" + tagTakesAll, profile: "default", envoy: "1.2.3"},
	}
}

// manifest is what images.sh says of the images, as far as it is looked at here.
type manifest struct {
	Lane    string
	Profile string
	CNI     string
	Envoy   string
	Digests map[string]string
}

// result is how such a pull went.
type result struct {
	exit    int
	message string
	wrong   []string
}

func (e exercise) succeed(ctx context.Context, s success) (result, error) {
	if err := e.served.up(ctx, none); err != nil {
		return result{}, err
	}
	defer e.served.down()
	run, err := e.copied.images(ctx, []string{"REGISTRY=" + e.served.address}, s.lane, e.given.Kubernetes, e.given.Istio.Version+s.istio)
	if err != nil {
		return result{}, err
	}
	if run.exit != exitDone {
		return result{run.exit, errorOf(run.progress), []string{"exit status 0 is wanted"}}, nil
	}
	made, err := readJSON[manifest](run.manifest)
	if err != nil {
		return result{}, err
	}
	message := fmt.Sprintf("lane %s, profile %s, Envoy %s, cni %s, %d digests", made.Lane, made.Profile, made.Envoy, made.CNI, len(made.Digests))
	wrong := e.differs(s, made)
	if worked := strings.Contains(run.progress, "[1/"); worked == s.repeated {
		wrong = append(wrong, fmt.Sprintf("images.sh found something to do: %t", worked))
	}
	return result{run.exit, message, wrong}, nil
}

// differs lists where a manifest says something else than what was pushed.
func (e exercise) differs(s success, made manifest) []string {
	var wrong []string
	want := func(what, got, wanted string) {
		if got != wanted {
			wrong = append(wrong, fmt.Sprintf("%s is %q, want %q", what, got, wanted))
		}
	}
	want("lane", made.Lane, "pull")
	want("profile", made.Profile, s.profile)
	want("envoy", made.Envoy, s.envoy)
	want("cni", made.CNI, e.given.CNI)
	references := e.references()
	if s.istio == "" {
		want("digests", fmt.Sprint(made.Digests), fmt.Sprint(references))
	}
	return wrong
}

// references are the digests of what was pushed, by the references that lane pull has for it.
func (e exercise) references() map[string]string {
	all := map[string]string{}
	for repository, tag := range e.given.tags() {
		reference, digest := e.served.address+"/"+repository+":"+tag, e.given.digests[repository]
		if repository == nodeRepository {
			reference += "@" + digest
		}
		all[reference] = digest
	}
	return all
}
