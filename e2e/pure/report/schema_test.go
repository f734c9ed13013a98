package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"reflect"
	"testing"

	"github.com/invopop/jsonschema"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
)

var update = flag.Bool("update", false, "write schema.json from the Go types")

func TestTheSchemaIsTheOneOfTheGoTypes(t *testing.T) {
	reflector := jsonschema.Reflector{
		Mapper: func(typ reflect.Type) *jsonschema.Schema {
			switch typ {
			case reflect.TypeFor[netip.AddrPort](), reflect.TypeFor[hop.ServicePort]():
				return &jsonschema.Schema{Type: "string"}
			}
			return nil
		},
	}
	schema := reflector.Reflect(&report.Report{})
	schema.ID = ""
	schema.Title = "report.json of the mTLS conformance suite, schemaVersion " + report.SchemaVersion + ", each value where it stands"
	got, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("schema.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, committed) {
		t.Error("schema.json is not the schema of the Go types: run go test ./e2e/pure/report -update, and raise SchemaVersion if a reader could notice")
	}
}
