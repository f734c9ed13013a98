// Command meshgen makes large meshes for tls-check to be tried on: services in a live cluster, the same as a file, and
// recorded answers of proxies that know them.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"mtls.test/conformance/e2e/live/timeout"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use: "meshgen", Short: "Make large meshes for tls-check to be tried on", SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(*cobra.Command, []string) error { return timeout.FromEnvironment() },
	}
	root.AddCommand(newApply(), newRemove(), newObjects(), newDumps(), newMesh())
	return root
}
