package report

import (
	"bytes"
	"encoding/json"
	"slices"
)

// fields are the paths of a JSON value that have a value there: not null, not empty, not false. The elements of a list
// share one path, for their number and order may differ between runs.
type fields map[string]bool

// add adds the paths below a name.
func (f fields) add(name string, content []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return err
	}
	f.walk(name, tree)
	return nil
}

func (f fields) walk(path string, tree any) {
	switch tree := tree.(type) {
	case map[string]any:
		for name, value := range tree {
			if path != "" {
				name = path + "." + name
			}
			f.walk(name, value)
		}
	case []any:
		for _, value := range tree {
			f.walk(path+"[]", value)
		}
	case string:
		f.set(path, tree != "")
	case bool:
		f.set(path, tree)
	case json.Number:
		f.set(path, true)
	}
}

func (f fields) set(path string, has bool) {
	if has && !slices.Contains(lacks, path) && !slices.Contains(chance, path) {
		f[path] = true
	}
}

// without lists the paths that have no value in another, sorted.
func (f fields) without(other fields) []string {
	var all []string
	for path := range f {
		if !other[path] {
			all = append(all, path)
		}
	}
	slices.Sort(all)
	return all
}

// lacks are fields whose value says that something is missing or wrong: to lose one is no loss.
var lacks = []string{
	"without[]", "standsOut[]", "reused", "sourceAlone[]", "broken", "stated[].missing", "disturbed[]", "findings[]", "traffic.errors[]",
	"settled.failed", "settled.detached[]", "changes[].settled.failed", "changes[].settled.detached[]",
	"intent.missing", "config.missing", "config.client.warming", "config.server.warming",
	"observers.client.missing", "observers.server.missing", "observers.application.missing",
	"observers.wire.missing", "observers.probe.missing", "observers.stats.missing", "observers.wire.packets.dropped",
}

// chance are fields whose value depends on which of two events the run met first: the end of a connection and the tap's
// answer, one source port and another connection's, or the alert of a refused handshake and the reset behind it.
var chance = []string{
	"rewritten", "observers.wire.packets.closed", "observers.wire.packets.reset",
	"observers.wire.tls.alert", "observers.server.symptom.transportFailure",
}
