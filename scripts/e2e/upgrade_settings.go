package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/fixtures"
)

const upgradeCommand = "upgrade"

// checkUpgrade checks the form of an upgrade's settings.
func checkUpgrade(values map[string]string) []error {
	var wrong []error
	refuse := func(name string, why error) {
		wrong = append(wrong, fmt.Errorf("%s=%s: %w", name, values[name], why))
	}
	if _, err := upgrade.ParseMode(values["MODE"]); err != nil {
		refuse("MODE", err)
	}
	if !slices.Contains([]string{upgrade.StrictTraffic, upgrade.PermissiveTraffic, upgrade.LeaseTraffic}, values["TRAFFIC"]) {
		refuse("TRAFFIC", errors.New("want strict, permissive or lease"))
	}
	if values["WATCH"] == "1" {
		if err := checkWatch(values); err != nil {
			refuse("WATCH", err)
		}
	}
	if id := values["MUTANT"]; id != "" {
		mutant, err := upgrade.ReadMutant(fixtures.FS, id)
		switch {
		case err != nil:
			refuse("MUTANT", err)
		case values["MODE"] != string(upgrade.Canary) || values["POLICIES"] != "" || values["ACCEPT"] != "" || values["FULL"] != "0" || values["FOCUS"] != "":
			refuse("MUTANT", errors.New("it is a canary with policies and cases of its own: leave out MODE, POLICIES, ACCEPT, FULL and FOCUS"))
		default:
			values["TRAFFIC"] = mutant.Traffic
		}
	}
	if folder := values["POLICIES"]; folder != "" {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			refuse("POLICIES", errors.New("want a folder of YAML files"))
		}
	}
	for _, side := range []string{"FROM", "TO"} {
		given := 0
		for _, of := range releaseVariables(side) {
			if values[of] != "" {
				given++
			}
		}
		if given != 0 && given != len(releaseVariables(side)) {
			refuse(side, fmt.Errorf("a release of your own takes all of %s", strings.Join(releaseVariables(side), ", ")))
		}
	}
	return wrong
}

// checkWatch checks the settings of an upgrade that others make.
func checkWatch(values map[string]string) error {
	for _, of := range append([]string{"FROM", "TO", "MUTANT"}, slices.Concat(releaseVariables("FROM"), releaseVariables("TO"))...) {
		if values[of] != "" {
			return fmt.Errorf("you upgrade Istio yourself: leave out %s", of)
		}
	}
	switch {
	case values["CLUSTER"] != "existing":
		return errors.New("it is for a cluster of yours: CLUSTER=existing")
	case values["ALLOW_TAP"] != "1":
		return errors.New("whether a request goes in the clear while Istio moves only packets tell: ALLOW_TAP=1")
	case values["TRAFFIC"] == upgrade.LeaseTraffic:
		return errors.New("want TRAFFIC=strict or TRAFFIC=permissive: when a lease would begin and end is not known")
	}
	return nil
}

// releaseVariables are the settings of a release that is not of scripts/versions.
func releaseVariables(side string) []string {
	return []string{side + "_ISTIOCTL", side + "_HUB", side + "_TAG"}
}

// accepted are the rows of ACCEPT.
func (s settings) accepted() []string {
	return strings.FieldsFunc(s.values["ACCEPT"], func(r rune) bool { return r == ',' || r == ' ' })
}
