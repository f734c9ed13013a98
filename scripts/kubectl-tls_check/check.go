package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mtls.test/conformance/e2e/live/kialiclient"
	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/live/tlscheck/inspect"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
	"mtls.test/conformance/e2e/pure/tlsdiff"
)

// look is a cluster, or the objects of one, with the inspector of it.
type look struct {
	kube      *kube.Client // nil for objects from a file
	survey    *survey.Survey
	inspector *inspect.Inspector
	again     func(context.Context) (*survey.Survey, error)
	namespace string
}

// open surveys the cluster that the options name.
func (o *options) open(ctx context.Context) (*look, error) {
	l := &look{namespace: o.namespace}
	recorded, files, err := o.recorded()
	if err != nil {
		return nil, err
	}
	if o.objects != "" {
		content, err := os.ReadFile(o.objects)
		if err != nil {
			return nil, usageError{err}
		}
		if l.survey, err = survey.Read(content, recorded...); err != nil {
			return nil, fmt.Errorf("%s: %w", o.objects, err)
		}
	} else {
		client, err := kube.Connect(o.target)
		if err != nil {
			return nil, err
		}
		if l.survey, err = survey.Take(ctx, client); err != nil {
			return nil, err
		}
		l.survey.Add(recorded...)
		l.kube = client
		l.again = func(ctx context.Context) (*survey.Survey, error) { return survey.Take(ctx, client) }
		if l.namespace == "" {
			l.namespace = client.Namespace()
		}
	}
	if l.namespace == "" {
		l.namespace = "default"
	}
	l.inspector = &inspect.Inspector{Survey: l.survey}
	if l.kube != nil && !o.policies {
		l.inspector.Mesh, l.inspector.Again = mesh.New(l.kube), l.again
	}
	if o.dumps != "" {
		l.inspector.Recorded, l.inspector.Again = files, nil
	}
	return l, nil
}

// recorded takes the files of the folder --dumps for the configurations of proxies: the workloads, and the file of each. Each
// says itself whose it is; a pod that the cluster does not have any more is a client all the same.
func (o *options) recorded() ([]oracle.Workload, map[string]string, error) {
	if o.dumps == "" {
		return nil, nil, nil
	}
	files, err := filepath.Glob(filepath.Join(o.dumps, "*.json"))
	if err != nil {
		return nil, nil, usageError{err}
	}
	if len(files) == 0 {
		return nil, nil, usage("--dumps %s: no file *.json is in it", o.dumps)
	}
	var found []oracle.Workload
	byWorkload := map[string]string{}
	for _, name := range files {
		node, err := nodeOf(name)
		if err != nil {
			return nil, nil, err
		}
		workload := oracle.Workload{
			Name: node.Pod, Namespace: node.Namespace, Labels: node.Labels, ServiceAccount: node.ServiceAccount,
			HasProxy: true, ProxyVersion: node.Istio, Gateway: node.Kind == "router", Domain: oracle.ClusterDomain(node.Domain),
		}
		byWorkload[workload.String()] = name
		found = append(found, workload)
	}
	return found, byWorkload, nil
}

func nodeOf(name string) (envoy.Node, error) {
	file, err := os.Open(name)
	if err != nil {
		return envoy.Node{}, usageError{err}
	}
	defer func() { _ = file.Close() }()
	node, err := envoy.ReadNode(file)
	if err != nil {
		return node, fmt.Errorf("%s: %w", name, err)
	}
	return node, nil
}

// clients are the workloads that a CLIENT means.
func (l *look) clients(name string) ([]string, error) {
	if name == "" {
		return nil, nil
	}
	if pod, isPod := strings.CutPrefix(name, "pod/"); isPod {
		own, namespace, found := strings.Cut(pod, ".")
		if !found {
			namespace = l.namespace
		}
		return []string{namespace + "/" + own}, nil
	}
	host, err := l.survey.Snapshot.Host(name, l.namespace)
	if err != nil {
		// As istioctl took it: POD.NAMESPACE.
		if own, namespace, found := strings.Cut(name, "."); found {
			if _, known := l.survey.Workload(namespace + "/" + own); known {
				return []string{namespace + "/" + own}, nil
			}
		}
		return nil, usageError{fmt.Errorf("client %w", err)}
	}
	all := l.survey.Snapshot.Behind(host)
	if len(all) == 0 {
		return nil, usage("client %s has no pod that runs and is ready", host.Name)
	}
	return all, nil
}

// hosts are those that a SERVICE means, or all of the mesh or of the namespace given.
func (o *options) hosts(l *look, name string) ([]oracle.Host, error) {
	if !o.all {
		host, err := l.survey.Snapshot.Host(name, l.namespace)
		if err != nil {
			return nil, usageError{err}
		}
		return []oracle.Host{host}, nil
	}
	all := l.survey.Snapshot.Hosts()
	if o.namespace != "" {
		all = slices.DeleteFunc(all, func(h oracle.Host) bool { return h.Namespace != o.namespace })
	}
	if len(all) == 0 {
		return nil, usage("there is no service in namespace %s", o.namespace)
	}
	return all, nil
}

func (o *options) check(cmd *cobra.Command) error {
	ctx, arguments := cmd.Context(), o.named
	switch {
	case !slices.Contains([]string{"", "wide", "json", "yaml", asPage}, o.output):
		return usage("-o %s: want wide, json, yaml or html", o.output)
	case o.output == asPage && (o.explain || o.before != ""):
		return usage("-o html is a page of hops: leave out --explain and --before, which tell other things")
	}
	moment, err := o.moment()
	if err != nil {
		return err
	}
	l, err := o.open(ctx)
	if err != nil {
		return err
	}
	request := inspect.Request{Subset: o.subset, ByAddress: o.byAddress}
	service := ""
	if !o.all {
		service = arguments[len(arguments)-1]
	}
	if request.Hosts, err = o.hosts(l, service); err != nil {
		return err
	}
	if len(arguments) == 2 {
		if request.Clients, err = l.clients(arguments[0]); err != nil {
			return err
		}
	}
	if err := moment.ask(o.asked(l, request, arguments)); err != nil {
		return err
	}
	if (o.output == "wide" || o.output == asPage) && l.kube != nil {
		if err := l.addKiali(ctx, cmd.ErrOrStderr()); err != nil {
			return err
		}
	}
	if o.probe {
		remove, err := o.addProbe(cmd, l)
		if err != nil {
			return err
		}
		defer remove()
	}
	found := tlscheck.Tally{}
	out, err := o.printer(cmd.OutOrStdout(), l, request.Hosts)
	if err != nil {
		return err
	}
	bar := newBar(cmd.ErrOrStderr())
	l.inspector.Progress = bar.at
	err = l.inspector.Inspect(ctx, request, func(host tlscheck.Host) error {
		found.Add(host)
		moment.add(host, l.inspector.Survey) // which a second look renews
		bar.clear()
		return out.write(host)
	})
	bar.clear()
	if err != nil {
		return err
	}
	if err := out.close(found); err != nil {
		return err
	}
	for _, note := range l.notes() {
		_, _ = fmt.Fprintln(cmd.ErrOrStderr(), note)
	}
	sayUnknown(cmd.ErrOrStderr(), found, o.ignoreAmbient)
	if found.Empty() {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), nothingChecked, l.survey.Snapshot.Mesh.Domain)
	}
	if err := moment.save(l.survey); err != nil {
		return err
	}
	gate := tlscheck.Gate{RequireStrict: o.requireStrict, IgnoreAmbient: o.ignoreAmbient}
	code := found.ExitCode(gate)
	if moment.before != nil {
		if code, err = o.compare(moment, l.survey, cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
			return err
		}
		code = found.ExitCodeOfChanges(gate, code)
		o.sayPlaintextToo(cmd.ErrOrStderr(), found)
	}
	if code == tlscheck.ExitOK && o.all && l.lacks("ServiceEntry") {
		code = tlscheck.ExitUnknown
	}
	return exitUnlessOK(code)
}

// asked is what is checked, by names that outlive pods.
func (o *options) asked(l *look, request inspect.Request, arguments []string) tlsdiff.Asked {
	asked := tlsdiff.Asked{All: o.all, Subset: o.subset, ByAddress: o.byAddress}
	if o.all {
		asked.Namespace = o.namespace
		return asked
	}
	asked.Service = request.Hosts[0].Name
	if len(arguments) < 2 {
		return asked
	}
	if host, err := l.survey.Snapshot.Host(arguments[0], l.namespace); err == nil {
		asked.Client = host.Name
	} else {
		asked.Client = l.survey.Controller(request.Clients[0])
	}
	return asked
}

// sayPlaintextToo says why --require-strict ends a comparison, whose changes do not show it.
func (o *options) sayPlaintextToo(to io.Writer, found tlscheck.Tally) {
	if o.requireStrict && found.AlsoPlaintext > 0 {
		_, _ = fmt.Fprintf(to, "rows of mTLS whose endpoints take plaintext as well: %d\n", found.AlsoPlaintext)
	}
}

func exitUnlessOK(code int) error {
	if code == tlscheck.ExitOK {
		return nil
	}
	return exit(code)
}

// lacks tells whether a kind could not be read.
func (l *look) lacks(kind string) bool {
	return slices.ContainsFunc(l.survey.Snapshot.Unreadable, func(one oracle.Unreadable) bool { return one.Kind == kind })
}

// sayUnknown says how many hops cannot be told, and which of them the exit code leaves out.
func sayUnknown(to io.Writer, found tlscheck.Tally, ignored bool) {
	switch {
	case found.Unknown == 0:
	case found.UnknownAmbient > 0 && ignored:
		_, _ = fmt.Fprintf(to, "hops that are UNKNOWN: %d, of them ambient and left out of the exit code: %d\n", found.Unknown, found.UnknownAmbient)
	default:
		_, _ = fmt.Fprintf(to, "hops that are UNKNOWN: %d, of them ambient: %d\n", found.Unknown, found.UnknownAmbient)
	}
}

// nothingChecked is said where there is no row.
const nothingChecked = "nothing was checked: no client has a way to the service. See that a pod with a proxy runs and is ready, or name a client: pod/NAME.NAMESPACE SERVICE. Services were looked for in the cluster's domain %s\n"

// addKiali lays a Kiali's word beside ours where there is one.
func (l *look) addKiali(ctx context.Context, to io.Writer) error {
	found, err := kialiclient.Find(ctx, l.kube)
	if err != nil {
		_, err = fmt.Fprintln(to, "KIALI is not asked:", err)
		return err
	}
	l.inspector.Witness = found.Says
	return nil
}

// notes say what the answers leave out.
func (l *look) notes() []string {
	var all []string
	if len(l.survey.Assumed) > 0 {
		all = append(all, "assumed, for the file does not tell: "+strings.Join(l.survey.Assumed, "; "))
	}
	if l.inspector.Observe == nil {
		all = append(all, tlscheck.NotVerified+": whether the rules stand that redirect the pods' traffic to their proxies (--probe tries the endpoints)")
	}
	for _, one := range l.survey.Snapshot.Unreadable {
		all = append(all, one.Leaves())
	}
	if len(l.survey.Unready) > 0 {
		all = append(all, "not ready, and so without traffic: "+strings.Join(l.survey.Unready[:min(len(l.survey.Unready), 5)], ", "))
	}
	return all
}
