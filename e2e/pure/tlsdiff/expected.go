package tlsdiff

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"mtls.test/conformance/e2e/pure/istioversion"
)

// ExpectedFile is where the fixtures hold the rows of expected changes, and say how they are read.
const ExpectedFile = "upgrade/expected.yaml"

// Row is a change of Istio's that shows in how hops are secured, in the course from a version before it to one that has it.
type Row struct {
	ID      string           `yaml:"id"`
	Since   []string         `yaml:"since"`
	Where   Place            `yaml:"where"`
	Class   Class            `yaml:"class"`
	Changes []ExpectedChange `yaml:"changes"`
	Reason  string           `yaml:"reason"`
	Source  string           `yaml:"source"`

	since istioversion.Points
	end   string // client or server, whose control plane makes the change
}

// ExpectedChange is one field of a hop, with what it is before and after Istio's change; none is any.
type ExpectedChange struct {
	Field  Field  `yaml:"field"`
	Before Values `yaml:"before"`
	After  Values `yaml:"after"`
}

// Values are those of a field. A word alone is the only one.
type Values []string

// UnmarshalYAML takes a list, or a word.
func (v *Values) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*v = Values{node.Value}
		return nil
	}
	return node.Decode((*[]string)(v))
}

// Place is which hops a row is for.
type Place string

// places are all of them.
var places = map[Place]func(Hop) bool{
	"subset":  func(h Hop) bool { return h.Subset != "" }, // their way leads to a subset of a DestinationRule
	"gateway": func(h Hop) bool { return h.Gateway },      // their server is a gateway
}

// AnyClass is of a row that may make a hop stronger or weaker.
const AnyClass Class = "any"

// Expected are rows of expected changes.
type Expected []Row

// LoadExpected reads the rows of the fixtures. The error joins all that is wrong in them, each with file and line.
func LoadExpected(fixtures fs.FS) (Expected, error) {
	content, err := fs.ReadFile(fixtures, ExpectedFile)
	if err != nil {
		return nil, err
	}
	var all Expected
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&all); err != nil {
		return nil, fmt.Errorf("%s: %w", ExpectedFile, err)
	}
	var nodes []yaml.Node
	if err := yaml.Unmarshal(content, &nodes); err != nil {
		return nil, fmt.Errorf("%s: %w", ExpectedFile, err)
	}
	var wrong []error
	for i := range all {
		for _, err := range append(all[i].check(), all[:i].alone(all[i].ID)...) {
			wrong = append(wrong, fmt.Errorf("%s:%d: row %q: %w", ExpectedFile, nodes[i].Line, all[i].ID, err))
		}
	}
	return all, errors.Join(wrong...)
}

// Find finds a row by its id.
func (e Expected) Find(id string) (Row, bool) {
	at := slices.IndexFunc(e, func(row Row) bool { return row.ID == id })
	if at < 0 {
		return Row{}, false
	}
	return e[at], true
}

// IDs are those of the rows.
func (e Expected) IDs() []string {
	var all []string
	for _, row := range e {
		all = append(all, row.ID)
	}
	return all
}

// alone refuses an id that rows bear already.
func (e Expected) alone(id string) []error {
	if _, taken := e.Find(id); taken {
		return []error{errors.New("another row has the same id")}
	}
	return nil
}

// check returns all that is wrong with a row, and reads its points.
func (r *Row) check() (wrong []error) {
	for name, value := range map[string]string{"id": r.ID, "reason": r.Reason, "source": r.Source} {
		if value == "" {
			wrong = append(wrong, fmt.Errorf("%s is missing", name))
		}
	}
	if strings.Contains(r.ID, ",") {
		wrong = append(wrong, errors.New("an id has no comma, which parts those of --accept"))
	}
	var err error
	if r.since, err = istioversion.ParsePoints(r.Since); err != nil {
		wrong = append(wrong, fmt.Errorf("since %w", err))
	}
	if len(r.Since) == 0 {
		wrong = append(wrong, errors.New("since names no version"))
	}
	if places[r.Where] == nil {
		wrong = append(wrong, fmt.Errorf("where %q: want subset or gateway", r.Where))
	}
	if !slices.Contains([]Class{Weaker, Stronger, AnyClass}, r.Class) {
		wrong = append(wrong, fmt.Errorf("class %q: want %s, %s or %s", r.Class, Weaker, Stronger, AnyClass))
	}
	return append(wrong, r.checkChanges()...)
}

// checkChanges checks the fields of a row: they are of one end, for each has a control plane of its own.
func (r *Row) checkChanges() (wrong []error) {
	for _, one := range r.Changes {
		at := slices.IndexFunc(fields, func(known field) bool { return known.name == one.Field })
		if at < 0 {
			wrong = append(wrong, fmt.Errorf("field %q is none that is compared", one.Field))
			continue
		}
		if one.Before != nil && one.After != nil {
			own := fields[at].class(one.Before, one.After)
			if r.Class == Weaker && own == Stronger || r.Class == Stronger && own == Weaker {
				wrong = append(wrong, fmt.Errorf("class is %s, and field %q becomes %s", r.Class, one.Field, own))
			}
		}
		end, _, ofEnd := strings.Cut(string(one.Field), ":")
		switch {
		case !ofEnd:
		case r.end != "" && r.end != end:
			wrong = append(wrong, fmt.Errorf("field %q is of the %s, and others are of the %s: want one row for each end", one.Field, end, r.end))
		default:
			r.end = end
		}
	}
	if len(r.Changes) == 0 || !strings.Contains(string(r.Changes[0].Field), ":") {
		wrong = append(wrong, errors.New("changes do not begin with a field of client or server, which is what Istio changed"))
	}
	return wrong
}
