package cluster

import (
	"context"
	"fmt"
)

// Shell runs a script in the shell of a node, by the engine that the node is a container of, and returns what it prints.
// The environment is NAME=VALUE.
func Shell(ctx context.Context, engine, node, script string, environment ...string) ([]byte, error) {
	arguments := []string{"exec"}
	for _, variable := range environment {
		arguments = append(arguments, "--env", variable)
	}
	output, err := engineOutput(ctx, engine, append(arguments, node, "bash", "-c", script)...)
	if err != nil {
		return output, fmt.Errorf("node %s: %w", node, err)
	}
	return output, nil
}
