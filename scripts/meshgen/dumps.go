package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func newDumps() *cobra.Command {
	from, out := "", ""
	count, services := 45, 0
	command := &cobra.Command{
		Use:   "dumps",
		Short: "Make recorded answers of many proxies out of one proxy's answer to /config_dump?include_eds",
		Long: "Make recorded answers of many proxies out of one proxy's answer to /config_dump?include_eds: the same\n" +
			"configuration under other pods' names. With --services the clusters and endpoints of one service of it are\n" +
			"multiplied first, as meshgen objects names them.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return dumps(from, out, count, services) },
	}
	command.Flags().StringVar(&from, "from", "", "file with the answer")
	command.Flags().StringVar(&out, "out", "", "folder to write to")
	command.Flags().IntVar(&count, "count", count, "how many proxies")
	command.Flags().IntVar(&services, "services", 0, "how many services; 0 for those of the answer")
	return command
}

type configDump struct {
	Configs []map[string]json.RawMessage `json:"configs"`
}

func dumps(from, out string, count, services int) error {
	if from == "" || out == "" {
		return errors.New("want --from FILE and --out FOLDER")
	}
	var dump configDump
	if err := readJSON(from, &dump); err != nil {
		return err
	}
	if services > 0 {
		if err := dump.multiply(services); err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	pod, err := dump.pod()
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	whole, err := json.MarshalIndent(dump, "", " ")
	if err != nil {
		return err
	}
	for i := range count {
		name := fmt.Sprintf("recorded-%03d", i)
		content := bytes.ReplaceAll(whole, []byte(pod+"."), []byte(name+"."))
		if err := os.WriteFile(filepath.Join(out, name+".json"), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// pod is the name of the pod whose answer it is, out of the bootstrap's node: KIND~ADDRESS~POD.NAMESPACE~DOMAIN.
func (d configDump) pod() (string, error) {
	for _, config := range d.Configs {
		var bootstrap struct {
			Node struct {
				ID string `json:"id"`
			} `json:"node"`
		}
		if json.Unmarshal(config["bootstrap"], &bootstrap) != nil {
			continue
		}
		if words := strings.Split(bootstrap.Node.ID, "~"); len(words) == 4 {
			pod, _, _ := strings.Cut(words[2], ".")
			return pod, nil
		}
	}
	return "", errors.New("it has no bootstrap with a node: was it asked for with a filter?")
}

// multiply puts the clusters and endpoints of generated services in place of those of services.
func (d configDump) multiply(count int) error {
	for _, list := range []string{"dynamic_active_clusters", "dynamic_endpoint_configs"} {
		for _, config := range d.Configs {
			var elements []json.RawMessage
			if config[list] == nil {
				continue
			}
			if err := json.Unmarshal(config[list], &elements); err != nil {
				return err
			}
			multiplied, err := multiplied(elements, count)
			if err != nil {
				return fmt.Errorf("%s: %w", list, err)
			}
			if config[list], err = json.Marshal(multiplied); err != nil {
				return err
			}
		}
	}
	return nil
}

// model is the service that is multiplied, of `meshgen apply`.
const model = 1

func multiplied(elements []json.RawMessage, count int) ([]json.RawMessage, error) {
	var kept []json.RawMessage
	var pattern json.RawMessage
	for _, element := range elements {
		switch {
		case bytes.Contains(element, []byte("||"+host(model)+`"`)):
			pattern = element
		case !bytes.Contains(element, []byte("."+namespace+".svc")):
			kept = append(kept, element)
		}
	}
	if pattern == nil {
		return nil, fmt.Errorf("there is no %s: take the answer of a proxy beside `meshgen apply`", host(model))
	}
	for i := range count {
		kept = append(kept, bytes.ReplaceAll(pattern, []byte(service(model)), []byte(service(i))))
	}
	return kept, nil
}
