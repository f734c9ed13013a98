package upgrade

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"mtls.test/conformance/e2e/pure/hop"
)

// MutantsDir is the folder of the fixtures that holds the mutants, each in a folder of its name.
const MutantsDir = "upgrade/mutants"

// Mutant is a canary that goes wrong as a mistake makes it, and what must be noticed: fixtures/upgrade/mutants/ID/mutant.yaml.
type Mutant struct {
	ID       string     `yaml:"id"`
	Title    string     `yaml:"title"`   // what is wrong, in one sentence
	Why      string     `yaml:"why"`     // how it comes to be
	Traffic  string     `yaml:"traffic"` // policy under which requests go on
	Until    string     `yaml:"until"`   // the last stage
	Sabotage []Sabotage `yaml:"sabotage"`
	Notices  Notice     `yaml:"notices"`
	Cases    []string   `yaml:"cases"` // that must hold at the first stage, before anything has moved
}

// Sabotage is one act; exactly one of its lists is set, or the series. Its files are of the mutant's folder. In them TO_REVISION,
// FROM_REVISION and FROM_MINOR stand for those of the run's versions.
type Sabotage struct {
	Before  string   `yaml:"before"`  // stage before whose moves it is done; empty for before the traffic begins
	Apply   []string `yaml:"apply"`   // files of objects
	Patch   []string `yaml:"patch"`   // files of parts of objects that are there
	Delete  []string `yaml:"delete"`  // files that name objects
	Install []string `yaml:"install"` // IstioOperators of the folder istio, laid over the new control plane's
	Series  string   `yaml:"series"`  // file in the place of upgrade/series.yaml
}

// Notice is the problem that must be told.
type Notice struct {
	Stage  string     `yaml:"stage"` // empty for the difference between the beginning and the end
	Result hop.Result `yaml:"result"`
	Why    string     `yaml:"why"` // regular expression; TO_VERSION and FROM_VERSION, and what Sabotage has, stand for those of the run
}

// MutantResult is what became of a mutant.
type MutantResult struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Noticed bool   `json:"noticed"`
	Why     string `json:"why"` // the problem that was told, or why it is no notice
}

// ReadMutant reads a mutant of the fixtures.
func ReadMutant(files fs.FS, id string) (Mutant, error) {
	var m Mutant
	name := path.Join(MutantsDir, id, "mutant.yaml")
	content, err := fs.ReadFile(files, name)
	if err != nil {
		known, _ := MutantIDs(files)
		return m, fmt.Errorf("no upgrade goes wrong by that name: want one of %s", strings.Join(known, ", "))
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&m); err != nil {
		return m, fmt.Errorf("%s: %w", name, err)
	}
	if err := m.check(files, id); err != nil {
		return m, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// MutantIDs lists the mutants.
func MutantIDs(files fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(files, MutantsDir)
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all, err
}

// Folder is the mutant's folder of the fixtures.
func (m Mutant) Folder(files fs.FS) (fs.FS, error) { return fs.Sub(files, path.Join(MutantsDir, m.ID)) }

func (m Mutant) check(files fs.FS, id string) error {
	var wrong []error
	if m.ID != id {
		wrong = append(wrong, fmt.Errorf("id: %s: want the name of the folder", m.ID))
	}
	if m.Title == "" || m.Why == "" || len(m.Cases) == 0 || len(m.Sabotage) == 0 {
		wrong = append(wrong, errors.New("title, why, cases and sabotage: want all of them"))
	}
	stages := map[string]bool{"": true}
	for _, stage := range m.Plan() {
		stages[stage.Name] = true
	}
	if len(m.Plan()) == 0 {
		wrong = append(wrong, fmt.Errorf("until: %s: no stage of a canary", m.Until))
	}
	if !stages[m.Notices.Stage] {
		wrong = append(wrong, fmt.Errorf("notices.stage: %s: it is not reached", m.Notices.Stage))
	}
	if _, err := regexp.Compile(m.Notices.Why); err != nil {
		wrong = append(wrong, fmt.Errorf("notices.why: %w", err))
	}
	if m.Notices.Why == "" {
		wrong = append(wrong, errors.New("notices.why: want what the problem says"))
	}
	if m.Notices.Result != hop.Fail && m.Notices.Result != hop.Inconclusive {
		wrong = append(wrong, fmt.Errorf("notices.result: %s: want %s or %s", m.Notices.Result, hop.Fail, hop.Inconclusive))
	}
	for _, act := range m.Sabotage {
		if !stages[act.Before] {
			wrong = append(wrong, fmt.Errorf("sabotage.before: %s: it is not reached", act.Before))
		}
		wrong = append(wrong, act.check(files, path.Join(MutantsDir, id)))
	}
	return errors.Join(wrong...)
}

func (s Sabotage) check(files fs.FS, folder string) error {
	set := 0
	var names []string
	for _, list := range [][]string{s.Apply, s.Patch, s.Delete} {
		if len(list) > 0 {
			set++
			names = append(names, list...)
		}
	}
	if len(s.Install) > 0 {
		set++
		for _, name := range s.Install {
			names = append(names, "istio/"+name)
		}
	}
	if s.Series != "" {
		set++
		names = append(names, s.Series)
	}
	if set != 1 {
		return errors.New("sabotage: want one of apply, patch, delete, install and series")
	}
	for _, name := range names {
		if _, err := fs.Stat(files, path.Join(folder, name)); err != nil {
			return fmt.Errorf("sabotage: %w", err)
		}
	}
	return nil
}

// SeriesFile is the file of the mutant's folder that stands for upgrade/series.yaml; empty for none.
func (m Mutant) SeriesFile() string {
	for _, act := range m.Sabotage {
		if act.Series != "" {
			return act.Series
		}
	}
	return ""
}

// Plan is that of a canary until the last stage of the mutant; empty where there is no such stage.
func (m Mutant) Plan() []Stage {
	all := Plan(Canary, m.Traffic)
	last := slices.IndexFunc(all, func(stage Stage) bool { return stage.Name == m.Until })
	return all[:last+1]
}

// Judge tells whether the verdict on the upgrade is the one that the mutant must come to. Before its stage all stages must hold: what is
// red for another reason notices nothing.
func (m Mutant) Judge(v Verdict, names Names) MutantResult {
	result := MutantResult{ID: m.ID, Title: m.Title}
	for _, stage := range v.Stages {
		if stage.Stage == m.Notices.Stage || m.Notices.Stage == "" {
			break
		}
		if stage.Result != hop.Pass {
			result.Why = fmt.Sprintf("stage %s is %s before: %s", stage.Stage, stage.Result, stage.Reason)
			return result
		}
	}
	want, err := regexp.Compile(names.Quoted().Replace(m.Notices.Why))
	if err != nil {
		result.Why = err.Error()
		return result
	}
	for _, problem := range v.Problems {
		if problem.Stage == m.Notices.Stage && problem.Result == m.Notices.Result && want.MatchString(problem.Why) {
			result.Noticed, result.Why = true, problem.String()
			return result
		}
	}
	result.Why = "the upgrade has no problem"
	if len(v.Problems) > 0 {
		result.Why = fmt.Sprintf("%d problems, and none is %s, at stage %q, that says %s: the first is %s", len(v.Problems), m.Notices.Result, m.Notices.Stage, want, v.Problems[0])
	}
	return result
}

// Against sets the result of an upgrade that went wrong on purpose: PASS where that was noticed.
func (v *Verdict) Against(m Mutant, names Names) {
	judged := m.Judge(*v, names)
	v.Mutant = &judged
	v.Result, v.Reason = hop.Pass, fmt.Sprintf("mutant %s is noticed: %s", m.ID, judged.Why)
	if !judged.Noticed {
		v.Result, v.Reason = hop.Fail, fmt.Sprintf("mutant %s is not noticed: %s", m.ID, judged.Why)
	}
}
