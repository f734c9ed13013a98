package main

import (
	"errors"

	"github.com/spf13/cobra"

	"mtls.test/conformance/scripts/meshgen/recorded"
)

func newMesh() *cobra.Command {
	size := recorded.Size{Services: 200, Proxies: 500, Configurations: 50, Differences: 10}
	var seed uint64
	out, from := "", ""
	command := &cobra.Command{
		Use:   "mesh",
		Short: "Make the objects and the recorded answers of a mesh of many configurations, with planted differences",
		Long: "Make the objects and the recorded answers of a mesh of many configurations, with planted differences. The folder then\n" +
			"holds objects.json, dumps/ and expected.json, which lists the differences.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if out == "" {
				return errors.New("want --out FOLDER")
			}
			mesh, err := recorded.New(size, seed)
			if err != nil {
				return err
			}
			_, err = mesh.Write(out, from)
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&out, "out", "", "folder to write to")
	flags.StringVar(&from, "from", "e2e/pure/envoy/testdata", "folder with the recorded proxies whose configuration is multiplied")
	flags.IntVar(&size.Services, "services", size.Services, "how many services")
	flags.IntVar(&size.Proxies, "proxies", size.Proxies, "how many pods with a proxy")
	flags.IntVar(&size.Configurations, "configurations", size.Configurations, "how many namespaces, each with a scope and rules of its own")
	flags.IntVar(&size.Differences, "differences", size.Differences, "how many differences between proxies and objects")
	flags.Uint64Var(&seed, "seed", 1, "what the differences are chosen by")
	return command
}
