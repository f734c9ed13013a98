package restage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/replay"
)

// Namespaces are those of base.yaml.
var Namespaces = []string{"shop", "web", "legacy"}

// tlsSecret is the certificate of the agent's own TLS, which it does not start without.
const tlsSecret = "product-tls"

// Up applies base.yaml, and waits until its workloads run.
func (s *Stage) Up(ctx context.Context) error {
	if err := s.left(ctx); err != nil {
		return err
	}
	objects, err := s.decode(ctx, replay.BaseFile)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if _, namespace := object.(*corev1.Namespace); !namespace {
			continue
		}
		secret, err := s.secret(ctx, object.GetName())
		if err != nil {
			return err
		}
		if err := s.Kube.Apply(ctx, object, secret); err != nil {
			return err
		}
	}
	return s.apply(ctx, objects)
}

// Down deletes the namespaces of base.yaml with all that is in them, and does not wait until they are gone.
func (s *Stage) Down(ctx context.Context) error {
	var failed []error
	for _, name := range Namespaces {
		err := s.Kube.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
		if err != nil && !apierrors.IsNotFound(err) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// secret is the agent's certificate as product-service has it, for another namespace.
func (s *Stage) secret(ctx context.Context, namespace string) (*corev1.Secret, error) {
	secret := &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: tlsSecret}, Type: corev1.SecretTypeTLS, Data: map[string][]byte{},
	}
	for _, key := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
		value, err := s.Kube.SecretValue(ctx, fixture.ProductsNamespace, tlsSecret, key)
		if err != nil {
			return nil, err
		}
		secret.Data[key] = value
	}
	return secret, nil
}

// decode reads the objects of a file, with the agent's image. ${NAMESPACE/WORKLOAD} stands for the address of the workload's pod.
func (s *Stage) decode(ctx context.Context, file string) ([]k8s.Object, error) {
	content, err := fs.ReadFile(s.Folder, file)
	if err != nil {
		return nil, err
	}
	pods, err := s.pods(ctx)
	if err != nil {
		return nil, err
	}
	text := os.Expand(string(content), func(workload string) string { return pods[workload].Address.String() })
	objects, err := decoder.DecodeAll(ctx, strings.NewReader(text), decoder.MutateOption(mesh.WithImage(s.Image)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return objects, nil
}

// apply applies objects in order, and waits until workloads run and every proxy has what follows. Of two policies the older one may
// count, so no two objects are created within one second of the API server's clock.
func (s *Stage) apply(ctx context.Context, objects []k8s.Object) error {
	var last time.Time
	for _, object := range objects {
		if kindOf(object) == "PeerAuthentication" || kindOf(object) == "DestinationRule" {
			if err := s.Kube.AwaitSecond(ctx, last); err != nil {
				return err
			}
			now, err := s.Kube.Date(ctx)
			if err != nil {
				return err
			}
			last = now.Told
		}
		if err := s.Kube.Apply(ctx, object); err != nil {
			return err
		}
	}
	for _, object := range objects {
		if err := mesh.RolledOut(ctx, s.Kube, object); err != nil {
			return err
		}
	}
	if err := s.left(ctx); err != nil {
		return err
	}
	return s.settle(ctx, objects)
}

// left waits until nothing of the base is on its way out: namespaces of a run before, and pods that others have replaced.
func (s *Stage) left(ctx context.Context) error {
	var leaving []string
	err := wait.For(func(ctx context.Context) (bool, error) {
		leaving = nil
		for _, list := range []client.ObjectList{&corev1.NamespaceList{}, &corev1.PodList{}} {
			if err := s.Kube.List(ctx, "", "", list); err != nil {
				return false, err
			}
			err := meta.EachListItem(list, func(item runtime.Object) error {
				object, isObject := item.(k8s.Object)
				ours := isObject && (slices.Contains(Namespaces, object.GetNamespace()) || slices.Contains(Namespaces, object.GetName()))
				if ours && object.GetDeletionTimestamp() != nil {
					leaving = append(leaving, kube.Name(object))
				}
				return nil
			})
			if err != nil {
				return false, err
			}
		}
		return len(leaving) == 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.Removed.Duration()), wait.WithInterval(leaveInterval), wait.WithImmediate())
	if err != nil && len(leaving) > 0 {
		return fmt.Errorf("on their way out after %s: %s", timeout.Removed, strings.Join(leaving, ", "))
	}
	return err
}

// leaveInterval is how often the API server is asked while objects leave.
const leaveInterval = 200 * time.Millisecond

// clear deletes what a report adds to the base, and puts back what it changes of it.
func (s *Stage) clear(ctx context.Context, report replay.Report) error {
	added, err := s.decode(ctx, report.ID+"/"+replay.ObjectsFile)
	if err != nil {
		return err
	}
	base, err := s.decode(ctx, replay.BaseFile)
	if err != nil {
		return err
	}
	var back []k8s.Object
	var failed []error
	for _, object := range slices.Backward(added) {
		i := slices.IndexFunc(base, func(b k8s.Object) bool { return kube.Name(b) == kube.Name(object) })
		if i >= 0 {
			back = append(back, base[i])
			continue
		}
		if err := s.Kube.Delete(ctx, object); err != nil && !apierrors.IsNotFound(err) {
			failed = append(failed, err)
		}
	}
	return errors.Join(append(failed, s.apply(ctx, back), s.settle(ctx, added))...)
}

// settle waits until a change of the objects is in force at every proxy. Without a full push a proxy may keep clusters from before
// their pods came.
func (s *Stage) settle(ctx context.Context, objects []k8s.Object) error {
	if err := s.Mesh.EndpointsFollow(ctx, Namespaces, timeout.Settle.Duration()); err != nil {
		return err
	}
	marked, err := s.Mesh.MarkSettings(ctx, nil)
	if err != nil {
		return err
	}
	if err := s.Policies.PushAll(ctx, marked); err != nil {
		return err
	}
	kinds := []mesh.Kind{mesh.MeshSettings}
	for _, object := range objects {
		kind := mesh.Kind(kindOf(object))
		if kind != "Namespace" && kind != "Deployment" && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	pods, err := s.pods(ctx)
	if err != nil {
		return err
	}
	_, err = s.Mesh.Settle(ctx, kinds, pods.proxies(), timeout.Settle.Duration())
	return err
}

func kindOf(object k8s.Object) string { return kube.Kind(object) }
