package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"mtls.test/conformance/e2e/live/tlscheck/inspect"
	"mtls.test/conformance/fixtures"
)

// imageVariable names the agent's image where no flag does.
const imageVariable = "AGENT_IMAGE"

// addProbe deploys the probe once it is allowed to, and returns what removes it.
func (o *options) addProbe(cmd *cobra.Command, l *look) (remove func(), err error) {
	image := cmp.Or(o.probeImage, os.Getenv(imageVariable))
	switch {
	case l.kube == nil:
		return nil, usage("--probe needs a cluster, and --filename is none")
	case image == "":
		return nil, usage("--probe needs the agent's image: --probe-image, or %s", imageVariable)
	}
	if err := o.allowed(cmd, fmt.Sprintf("Make a pod of image %s in namespace %s for this check, and remove it after?", image, l.namespace)); err != nil {
		return nil, err
	}
	probe, err := inspect.Deploy(cmd.Context(), l.kube, fixtures.FS, l.survey.Planes[0], l.namespace, image)
	if err != nil {
		return nil, err
	}
	l.inspector.Observe = probe.Observe
	return func() {
		// It goes also when the check was interrupted.
		if err := probe.Remove(context.WithoutCancel(cmd.Context())); err != nil {
			_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "error:", err)
		}
	}, nil
}

// allowed asks on a terminal.
func (o *options) allowed(cmd *cobra.Command, question string) error {
	if o.yes {
		return nil
	}
	in, isFile := cmd.InOrStdin().(*os.File)
	if !isFile || !isatty.IsTerminal(in.Fd()) {
		return usage("--probe asks before it deploys, and there is no terminal to ask on: give --yes")
	}
	if _, err := fmt.Fprint(cmd.ErrOrStderr(), question+" [y/N] "); err != nil {
		return err
	}
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil || !strings.EqualFold(strings.TrimSpace(answer), "y") {
		return usage("not allowed: nothing was deployed")
	}
	return nil
}
