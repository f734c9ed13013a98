package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// namespace is where all of it lives, and is removed with.
const namespace = "scale"

// host is the name of a generated service.
func host(i int) string { return fmt.Sprintf("%s.%s.svc.cluster.local", service(i), namespace) }

func service(i int) string { return fmt.Sprintf("service-%05d", i) }

type object map[string]any

// services are all over one server's pod. Every tenth has a rule of its own, every hundredth one of mode DISABLE, and the
// namespace is STRICT: so some conflict.
func services(count int) []object {
	var all []object
	all = append(all, object{
		"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": named("default"),
		"spec": object{"mtls": object{"mode": "STRICT"}},
	})
	for i := range count {
		all = append(all, object{
			"apiVersion": "v1", "kind": "Service", "metadata": named(service(i)),
			"spec": object{"selector": object{"app": "scale-server"}, "ports": []object{{"name": "http", "port": 8080, "targetPort": 8080, "appProtocol": "http"}}},
		})
		mode := "ISTIO_MUTUAL"
		if i%100 == 0 {
			mode = "DISABLE"
		}
		if i%10 == 0 {
			all = append(all, object{
				"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": named(service(i)),
				"spec": object{"host": host(i), "trafficPolicy": object{"tls": object{"mode": mode}}},
			})
		}
	}
	return all
}

func named(name string) object {
	return object{"name": name, "namespace": namespace, "labels": object{"app.kubernetes.io/part-of": "meshgen"}}
}

// pods are the server's and a client's, as a cluster would have them.
func pods(server, address string) []object {
	pod := func(name, app, address string) object {
		return object{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": object{"name": name, "namespace": namespace, "labels": object{"app": app, "security.istio.io/tlsMode": "istio"}},
			"spec":     object{"serviceAccountName": "default", "containers": []object{{"name": "app"}, {"name": "istio-proxy"}}},
			"status":   object{"podIPs": []object{{"ip": address}}},
		}
	}
	return []object{pod(server, "scale-server", address), pod("scale-client", "scale-client", "10.0.0.2")}
}

func newObjects() *cobra.Command {
	count, server, address := 10000, "", ""
	command := &cobra.Command{
		Use: "objects", Short: "Print services, rules and pods as a list, for tls-check --filename", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writeList(cmd.OutOrStdout(), append(services(count), pods(server, address)...))
		},
	}
	command.Flags().IntVar(&count, "services", count, "how many services")
	command.Flags().StringVar(&server, "server", "scale-server", "name of the server's pod, as its recorded answer has it")
	command.Flags().StringVar(&address, "address", "10.0.0.1", "its address")
	return command
}

func writeList(to io.Writer, items []object) error {
	return json.NewEncoder(to).Encode(object{"apiVersion": "v1", "kind": "List", "items": items})
}

func readJSON(name string, into any) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
