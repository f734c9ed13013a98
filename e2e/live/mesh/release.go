package mesh

import "mtls.test/conformance/e2e/pure/upgrade"

// Release is a version of Istio that can be installed.
type Release struct {
	Version    string `json:"version"`              // as its binaries state it
	CommitDate string `json:"commitDate,omitempty"` // of a build of a commit, YYYY-MM-DD
	Istioctl   string `json:"istioctl"`             // path
	Hub        string `json:"hub"`
	Tag        string `json:"tag"`
	Profile    string `json:"profile"` // of its proxies: vanilla or default
}

// Releases are those that an upgrade goes between.
type Releases map[upgrade.Side]Release

// Versions are those of the releases.
func (r Releases) Versions() upgrade.Versions {
	versions := upgrade.Versions{}
	for side, release := range r {
		versions[side] = release.Version
	}
	return versions
}
