package cluster

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseContainers(t *testing.T) {
	want := container{
		ID: "5f10", Name: "mtls-control-plane", Image: "sha256:abc", Created: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
		Started: time.Date(2026, 1, 2, 3, 4, 6, 7, time.UTC), Node: true, Ports: map[string]string{"6443": "127.0.0.1:41081"},
	}
	balancer := want
	balancer.Node = false
	for _, test := range []struct {
		name, described string
		want            []container
	}{
		{
			"as docker describes them",
			`[{"Id":"5f10","Name":"/mtls-control-plane","Image":"sha256:abc","Created":"2026-01-02T03:04:05.000000006Z","State":{"StartedAt":"2026-01-02T03:04:06.000000007Z"},
			   "Config":{"Labels":{"io.x-k8s.kind.role":"control-plane"}},
			   "NetworkSettings":{"Ports":{"6443/tcp":[{"HostIp":"127.0.0.1","HostPort":"41081"}],"30080/tcp":null}}}]`,
			[]container{want},
		},
		{
			"as podman describes them",
			`[{"Id":"5f10","Name":"mtls-control-plane","Image":"abc","Created":"2026-01-02T03:04:05.000000006Z","State":{"StartedAt":"2026-01-02T03:04:06.000000007Z"},
			   "NetworkSettings":{"Ports":{"6443/tcp":[{"HostIp":"127.0.0.1","HostPort":"41081"}]}}}]`,
			[]container{want},
		},
		{
			"the load balancer is no node",
			`[{"Id":"5f10","Name":"mtls-control-plane","Image":"abc","Created":"2026-01-02T03:04:05.000000006Z","State":{"StartedAt":"2026-01-02T03:04:06.000000007Z"},
			   "Config":{"Labels":{"io.x-k8s.kind.role":"external-load-balancer"}},
			   "NetworkSettings":{"Ports":{"6443/tcp":[{"HostIp":"127.0.0.1","HostPort":"41081"}]}}}]`,
			[]container{balancer},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseContainers([]byte(test.described))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
