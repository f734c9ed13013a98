package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/live/kialiclient"
	"mtls.test/conformance/e2e/live/tlscheck/verify"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
	"mtls.test/conformance/fixtures"
)

func newVerify(o *options) *cobra.Command {
	artifacts := ""
	command := &cobra.Command{
		Use:   "verify [CLIENT] SERVICE",
		Short: "Go through the guide's commands for a service, in their order",
		Long: `Go through all that "Verifying mTLS Configuration in Istio" lists, in its order: policies, rules, tls-check, clusters,
the TLS context, certificates and logs of both ends. Each has one line of finding, and its raw answer is kept.

The clients are the ingress gateway's pods, unless CLIENT names others. It ends where the guide's flowchart does: mTLS is
active (exit code 0), inactive or an error (1), or it cannot be told (2).`,
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) == 0 || len(arguments) > 2 {
				return usage("want [CLIENT] SERVICE")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, arguments []string) error { return o.verify(cmd, arguments, artifacts) },
	}
	command.Flags().StringVar(&artifacts, "artifacts", filepath.Join("artifacts", "verify"), "folder of the raw answers")
	return command
}

func (o *options) verify(cmd *cobra.Command, arguments []string, artifacts string) error {
	ctx := cmd.Context()
	l, err := o.open(ctx)
	if err != nil {
		return err
	}
	service, err := l.survey.Snapshot.Host(arguments[len(arguments)-1], l.namespace)
	if err != nil {
		return usageError{err}
	}
	clients, err := l.gateway()
	if len(arguments) == 2 {
		clients, err = l.clients(arguments[0])
	}
	if err != nil {
		return err
	}
	flowchart, err := oracle.LoadChart(fixtures.FS)
	if err != nil {
		return err
	}
	folder := filepath.Join(artifacts, service.Name)
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	v := &verify.Verification{
		Kube: l.kube, Mesh: l.inspector.Mesh, Survey: l.survey, Chart: flowchart, Service: service,
		Keep: func(name string, content []byte) error {
			return artifact.WriteText(filepath.Join(folder, name), string(content))
		},
	}
	for _, name := range clients {
		workload, found := l.survey.Workload(name)
		if !found {
			return usage("client %s is not a running and ready pod of the cluster: name one as NAMESPACE/NAME, see kubectl get pods -A", name)
		}
		v.Clients = append(v.Clients, workload)
	}
	if found, err := kialiclient.Find(ctx, l.kube); err == nil {
		v.Witness = found.Says
	} else {
		v.Absent = err.Error()
	}
	out := newMarks(cmd.OutOrStdout())
	var all []verify.Finding
	end, err := v.Run(ctx, func(f verify.Finding) error {
		all = append(all, f)
		return out.finding(len(all), f)
	})
	if err != nil {
		return err
	}
	content, err := json.MarshalIndent(map[string]any{"service": service.Name, "clients": clients, "findings": all, "end": end}, "", "  ")
	if err != nil {
		return err
	}
	if err := v.Keep("verify.json", append(content, '\n')); err != nil {
		return err
	}
	if err := out.end(end, folder); err != nil {
		return err
	}
	switch {
	case end.End == oracle.Enabled:
		return nil
	case end.Status == tlscheck.Unknown:
		return exit(tlscheck.ExitUnknown)
	}
	return exit(tlscheck.ExitNotOK)
}

// gateway is the ingress gateway by Istio's own label, or the only gateway that there is.
func (l *look) gateway() ([]string, error) {
	found := l.survey.Gateways("istio=ingressgateway")
	if len(found) == 0 {
		found = l.survey.Gateways("")
	}
	if len(found) == 0 {
		return nil, usage("the cluster has no ingress gateway: name a client, verify CLIENT SERVICE")
	}
	return found, nil
}

// marks prints findings with a sign before each, in colour on a terminal.
type marks struct {
	to       io.Writer
	coloured bool
}

func newMarks(to io.Writer) *marks {
	file, isFile := to.(*os.File)
	return &marks{to: to, coloured: isFile && isatty.IsTerminal(file.Fd()) && os.Getenv("NO_COLOR") == ""}
}

var signs = map[verify.Mark]struct{ sign, colour string }{
	verify.Good: {"√", "\x1b[32m"}, verify.Note: {"·", "\x1b[34m"}, verify.Warn: {"‼", "\x1b[33m"}, verify.Bad: {"×", "\x1b[31m"},
}

func (m *marks) sign(mark verify.Mark) string {
	if !m.coloured {
		return signs[mark].sign
	}
	return signs[mark].colour + signs[mark].sign + "\x1b[0m"
}

func (m *marks) finding(number int, f verify.Finding) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %2d %s: %s\n", m.sign(f.Mark), number, f.Step, f.Says)
	fmt.Fprintf(&text, "     $ %s\n", f.Command)
	if f.Mark != verify.Good {
		for _, more := range f.More {
			fmt.Fprintf(&text, "     %s\n", more)
		}
	}
	_, err := io.WriteString(m.to, text.String())
	return err
}

func (m *marks) end(end verify.End, folder string) error {
	mark := map[oracle.End]verify.Mark{oracle.Enabled: verify.Good, oracle.Disabled: verify.Warn, oracle.Debug: verify.Bad}[end.End]
	var text strings.Builder
	fmt.Fprintf(&text, "\n%s %s\n  flowchart: %s\n", m.sign(mark), end.Says, strings.Join(end.Path, "; "))
	if end.Differs != "" {
		fmt.Fprintf(&text, "  where %s\n", end.Differs)
	}
	for _, do := range end.Do {
		fmt.Fprintf(&text, "  -> %s\n", do)
	}
	fmt.Fprintf(&text, "The raw answers are in %s.\n", folder)
	_, err := io.WriteString(m.to, text.String())
	return err
}
