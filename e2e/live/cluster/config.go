package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// Config is kind-config.yaml as it was read.
type Config struct {
	path string
	raw  []byte
	kind v1alpha4.Cluster
}

// ReadConfig reads kind-config.yaml and refuses unknown fields, as kind does, and node images, which the lane decides.
func ReadConfig(path string) (Config, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("reading kind's configuration: %w", err)
	}
	config := Config{path: path, raw: raw}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&config.kind); err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	if config.kind.Kind != "Cluster" || config.kind.APIVersion != "kind.x-k8s.io/v1alpha4" {
		return Config{}, fmt.Errorf("%s: want kind Cluster of apiVersion kind.x-k8s.io/v1alpha4", path)
	}
	for _, node := range config.kind.Nodes {
		if node.Image != "" {
			return Config{}, fmt.Errorf("%s: a node has image %s: remove it, KUBERNETES_VERSION and LANE decide the image", path, node.Image)
		}
	}
	return config, nil
}

func (c Config) digest() string { return fmt.Sprintf("sha256:%x", sha256.Sum256(c.raw)) }

// fixedPorts are the addresses on the host that the configuration asks for, as ADDRESS:PORT. Ports that kind
// chooses are not among them.
func (c Config) fixedPorts() []string {
	var fixed []string
	add := func(address string, port int32) {
		if address == "" {
			address = "0.0.0.0"
		}
		if port > 0 {
			fixed = append(fixed, net.JoinHostPort(address, strconv.Itoa(int(port))))
		}
	}
	for _, node := range c.kind.Nodes {
		for _, mapping := range node.ExtraPortMappings {
			if mapping.Protocol == "" || mapping.Protocol == v1alpha4.PortMappingProtocolTCP {
				add(mapping.ListenAddress, mapping.HostPort)
			}
		}
	}
	add(c.kind.Networking.APIServerAddress, c.kind.Networking.APIServerPort)
	return fixed
}

// CheckHostPorts binds each host port that the configuration fixes and gives it back; the error names all that are taken.
func (c Config) CheckHostPorts(ctx context.Context) error {
	var taken []error
	for _, address := range c.fixedPorts() {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil {
			taken = append(taken, fmt.Errorf("host port %s of %s is not free: free it, or set hostPort: 0 there to let kind choose: %w", address, c.path, err))
			continue
		}
		if err := listener.Close(); err != nil {
			taken = append(taken, err)
		}
	}
	return errors.Join(taken...)
}
