package proof

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
)

// Shell runs a script in a node's shell and returns what it prints; the environment is NAME=VALUE.
type Shell func(ctx context.Context, node, script string, environment ...string) ([]byte, error)

// ByEngine reaches nodes by the engine that they are containers of: docker or podman.
func ByEngine(engine string) Shell {
	return func(ctx context.Context, node, script string, environment ...string) ([]byte, error) {
		arguments := []string{"exec"}
		for _, variable := range environment {
			arguments = append(arguments, "--env", variable)
		}
		output, err := exec.CommandContext(ctx, engine, append(arguments, node, "bash", "-c", script)...).Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return output, fmt.Errorf("shell of node %s: %w: %s", node, err, bytes.TrimSpace(exit.Stderr))
		}
		return output, err
	}
}
