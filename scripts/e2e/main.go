// Command e2e runs the conformance suite from a bare machine to a verdict: engine, images, cluster, mesh, suite,
// report. The Makefile builds it and hands it the process, so that signals reach it. On a terminal a live line says what goes on;
// elsewhere lines do, without a control character.
//
// Exit status: 0 green; 1 not green; 2 bad input or a machine that lacks something; 130 and 143 after a signal.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() { os.Exit(execute(os.Args[1:])) }

func execute(arguments []string) int {
	screen := newConsole(os.Stdout, os.Stderr)
	defer screen.close()
	// Where a reader has gone, as of `make e2e | head`, writing fails, and the run still cleans up.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	offspring := new(children)
	ctx, stop := interruptible(context.Background(), screen, offspring.kill)
	defer stop()
	command := commands(func(ctx context.Context, name string, work func(*program, context.Context) error) error {
		r, err := newRunner(name, screen, offspring)
		if err != nil {
			return err
		}
		return work(r, ctx)
	})
	command.SetArgs(arguments)
	err := command.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if !errors.Is(err, errNotGreen) {
		screen.fail(err)
	}
	return exitCode(err)
}

// commands is the command line. start makes a program of the environment and lets it work.
func commands(start func(ctx context.Context, name string, work func(*program, context.Context) error) error) *cobra.Command {
	root := &cobra.Command{
		Use:   "e2e",
		Short: "Judge each hop of an Istio mesh: is it mutual TLS, and is that what the policies say?",
		Long: "Judge each hop of an Istio mesh: is it mutual TLS, and is that what the policies say?\n\n" +
			"Settings are environment variables:\n" + describeSettings(),
		SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	for _, c := range []struct {
		name, short string
		work        func(*program, context.Context) error
	}{
		{"all", "from whatever there is to a verdict; the cluster goes at the end unless KEEP=1", (*program).all},
		{"up", "make or reuse the cluster with mesh and world, and leave it for `run`", (*program).up},
		{"run", "run the suite on the cluster that `up` left", (*program).run},
		{"down", "delete the cluster", (*program).down},
		{upgradeCommand, "upgrade Istio FROM one version TO another under traffic, and judge the mesh at each stage", (*program).upgrade},
		{"lease", "take mTLS off SERVICE for MINUTES, prove it, and put it back; an interrupt puts it back at once", (*program).lease},
		{"lease-status", "list the leases that stand", (*program).leaseStatus},
		{"lease-end", "end every lease that stands", (*program).leaseEnd},
		{"record", "record the test data of the unit tests again, from the mesh that `up` left", (*program).record},
		{"record-reports", "record the public reports again on the cluster that `up` left (FOCUS=)", (*program).recordReports},
		{"kubeconfig", "print where the kubeconfig of the suite's cluster is", (*program).kubeconfig},
		{"preflight", "check input and machine, and change nothing", (*program).preflight},
		{"outline", "print the cases and what they are labelled; needs no cluster", (*program).outline},
	} {
		root.AddCommand(&cobra.Command{
			Use: c.name, Short: c.short, Args: usageOf(cobra.NoArgs),
			RunE: func(command *cobra.Command, _ []string) error {
				return start(command.Context(), c.name, c.work)
			},
		})
	}
	root.AddCommand(&cobra.Command{
		Use: "merge DIR...", Short: "make one report of the artifacts of the shards of a run", Args: cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, folders []string) error {
			return start(command.Context(), command.Name(), func(r *program, ctx context.Context) error { return r.merge(ctx, folders) })
		},
	})
	root.Args = cobra.ArbitraryArgs
	root.RunE = func(command *cobra.Command, arguments []string) error {
		if len(arguments) == 0 {
			return command.Help()
		}
		return badInput(fmt.Errorf("unknown command %q: see %s --help", arguments[0], command.Use))
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return badInput(err) })
	return root
}

// usageOf makes what cobra says of wrong arguments bad input.
func usageOf(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(command *cobra.Command, arguments []string) error {
		if err := check(command, arguments); err != nil {
			return badInput(err)
		}
		return nil
	}
}
