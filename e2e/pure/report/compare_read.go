package report

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Comparable is a report.json read for CompareRuns. It holds no structs of this version, so that a report of another minor
// version of the schema can be read too.
type Comparable struct{ cases []comparedCase }

type comparedCase struct {
	id, result string
	fields     fields // of the case itself
	checks     []comparedCheck
	judged     []judged // policies refused and expectations foreseen, which have verdicts of their own
	index      map[key]int
}

type comparedCheck struct {
	judged
	required []string
	fields   fields
}

type judged struct {
	key    key
	result string
}

// key identifies one check across two reports.
type key struct {
	place
	nth int // of those at one place
}

// place is where a check stands, as a loss names it.
type place struct{ step, hop string }

// rawCheck holds the fields that distinguish a check from the others.
type rawCheck struct {
	Case      string   `json:"case"` // of what is foreseen
	From      string   `json:"from"`
	To        string   `json:"to"`
	Step      int      `json:"step"`
	Reaches   string   `json:"reaches"`
	Subset    string   `json:"subset"`
	As        string   `json:"as"`
	On        string   `json:"on"`
	Probe     compact  `json:"probe"`
	Result    string   `json:"result"`
	Objects   []string `json:"objects"` // of a refused policy
	Observers struct {
		Required []string `json:"required"`
	} `json:"observers"`
}

// compact is a JSON value as one line with sorted keys, however it was indented.
type compact string

// UnmarshalJSON implements json.Unmarshaler.
func (c *compact) UnmarshalJSON(content []byte) error {
	var tree any
	if err := json.Unmarshal(content, &tree); err != nil {
		return err
	}
	line, err := json.Marshal(tree)
	*c = compact(line)
	return err
}

type rawCase struct {
	ID         string            `json:"id"`
	Result     string            `json:"result"`
	Checks     []json.RawMessage `json:"checks"`
	Rejections []json.RawMessage `json:"rejections"`
	Foreseen   []json.RawMessage `json:"foreseen"`
}

// ReadComparable reads a report.json. It is an error when the content is none, or of another major version of the schema.
func ReadComparable(content []byte) (Comparable, error) {
	var raw struct {
		SchemaVersion string            `json:"schemaVersion"`
		Cases         []json.RawMessage `json:"cases"`
	}
	content, err := Expand(content)
	if err != nil {
		return Comparable{}, err
	}
	if err := json.Unmarshal(content, &raw); err != nil {
		return Comparable{}, fmt.Errorf("not a report.json: %w", err)
	}
	if err := CheckSchema(raw.SchemaVersion); err != nil {
		return Comparable{}, err
	}
	var report Comparable
	for _, content := range raw.Cases {
		c, err := readCase(content)
		if err != nil {
			return Comparable{}, err
		}
		report.cases = append(report.cases, c)
	}
	return report, nil
}

func readCase(content []byte) (comparedCase, error) {
	var raw rawCase
	if err := json.Unmarshal(content, &raw); err != nil {
		return comparedCase{}, fmt.Errorf("a case cannot be read: %w", err)
	}
	var tree map[string]json.RawMessage
	if err := json.Unmarshal(content, &tree); err != nil {
		return comparedCase{}, fmt.Errorf("case %s: %w", raw.ID, err)
	}
	c := comparedCase{id: raw.ID, result: raw.Result, fields: fields{}, index: map[key]int{}}
	for name, value := range tree {
		if name == "checks" || name == "secrets" {
			continue // secrets are named after pods
		}
		if err := c.fields.add(name, value); err != nil {
			return comparedCase{}, fmt.Errorf("case %s: %w", raw.ID, err)
		}
	}
	counts := map[place]int{}
	for _, content := range raw.Checks {
		check, err := readCheck(content, counts)
		if err != nil {
			return comparedCase{}, fmt.Errorf("case %s: %w", raw.ID, err)
		}
		c.index[check.key] = len(c.checks)
		c.checks = append(c.checks, check)
	}
	for _, content := range append(raw.Rejections, raw.Foreseen...) {
		var raw rawCheck
		if err := json.Unmarshal(content, &raw); err != nil {
			return comparedCase{}, fmt.Errorf("case %s: %w", c.id, err)
		}
		c.judged = append(c.judged, judged{key: raw.key(counts), result: raw.Result})
	}
	return c, nil
}

func readCheck(content []byte, counts map[place]int) (comparedCheck, error) {
	var raw rawCheck
	if err := json.Unmarshal(content, &raw); err != nil {
		return comparedCheck{}, err
	}
	check := comparedCheck{judged: judged{key: raw.key(counts), result: raw.Result}, required: raw.Observers.Required, fields: fields{}}
	return check, check.fields.add("", content)
}

// key names the check, and counts it among those of the same name.
func (c rawCheck) key(counts map[place]int) key {
	at := place{step: strconv.Itoa(c.Step), hop: c.hop()}
	counts[at]++
	return key{place: at, nth: counts[at]}
}

func (c rawCheck) hop() string {
	if len(c.Objects) > 0 {
		return "refused: " + strings.Join(c.Objects, ", ")
	}
	over := c.From + " -> " + c.To
	for _, part := range []struct{ name, value string }{
		{"case", c.Case}, {"reaches", c.Reaches}, {"subset", c.Subset}, {"as", c.As}, {"on", c.On}, {"probe", string(c.Probe)},
	} {
		if part.value != "" {
			over += ", " + part.name + " " + part.value
		}
	}
	return over
}

func (c comparedCase) find(k key) (comparedCheck, bool) {
	at, found := c.index[k]
	if !found {
		return comparedCheck{}, false
	}
	return c.checks[at], true
}

func (c comparedCase) judgement(k key) (judged, bool) {
	for _, one := range c.judged {
		if one.key == k {
			return one, true
		}
	}
	return judged{}, false
}

func (c Comparable) byID() map[string]comparedCase {
	all := make(map[string]comparedCase, len(c.cases))
	for _, one := range c.cases {
		all[one.id] = one
	}
	return all
}
