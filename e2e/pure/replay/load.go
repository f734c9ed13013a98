package replay

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// The files of a folder of reports, and of a report.
const (
	BaseFile    = "base.yaml"
	ObjectsFile = "objects.yaml"
	ClusterFile = "cluster.yaml"
	WireFile    = "wire.yaml"
	Proxies     = "proxies"
	reportFile  = "report.yaml"
)

// Load reads the reports of a folder, sorted by their ids. The error names each file that is wrong, and why.
func Load(folder fs.FS) ([]Report, error) {
	files, err := fs.Glob(folder, "*/"+reportFile)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("no folder has a " + reportFile)
	}
	var all []Report
	var wrong []error
	for _, file := range files {
		report := Report{ID: path.Dir(file)}
		if err := readYAML(folder, file, &report); err != nil {
			wrong = append(wrong, err)
			continue
		}
		if err := report.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", file, err))
		}
		all = append(all, report)
	}
	return all, errors.Join(wrong...)
}

// ReadSeen reads what was seen of a report's rows.
func ReadSeen(folder fs.FS, id string) ([]Seen, error) {
	var all []Seen
	return all, readYAML(folder, path.Join(id, WireFile), &all)
}

// readYAML reads a file of one document, and refuses fields that it does not know.
func readYAML(folder fs.FS, file string, into any) error {
	content, err := fs.ReadFile(folder, file)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// check returns what is wrong with a report, as an error.
func (r Report) check() error {
	var wrong []error
	for field, value := range map[string]string{"title": r.Title, "url": r.URL, "observed": r.Observed, "source": strings.Join(r.Source, "")} {
		if value == "" {
			wrong = append(wrong, fmt.Errorf("%s is missing", field))
		}
	}
	if len(r.Expect) == 0 {
		wrong = append(wrong, errors.New("expect has no row"))
	}
	for i, row := range r.Expect {
		if err := row.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("expect[%d]: %w", i, err))
		}
	}
	return errors.Join(wrong...)
}

func (r Row) check() error {
	for field, workload := range map[string]string{"client": r.Client, "endpoint": r.Endpoint} {
		if namespace, name, found := strings.Cut(workload, "/"); !found || namespace == "" || name == "" {
			return fmt.Errorf("%s %q: want NAMESPACE/NAME", field, workload)
		}
	}
	if r.To == (hop.ServicePort{}) {
		return errors.New("to is missing: want HOST:PORT")
	}
	if tlscheck.Worse(r.Status, tlscheck.OK) != r.Status || r.Status == "" {
		return fmt.Errorf("status %q is none", r.Status)
	}
	switch r.Shows() {
	case Encrypted, Clear, Unanswered:
		return nil
	case "":
		return fmt.Errorf("status %s needs wire: what packets show does not follow from it", r.Status)
	}
	return fmt.Errorf("wire %q: want %s, %s or %s", r.Wire, Encrypted, Clear, Unanswered)
}
