package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// comparableMajors are the major versions of the schema whose cases have the same shape; 5 says once what repeats.
var comparableMajors = []string{"4", "5"}

// CheckSchema refuses the schemaVersion of a report.json that cannot be held against others.
func CheckSchema(version string) error {
	major, _, _ := strings.Cut(version, ".")
	switch {
	case version == "":
		return errors.New("not a report.json: it has no schemaVersion")
	case !slices.Contains(comparableMajors, major):
		return fmt.Errorf("its schemaVersion is %s, and only %s can be compared: make it with this version of the suite", version, strings.Join(comparableMajors, ".x, ")+".x")
	}
	return nil
}
