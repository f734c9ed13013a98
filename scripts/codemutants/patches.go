package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed patches.yaml
var table []byte

// patch is one mistake of the table.
type patch struct {
	File    string `yaml:"file"`
	Is      string `yaml:"is"`
	Becomes string `yaml:"becomes"`
	Mistake string `yaml:"mistake"`
}

// patches makes each mistake of the table by itself. One that does not compile is an error.
func patches(ctx context.Context) (tally, error) {
	var list []patch
	if err := yaml.Unmarshal(table, &list); err != nil {
		return tally{}, fmt.Errorf("patches.yaml: %w", err)
	}
	var mistakes []mistake
	for _, p := range list {
		content, err := os.ReadFile(p.File)
		if err != nil {
			return tally{}, err
		}
		if count := strings.Count(string(content), p.Is); count != 1 {
			return tally{}, fmt.Errorf("patches.yaml: %s has %d times %q, want it once", p.File, count, p.Is)
		}
		mistakes = append(mistakes, mistake{p.File, strings.Replace(string(content), p.Is, p.Becomes, 1), p.File + ": " + p.Mistake})
	}
	sum, invalid, err := try(ctx, "patches", mistakes)
	if err == nil && len(invalid) > 0 {
		err = fmt.Errorf("patches.yaml: these do not compile: %s", strings.Join(invalid, "; "))
	}
	return sum, err
}
