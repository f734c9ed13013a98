// Package istioversion reads the versions that Istio's binaries, images and meshes state, and tells for which of them an
// expectation holds.
package istioversion

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Version is a version of Istio. The zero value is one that is not known.
type Version struct {
	Minor  Minor
	Kind   Kind
	Patch  int    // of a Release or a Candidate
	Commit string // of a Build; empty where the version does not name it
	Date   string // of that commit, YYYY-MM-DD; empty where it is not known

	text string
}

// Kind is what a version says about the patch.
type Kind string

// The kinds. Tags of Istio are releases and candidates (https://github.com/istio/istio/tags).
const (
	// Release is a patch, also of a vendor, or of another base image: 1.30.5, 1.30.5-distroless.
	Release Kind = "release"
	// Candidate is what is tried before a patch is released: 1.31.0-rc.0.
	Candidate Kind = "candidate"
	// Build is of a commit between patches: 1.30.0-9739e10eb9d7, 1.32-alpha.COMMIT, 1.31-dev. Its patch says nothing.
	Build Kind = "build"
)

var (
	versionForm   = regexp.MustCompile(`^v?([1-9][0-9]*)\.([0-9]+)(?:\.([0-9]+))?(?:-(.+))?$`)
	candidateForm = regexp.MustCompile(`^(?:alpha|beta|rc)\.[0-9]+(?:-.*)?$`)
	unreleased    = regexp.MustCompile(`^(?:alpha|beta|rc|dev|latest|[0-9])`)
	commitForm    = regexp.MustCompile(`(?:^|[.-])([0-9a-f]{12}|[0-9a-f]{40})(?:-|$)`)
)

// Parse reads a version, and beside it the date of its commit, which is empty where it is not known. A version without a minor is
// an error; what is returned with it is not known, and states the text.
func Parse(text, date string) (Version, error) {
	unknown := Version{text: text}
	parts := versionForm.FindStringSubmatch(text)
	if parts == nil {
		return unknown, fmt.Errorf("istio %q: no minor is in the version, as in 1.31.0", text)
	}
	minor, err := newMinor(parts[1], parts[2])
	if err != nil {
		return unknown, fmt.Errorf("istio %q: %w", text, err)
	}
	if date != "" && !isDate(date) {
		return unknown, fmt.Errorf("istio %q: the date of its commit is %q, want YYYY-MM-DD", text, date)
	}
	v := Version{Minor: minor, text: text}
	patch, suffix := parts[3], parts[4]
	commit := commitForm.FindStringSubmatch(suffix)
	switch {
	case patch == "", commit != nil, unreleased.MatchString(suffix) && !candidateForm.MatchString(suffix):
		v.Kind, v.Date = Build, date
		if commit != nil {
			v.Commit = commit[1]
		}
		return v, nil
	case candidateForm.MatchString(suffix):
		v.Kind = Candidate
	default:
		v.Kind = Release
	}
	if v.Patch, err = strconv.Atoi(patch); err != nil {
		return unknown, fmt.Errorf("istio %q: %w", text, err)
	}
	return v, nil
}

// Known is false of the zero value, and of what states no minor.
func (v Version) Known() bool { return v.Kind != "" }

// Before reports whether the version is of an older minor. One that is not known counts as the newest.
func (v Version) Before(minor Minor) bool { return v.Known() && v.Minor.Compare(minor) < 0 }

// String returns the version as it was stated, and the date of its commit where it is known.
func (v Version) String() string {
	return strings.TrimSuffix(v.text+" of "+v.Date, " of ")
}

func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}
