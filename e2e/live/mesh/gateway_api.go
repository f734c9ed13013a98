package mesh

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/kube"
)

// gatewayAPIModule has the Gateway API's CustomResourceDefinitions, and standardChannel is where: the kinds that are stable
// (https://gateway-api.sigs.k8s.io/guides/getting-started/introduction/#install-standard-channel).
const (
	gatewayAPIModule = "sigs.k8s.io/gateway-api"
	standardChannel  = "config/crd/standard"
)

// GatewayAPI reads the CustomResourceDefinitions of the Gateway API's standard channel, in the version that the go.mod of a folder
// names. They come out of Go's module cache; what it lacks is downloaded.
func GatewayAPI(ctx context.Context, folder string) ([]k8s.Object, error) {
	module, err := moduleFolder(ctx, folder, gatewayAPIModule)
	if err != nil {
		return nil, err
	}
	objects, err := decoder.DecodeAllFiles(ctx, os.DirFS(filepath.Join(module, standardChannel)), "*.yaml", kube.Labelled(PartOf, Suite))
	if err != nil {
		return nil, fmt.Errorf("%s of module %s: %w", standardChannel, gatewayAPIModule, err)
	}
	var definitions []k8s.Object
	for _, object := range objects {
		// Beside them is an admission policy for clusters that have other versions of them.
		if kube.Kind(object) == "CustomResourceDefinition" {
			definitions = append(definitions, object)
		}
	}
	if len(definitions) == 0 {
		return nil, fmt.Errorf("%s of module %s has no CustomResourceDefinition", standardChannel, gatewayAPIModule)
	}
	return definitions, nil
}

// moduleFolder is where the module cache has a module that the go.mod of a folder names.
func moduleFolder(ctx context.Context, folder, module string) (string, error) {
	download := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	download.Dir = folder
	download.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	var said bytes.Buffer
	download.Stderr = &said
	output, err := download.Output()
	var found struct{ Dir, Error string }
	if len(output) > 0 {
		err = errors.Join(err, json.Unmarshal(output, &found))
	}
	if err != nil || found.Dir == "" {
		return "", fmt.Errorf("module %s: %s%s: %w", module, found.Error, said.String(), errors.Join(err, fmt.Errorf("%s/go.mod names it", folder)))
	}
	return found.Dir, nil
}
