// Command kubectl-tls_check is the kubectl plugin tls-check: it says whether the hops to services of a mesh are mutual
// TLS, as `istioctl authn tls-check` did until Istio 1.6.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"mtls.test/conformance/e2e/pure/tlscheck"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	var ended exit
	if err != nil && !errors.As(err, &ended) {
		fmt.Fprintln(os.Stderr, "error:", err)
	}
	stop()
	os.Exit(codeOf(err))
}

// codeOf is the exit code of a command that ended so.
func codeOf(err error) int {
	var ended exit
	var usage usageError
	switch {
	case err == nil:
		return tlscheck.ExitOK
	case errors.As(err, &ended):
		return int(ended)
	case errors.As(err, &usage):
		return tlscheck.ExitUsage
	}
	return tlscheck.ExitUnknown
}

// exit is the exit code of a command that has said all there is to say.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// usageError is a command line that asks for nothing that can be done.
type usageError struct{ error }

func usage(format string, arguments ...any) error {
	return usageError{fmt.Errorf(format, arguments...)}
}
