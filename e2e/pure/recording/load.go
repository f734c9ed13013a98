package recording

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// The files of a recording.
const (
	provenanceFile = "provenance.json"
	situationFile  = "situation.json"
	proxiesFolder  = "proxies"
	certificates   = "certificates"
	clientLine     = ".client.log"
	serverLine     = ".server.log"
	packets        = ".pcap"
)

// Load reads the recordings of every minor that is there. That none is there is an error, and so is a minor that lacks a
// situation or the evidence of an attempt.
func Load(folder fs.FS) ([]Minor, error) {
	found, err := fs.Glob(folder, "*/"+provenanceFile)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errors.New("no minor of Istio is recorded: `make e2e-up` and `make record` make a recording")
	}
	var minors []Minor
	for _, file := range found {
		minor, err := load(folder, path.Dir(file))
		if err != nil {
			return nil, fmt.Errorf("recording of Istio %s: %w; `make record` makes it again", path.Dir(file), err)
		}
		minors = append(minors, minor)
	}
	return minors, nil
}

func load(folder fs.FS, name string) (Minor, error) {
	minor := Minor{Name: name}
	if err := readJSON(folder, path.Join(name, provenanceFile), &minor.Provenance); err != nil {
		return minor, err
	}
	var err error
	if minor.Certificates, err = readAll(folder, path.Join(name, certificates)); err != nil {
		return minor, err
	}
	for _, id := range Cases {
		situation, err := loadSituation(folder, path.Join(name, id))
		if err != nil {
			return minor, err
		}
		minor.Situations = append(minor.Situations, situation)
	}
	return minor, nil
}

func loadSituation(folder fs.FS, at string) (Situation, error) {
	var situation Situation
	if err := readJSON(folder, path.Join(at, situationFile), &situation); err != nil {
		return situation, err
	}
	if len(situation.Attempts) == 0 {
		return situation, fmt.Errorf("%s has no attempts", at)
	}
	var err error
	if situation.Proxies, err = readAll(folder, path.Join(at, proxiesFolder)); err != nil {
		return situation, err
	}
	for i := range situation.Attempts {
		attempt := &situation.Attempts[i]
		for suffix, content := range attempt.evidence() {
			if *content, err = fs.ReadFile(folder, path.Join(at, attempt.Name+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return situation, err
			}
		}
	}
	return situation, situation.Complete()
}

// evidence are the files of an attempt, by how their names end.
func (a *Attempt) evidence() map[string]*[]byte {
	return map[string]*[]byte{clientLine: &a.ClientLine, serverLine: &a.ServerLine, packets: &a.Pcap}
}

// Complete returns what the situation lacks, as an error.
func (s Situation) Complete() error {
	var lacking []error
	for _, attempt := range s.Attempts {
		for _, proxy := range []string{attempt.Client, attempt.Server} {
			if proxy != "" && len(s.Proxies[proxy]) == 0 {
				lacking = append(lacking, fmt.Errorf("%s/%s lacks the configuration of %s", s.Case, attempt.Name, proxy))
			}
		}
		for _, what := range attempt.Lacks() {
			lacking = append(lacking, fmt.Errorf("%s/%s lacks %s", s.Case, attempt.Name, what))
		}
	}
	return errors.Join(lacking...)
}

// readAll reads the JSON files of a folder, by their names.
func readAll(folder fs.FS, at string) (map[string][]byte, error) {
	names, err := fs.Glob(folder, path.Join(at, "*.json"))
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for _, name := range names {
		if all[strings.TrimSuffix(path.Base(name), ".json")], err = fs.ReadFile(folder, name); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readJSON(folder fs.FS, file string, into any) error {
	content, err := fs.ReadFile(folder, file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// Files are the files of a situation, by their paths within its minor's folder.
func (s Situation) Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	text, err := lines(s)
	if err != nil {
		return nil, err
	}
	files[path.Join(s.Case, situationFile)] = text
	for proxy, dump := range s.Proxies {
		files[path.Join(s.Case, proxiesFolder, proxy+".json")] = dump
	}
	for _, attempt := range s.Attempts {
		for suffix, content := range attempt.evidence() {
			if len(*content) > 0 {
				files[path.Join(s.Case, attempt.Name+suffix)] = *content
			}
		}
	}
	return files, nil
}

// Files are the files of a minor, by their paths within its folder.
func (m Minor) Files() (map[string][]byte, error) {
	text, err := lines(m.Provenance)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{provenanceFile: text}
	for proxy, content := range m.Certificates {
		files[path.Join(certificates, proxy+".json")] = content
	}
	for _, situation := range m.Situations {
		own, err := situation.Files()
		if err != nil {
			return nil, err
		}
		for name, content := range own {
			files[name] = content
		}
	}
	return files, nil
}
