package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// workflow is what this command knows of a workflow
// (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax); a key that it does not know is refused.
type workflow struct {
	Name        string           `yaml:"name"`
	On          yaml.Node        `yaml:"on"`
	Permissions yaml.Node        `yaml:"permissions"`
	Concurrency yaml.Node        `yaml:"concurrency"`
	Jobs        map[string]cijob `yaml:"jobs"`
}

type cijob struct {
	RunsOn  string            `yaml:"runs-on"`
	Minutes int               `yaml:"timeout-minutes"` // for a runner, not for this machine
	Env     map[string]string `yaml:"env"`
	Steps   []step            `yaml:"steps"`
	Uses    string            `yaml:"uses"` // another workflow of the repository
	With    map[string]string `yaml:"with"`
}

type step struct {
	Name string            `yaml:"name"`
	Uses string            `yaml:"uses"`
	With yaml.Node         `yaml:"with"`
	If   string            `yaml:"if"`
	Run  string            `yaml:"run"`
	Env  map[string]string `yaml:"env"`
}

// ofRunner are the actions whose work a fresh clone and this machine do.
var ofRunner = []string{"actions/checkout@", "actions/setup-go@", "actions/upload-artifact@"}

// job is a job with nothing left to look up.
type job struct {
	name  string
	steps []command
}

// command is a step that runs something.
type command struct {
	run    string
	env    map[string]string
	always bool // also after a step that failed
}

// read reads the jobs of a workflow, those of the workflows that it calls in their place.
func read(files fs.FS, file string) ([]job, error) {
	return jobsOf(files, file, nil)
}

func jobsOf(files fs.FS, file string, inputs map[string]string) ([]job, error) {
	content, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	var w workflow
	if err := decoder.Decode(&w); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if inputs, err = w.inputs(inputs); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var all []job
	for _, name := range slices.Sorted(maps.Keys(w.Jobs)) {
		j := w.Jobs[name]
		if called, is := strings.CutPrefix(j.Uses, "./"); is {
			further, err := jobsOf(files, called, j.With)
			if err != nil {
				return nil, err
			}
			all = append(all, further...)
			continue
		}
		one, err := j.resolve(w.Name+"/"+name, inputs)
		if err != nil {
			return nil, fmt.Errorf("%s: job %s: %w", file, name, err)
		}
		all = append(all, one)
	}
	return all, nil
}

// inputs are what a workflow is called with, and the defaults of the others.
func (w workflow) inputs(given map[string]string) (map[string]string, error) {
	var on struct {
		Call struct {
			Inputs map[string]struct {
				Default  string `yaml:"default"`
				Required bool   `yaml:"required"`
			} `yaml:"inputs"`
		} `yaml:"workflow_call"`
	}
	if err := w.On.Decode(&on); err != nil {
		return nil, err
	}
	all := map[string]string{}
	for name, input := range on.Call.Inputs {
		value, is := given[name]
		if !is && input.Required {
			return nil, fmt.Errorf("input %s is not given", name)
		}
		if !is {
			value = input.Default
		}
		all[name] = value
	}
	for name := range given {
		if _, known := all[name]; !known {
			return nil, fmt.Errorf("it has no input %s", name)
		}
	}
	return all, nil
}

func (j cijob) resolve(name string, inputs map[string]string) (job, error) {
	one := job{name: name}
	if j.Uses != "" || len(j.Steps) == 0 {
		return one, fmt.Errorf("uses %q: a job has steps here, or is a workflow of this repository (./…)", j.Uses)
	}
	for place, s := range j.Steps {
		if s.Uses != "" && slices.ContainsFunc(ofRunner, func(known string) bool { return strings.HasPrefix(s.Uses, known) }) {
			continue
		}
		if s.Uses != "" || s.Run == "" {
			return one, fmt.Errorf("step %d uses %q: only what a runner does by itself can be left out (%s)", place+1, s.Uses, strings.Join(ofRunner, ", "))
		}
		if s.If != "" && s.If != "always()" {
			return one, fmt.Errorf("step %d: if: %s is not known here, always() is", place+1, s.If)
		}
		c := command{run: s.Run, env: map[string]string{}, always: s.If != ""}
		for _, env := range []map[string]string{j.Env, s.Env} {
			for variable, text := range env {
				value, err := evaluate(text, inputs)
				if err != nil {
					return one, fmt.Errorf("step %d: %s: %w", place+1, variable, err)
				}
				c.env[variable] = value
			}
		}
		if _, err := evaluate(s.Run, nil); err != nil {
			return one, fmt.Errorf("step %d: %w", place+1, err)
		}
		one.steps = append(one.steps, c)
	}
	return one, nil
}

var expression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)

// evaluate puts inputs into a text. Another expression is none that is known here.
func evaluate(text string, inputs map[string]string) (string, error) {
	var unknown error
	value := expression.ReplaceAllStringFunc(text, func(found string) string {
		said := expression.FindStringSubmatch(found)[1]
		name, is := strings.CutPrefix(said, "inputs.")
		input, known := inputs[name]
		if !is || !known {
			unknown = fmt.Errorf("expression %s is not known here, inputs are", found)
		}
		return input
	})
	return value, unknown
}
