package mesh

// Release is a version of Istio that can be installed.
type Release struct {
	Version    string `json:"version"`              // as its binaries state it
	CommitDate string `json:"commitDate,omitempty"` // of a build of a commit, YYYY-MM-DD
	Istioctl   string `json:"istioctl"`             // path
	Hub        string `json:"hub"`
	Tag        string `json:"tag"`
	Profile    string `json:"profile"` // of its proxies: vanilla or default
}
