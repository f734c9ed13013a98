package main

import (
	"strings"

	"github.com/spf13/cobra"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/timeout"
)

// options are what the command line asks for.
type options struct {
	target        kube.Target
	namespace     string
	all           bool
	output        string
	explain       bool
	policies      bool
	subset        string
	byAddress     bool
	requireStrict bool
	ignoreAmbient bool
	dumps         string
	objects       string
	probe         bool
	probeImage    string
	yes           bool
	save          string
	before        string
	accept        []string

	named []string // CLIENT and SERVICE of the command line, as far as they are there
	page  string   // the file for -o html; empty for standard output
}

func newCommand() *cobra.Command {
	var o options
	command := &cobra.Command{
		Use:   "kubectl tls-check [CLIENT] SERVICE [FILE.html]",
		Short: "Say whether the hops to a service are mutual TLS",
		Long: `Say whether the hops to a service are mutual TLS: by what the policies ask for and by what both proxies are
configured to do, for every client, endpoint and port. Nothing is installed into the cluster.

SERVICE is NAME, NAME.NAMESPACE or a whole host name. CLIENT is a service too, whose pods are the clients, or
pod/NAME.NAMESPACE; without it every proxy that knows the service is one.

STATUS is OK (they talk, not in the clear), PLAINTEXT (they talk in the clear), CONFLICT (they cannot talk), MISMATCH (the
proxies do other than the policies ask) or UNKNOWN, with the reason below the table. A host is one row, without a port,
where all of its ports are alike. AUTHN POLICY is NAMESPACE/ for a policy of a whole namespace.

-o html is one page that needs no network: the mesh as a picture of its namespaces, with locks, and each namespace with its
services and the reason of every hop, the worst first. It goes to the argument that ends in .html, or to standard output where
there is none. It is of every service where none is named.

The exit code is 0 where all is OK, 1 where something is CONFLICT, MISMATCH or PLAINTEXT, 2 where it cannot be told or
nothing was checked, and 3 for a command line that cannot be understood. With --before it is 1 where a change is for the
worse or unexplained, and 2 where other services, clients or ways were saved than are checked.

The environment variable TIMEOUT_FACTOR multiplies every time limit, such as that of a question to a proxy: 2 for a slow
cluster. It is 1 by default, and refused like a command line that cannot be understood.`,
		Example: `  kubectl tls-check product-service.default.svc.cluster.local
  kubectl tls-check istio-ingressgateway.istio-system.svc.cluster.local product-service.default.svc.cluster.local
  kubectl tls-check pod/client-7d4b9.clients product-service.default -o wide
  kubectl tls-check --all -n default -o json
  kubectl tls-check -o html mesh.html
  kubectl tls-check product-service.default --explain
  kubectl tls-check --all --save before.json; istioctl upgrade; kubectl tls-check --all --before before.json`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          func(_ *cobra.Command, arguments []string) error { return o.take(arguments) },
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if err := timeout.FromEnvironment(); err != nil {
				return usageError{err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return o.check(cmd) },
	}
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	flags := command.PersistentFlags()
	flags.StringVar(&o.target.Kubeconfig, "kubeconfig", "", "kubeconfig file to use")
	flags.StringVar(&o.target.Context, "context", "", "context of the kubeconfig to use")
	flags.StringVarP(&o.namespace, "namespace", "n", "", "namespace of names without one, and that --all is for")
	flags = command.Flags()
	flags.BoolVar(&o.all, "all", false, "check every service, of the namespace given or of the mesh")
	flags.StringVarP(&o.output, "output", "o", "", "wide, json, yaml or html")
	flags.BoolVar(&o.explain, "explain", false, "tell which object and which of its lines decided each step, which do not count and why, and where the guide's flowchart leads")
	flags.BoolVar(&o.policies, "policies-only", false, "ask no proxy: what the policies ask for is all that is told")
	flags.BoolVar(&o.byAddress, "by-address", false, "add rows for clients that call the pods by their own addresses, and not the service")
	flags.BoolVar(&o.requireStrict, "require-strict", false, "exit with 1 also where an endpoint takes plaintext beside mTLS")
	flags.BoolVar(&o.ignoreAmbient, "ignore-ambient", false, "leave hops with an ambient end or a waypoint, which are UNKNOWN, out of the exit code")
	flags.StringVar(&o.subset, "subset", "", "subset of a DestinationRule that the clients' routes name")
	flags.StringVar(&o.dumps, "dumps", "", "folder with recorded answers to /config_dump?include_eds, one file a proxy, that are read in place of the proxies")
	flags.StringVarP(&o.objects, "filename", "f", "", "file with objects as kubectl get -o yaml or -o json prints them, in place of a cluster")
	flags.BoolVar(&o.probe, "probe", false, "try the endpoints from a pod that is deployed for it and removed; asks first")
	flags.StringVar(&o.probeImage, "probe-image", "", "image of the probe: the suite's agent [$AGENT_IMAGE]")
	flags.BoolVarP(&o.yes, "yes", "y", false, "take the probe's question for answered with yes")
	flags.StringVar(&o.save, "save", "", "file for how the hops are secured now, for --before of a later day")
	flags.StringVar(&o.before, "before", "", "file of --save: tell how the hops are secured otherwise than then, and which rows of expected changes explain it")
	flags.StringSliceVar(&o.accept, "accept", nil, "rows of expected changes whose changes --before lets pass, by their ids: ROW[,ROW]")
	command.AddCommand(newVerify(&o))
	return command
}

// take takes the arguments: the file of a page, and whose hops are checked.
func (o *options) take(arguments []string) error {
	o.named = arguments
	if o.output == asPage {
		o.named = nil
		for _, argument := range arguments {
			switch {
			case !strings.HasSuffix(argument, ".html"):
				o.named = append(o.named, argument)
			case o.page != "":
				return usage("-o html writes one file, and not both %s and %s", o.page, argument)
			default:
				o.page = argument
			}
		}
		o.all = o.all || len(o.named) == 0
	}
	switch {
	case o.all && len(o.named) > 0:
		return usage("--all is for every service: name none, or leave --all out")
	case !o.all && (len(o.named) == 0 || len(o.named) > 2):
		return usage("want [CLIENT] SERVICE, or --all (kubectl tls-check --help tells more)")
	}
	return nil
}
