package cluster

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const header = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n"

func writeConfig(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kind-config.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadConfigRefuses(t *testing.T) {
	for _, test := range []struct{ name, content, want string }{
		{"an unknown field", header + "nodez: []\n", "nodez"},
		{"another kind", "kind: Node\napiVersion: kind.x-k8s.io/v1alpha4\n", "want kind Cluster"},
		{"a node image", header + "nodes:\n- image: kindest/node:v1\n", "KUBERNETES_VERSION"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := ReadConfig(writeConfig(t, test.content)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("ReadConfig: %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestOnlyFixedTCPPortsAreFixed(t *testing.T) {
	config, err := ReadConfig(writeConfig(t, header+`
networking: {apiServerAddress: 127.0.0.1, apiServerPort: 6443}
nodes:
- role: control-plane
  extraPortMappings:
  - {containerPort: 1, hostPort: 0}
  - {containerPort: 2, hostPort: -1}
  - {containerPort: 3, hostPort: 30}
  - {containerPort: 4, hostPort: 40, listenAddress: "::1"}
  - {containerPort: 5, hostPort: 50, protocol: UDP}
- role: worker
  extraPortMappings:
  - {containerPort: 6, hostPort: 60, listenAddress: 127.0.0.1, protocol: TCP}
`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"0.0.0.0:30", "[::1]:40", "127.0.0.1:60", "127.0.0.1:6443"}, config.fixedPorts()); diff != "" {
		t.Error(diff)
	}
}

func TestATakenHostPortIsNamed(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	config, err := ReadConfig(writeConfig(t, header+"nodes:\n- extraPortMappings:\n  - {containerPort: 1, listenAddress: 127.0.0.1, hostPort: "+strconv.Itoa(port)+"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := config.CheckHostPorts(t.Context()); err == nil || !strings.Contains(err.Error(), listener.Addr().String()) {
		t.Errorf("while taken: %v", err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := config.CheckHostPorts(t.Context()); err != nil {
		t.Errorf("once free: %v", err)
	}
}

func TestTheProjectsOwnConfigIsValid(t *testing.T) {
	config, err := ReadConfig("../../../kind-config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if fixed := config.fixedPorts(); fixed != nil {
		t.Errorf("it fixes host ports %v: two clusters could not stand side by side", fixed)
	}
}
