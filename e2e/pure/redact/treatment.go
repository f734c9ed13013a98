package redact

import "reflect"

// treatment is what becomes of the texts of a field.
type treatment struct {
	way  way
	kind string // of what is first met there, which its pseudonym has in it
}

type way int

const (
	denied     way = iota // the text as a whole is one name
	kept                  // it stays
	asText                // words stay that the suite knows, and customary names
	asNames               // customary names alone stay
	asMatch               // of a route: the words of its conditions stay, their names and values are names
	asDN                  // a distinguished name: the keys stay, the values are names
	asYAML                // an object: its keys stay, and what a field can be by the APIs, other values are names
	asHash                // a serial or a digest
	asSettings            // each by its name
)

var (
	whole    = treatment{denied, "value"}
	stays    = treatment{way: kept}
	prose    = telling("name")
	serials  = treatment{way: asHash}
	subjects = treatment{asDN, "subject"}
	matches  = treatment{asMatch, "value"}
	objects  = treatment{asYAML, "value"}
	settings = treatment{way: asSettings}
)

// named is a field that holds a name, or names with what holds them together: a host, NAMESPACE/NAME, an SNI.
func named(kind string) treatment { return treatment{asNames, kind} }

// telling is a text that tells of names of a kind.
func telling(kind string) treatment { return treatment{asText, kind} }

// of is the treatment of a map's key and its value.
func (t treatment) of(key reflect.Value) (asKey, asValue treatment) {
	if t.way != asSettings {
		return t, t
	}
	if as, known := ofSetting[key.String()]; known {
		return stays, as
	}
	return whole, whole
}

// treatmentOf is the treatment of the texts of a struct's field.
func treatmentOf(of reflect.Type, field reflect.StructField) treatment {
	if as, known := ofField[of.String()+"."+field.Name]; known {
		return as
	}
	return whole
}
