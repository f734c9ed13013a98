//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mtls.test/conformance/e2e/live/existing"
	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/fixtures"
	"mtls.test/conformance/fixtures/agent/lease"
)

const sleep = 70 * time.Second // longer than a lock holds without a renewal

// These make the test binary a run on another's cluster, in place of the suite.
const (
	runVariable    = "MTLS_TEST_RUN"       // its id
	deadVariable   = "MTLS_TEST_RUN_AFTER" // the id of the run that was on the cluster before it, if there was one
	configVariable = "MTLS_TEST_RUN_KUBECONFIG"
)

const runReady = "its objects are made"

func TestMain(m *testing.M) {
	if err := timeout.FromEnvironment(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	if id := os.Getenv(runVariable); id != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		if err := runOnExisting(ctx, id, os.Getenv(deadVariable)); err != nil {
			fmt.Println("run", id, "ended:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// runOnExisting does what a run on another's cluster does with the lock, and makes the namespaces, a lease and a policy on it.
func runOnExisting(ctx context.Context, id, after string) (err error) {
	k, err := kube.New(os.Getenv(configVariable))
	if err != nil {
		return err
	}
	place := fixture.Elsewhere()
	held, lock, err := existing.Acquire(ctx, k.Leases(), id, func(line string) { fmt.Println(line) })
	if err != nil {
		return err
	}
	always := context.WithoutCancel(ctx)
	defer func() { err = errors.Join(err, existing.LeaveOwn(always, k, place, id), lock.Release(always)) }()
	if after != "" {
		if err := existing.LeaveOwn(held, k, place, after); err != nil {
			return err
		}
	}
	policies := policy.New(k, fixture.Move(fixtures.FS, place), id)
	if err := mesh.PlugIn(held, k, place, policies.Labels()); err != nil {
		return err
	}
	taken, err := policies.Lease(held, id, "the lock's test", min(timeout.LockSpec.Duration(), lease.Limit))
	if err != nil {
		return err
	}
	objects, err := policies.Decode(held, "cases/"+runPolicy)
	if err != nil {
		return err
	}
	if err := taken.Apply(held, objects, fixture.Whenever); err != nil {
		return err
	}
	fmt.Println(runReady)
	<-held.Done()
	if lost := context.Cause(held); errors.Is(lost, existing.ErrLost) {
		return lost
	}
	return nil
}

// runPolicy is one of a namespace that every run makes.
const runPolicy = "namespace-strict/namespace-strict.yaml"

func describeLock() {
	Describe("A run on another's cluster", Serial, Label("chaos"), func() {
		It("that sleeps until another has its lock stops when it wakes, and takes nothing of the other's away", SpecTimeout(timeout.LockSpec.Duration()), func(ctx SpecContext) {
			onlyOwn()
			first, second := newRun("first", ""), newRun("second", "first")
			first.made(ctx, timeout.ExistingRun.Duration())
			asleep := time.Now()
			Expect(first.Process.Signal(syscall.SIGSTOP)).To(Succeed())
			DeferCleanup(func() { _ = first.Process.Signal(syscall.SIGCONT) })
			second.made(ctx, timeout.LockTaken.Duration())
			before := standing(ctx, "second")
			Eventually(time.Since).WithArguments(asleep).WithContext(ctx).WithTimeout(sleep).Should(BeNumerically(">=", sleep))

			Expect(first.Process.Signal(syscall.SIGCONT)).To(Succeed())
			Eventually(first.ended).WithContext(ctx).WithTimeout(timeout.LockNoticed.Duration()).Should(Equal(1), "it goes on without the lock")
			Expect(first.said()).To(And(ContainSubstring(existing.ErrLost.Error()), ContainSubstring("run "+idOf("second")+" took it")))
			Expect(standing(ctx, "second")).To(Equal(before))

			Expect(second.Process.Signal(os.Interrupt)).To(Succeed())
			Eventually(second.ended).WithContext(ctx).WithTimeout(timeout.ExistingRun.Duration()).Should(Equal(0), "the second run")
			Expect(nothingStands(ctx)).To(Succeed())
		})
		It("does not begin while another holds its lock, and says who", SpecTimeout(timeout.LockSpec.Duration()), func(ctx SpecContext) {
			onlyOwn()
			first, second := newRun("holder", ""), newRun("refused", "")
			first.made(ctx, timeout.ExistingRun.Duration())
			second.begin()
			Eventually(second.ended).WithContext(ctx).WithTimeout(timeout.LockNoticed.Duration()).Should(Equal(1))
			Expect(second.said()).To(ContainSubstring("run " + idOf("holder") + " is on this cluster"))
			Expect(first.Process.Signal(os.Interrupt)).To(Succeed())
			Eventually(first.ended).WithContext(ctx).WithTimeout(timeout.ExistingRun.Duration()).Should(Equal(0))
			Expect(nothingStands(ctx)).To(Succeed())
		})
	})
}

func idOf(name string) string { return strings.ToLower(given.RunID + "-" + name) }

func logOf(name string) string { return filepath.Join(given.Artifacts, "locks", name+".log") }

// otherRun is the test binary as a run of its own.
type otherRun struct {
	*exec.Cmd
	log  string
	gone chan struct{} // closed when it has ended
}

func newRun(name, after string) *otherRun {
	GinkgoHelper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), runVariable+"="+idOf(name), configVariable+"="+given.Kubeconfig)
	if after != "" {
		command.Env = append(command.Env, deadVariable+"="+idOf(after))
	}
	Expect(os.MkdirAll(filepath.Dir(logOf(name)), 0o755)).To(Succeed())
	out, err := os.Create(logOf(name))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(out.Close)
	command.Stdout, command.Stderr = out, out
	return &otherRun{Cmd: command, log: out.Name(), gone: make(chan struct{})}
}

func (g *otherRun) begin() {
	GinkgoHelper()
	Expect(g.Start()).To(Succeed())
	DeferCleanup(func() { _ = g.Process.Kill() })
	go func() {
		defer close(g.gone)
		_ = g.Wait()
	}()
}

// made begins a run, and waits until its objects are there.
func (g *otherRun) made(ctx context.Context, limit time.Duration) {
	GinkgoHelper()
	g.begin()
	Eventually(g.said).WithContext(ctx).WithTimeout(limit).Should(ContainSubstring(runReady))
}

func (g *otherRun) said() string {
	content, err := os.ReadFile(g.log)
	Expect(err).NotTo(HaveOccurred())
	return string(content)
}

// ended is the exit status of a run; -1 while it goes on.
func (g *otherRun) ended() int {
	select {
	case <-g.gone:
		return g.ProcessState.ExitCode()
	default:
		return -1
	}
}

// standing lists the lock, the namespaces, the lease and the policies of a run by their UIDs.
func standing(ctx context.Context, name string) map[string]string {
	GinkgoHelper()
	found := map[string]string{}
	var lock coordinationv1.Lease
	Expect(client.Get(ctx, metav1.NamespaceDefault, mesh.Suite, &lock)).To(Succeed())
	Expect(lock.Spec.HolderIdentity).To(HaveValue(Equal(idOf(name))))
	found["lock"] = string(lock.UID)
	for _, namespace := range fixture.Elsewhere().Made() {
		var there corev1.Namespace
		Expect(client.Get(ctx, "", namespace, &there)).To(Succeed())
		Expect(there.DeletionTimestamp).To(BeNil(), "namespace %s is deleted", namespace)
		Expect(there.Labels).To(HaveKeyWithValue(policy.RunLabel, idOf(name)))
		found["namespace "+namespace] = string(there.UID)
	}
	leases, err := caseRunner.Policies.Leases(ctx)
	Expect(err).NotTo(HaveOccurred())
	for _, lease := range leases {
		if lease.Run() == idOf(name) {
			found["lease "+lease.Name()] = lease.Began().String()
		}
	}
	left, err := caseRunner.Policies.Leftovers(ctx)
	Expect(err).NotTo(HaveOccurred())
	for _, object := range left {
		found[kube.Name(object)] = string(object.GetUID())
	}
	Expect(found).To(HaveLen(len(fixture.Elsewhere().Made()) + 3))
	return found
}

// nothingStands is an error where the lock, a namespace, a lease or a policy of a run is left.
func nothingStands(ctx context.Context) error {
	var left []error
	if err := client.Get(ctx, metav1.NamespaceDefault, mesh.Suite, &coordinationv1.Lease{}); !apierrors.IsNotFound(err) {
		left = append(left, fmt.Errorf("the lock: %w", errors.Join(errLeft, err)))
	}
	for _, namespace := range fixture.Elsewhere().Made() {
		if err := client.Get(ctx, "", namespace, &corev1.Namespace{}); !apierrors.IsNotFound(err) {
			left = append(left, fmt.Errorf("namespace %s: %w", namespace, errors.Join(errLeft, err)))
		}
	}
	leases, err := caseRunner.Policies.Leases(ctx)
	left = append(left, err)
	for _, lease := range leases {
		left = append(left, fmt.Errorf("lease %s: %w", lease.Name(), errLeft))
	}
	policies, err := caseRunner.Policies.Leftovers(ctx)
	left = append(left, err)
	for _, object := range policies {
		left = append(left, fmt.Errorf("%s: %w", kube.Name(object), errLeft))
	}
	return errors.Join(left...)
}

var errLeft = errors.New("it is left")
