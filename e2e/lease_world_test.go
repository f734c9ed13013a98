//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/runner/exemption"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/tap"
)

const leased = "product-service"

// abandonedLease takes mTLS off a service on a lease that nobody ends.
func abandonedLease(ctx context.Context, limit time.Duration) *policy.Lease {
	GinkgoHelper()
	_, judged, err := exemption.Start(ctx, caseRunner, leased, "nobody", limit)
	Expect(err).NotTo(HaveOccurred())
	Expect(judged.Result).To(Equal(hop.Pass), judged.Reason)
	Expect(leasesLeft(ctx)).To(HaveLen(1))
	taken, err := caseRunner.Policies.Leases(ctx)
	Expect(err).NotTo(HaveOccurred())
	return taken[0]
}

// renewedWhereFailed leaves the mesh to the next spec as it was, where this one failed before it came to that. The logs are
// read until the suite ends.
func renewedWhereFailed(ctx context.Context) error {
	if !CurrentSpecReport().Failed() {
		return nil
	}
	_, err := renewed(ctx, command)
	return err
}

// leasesLeft are the names of the leases on record. A lease itself must not be printed: it holds the kubeconfig's key.
func leasesLeft(ctx context.Context) ([]string, error) {
	all, err := caseRunner.Policies.Leases(ctx)
	var names []string
	for _, one := range all {
		names = append(names, one.Name())
	}
	return names, err
}

// expiryOf is when a lease expires, by the runner's clock.
func expiryOf(ctx context.Context, taken *policy.Lease) time.Time {
	GinkgoHelper()
	server, err := client.Clock(ctx)
	Expect(err).NotTo(HaveOccurred())
	return server.ToRunner(taken.Expires())
}

// sweptBy is how long it is until the sweeper must have ended what expires then.
func sweptBy(expires time.Time) time.Duration { return max(time.Until(expires), 0) + sweptWithin }

// provenBack readies a caseRunner anew, and proves that each hop is what the policies ask for.
func provenBack(ctx context.Context) {
	GinkgoHelper()
	Expect(recovered(ctx)).To(Succeed())
	back, err := exemption.Prove(ctx, caseRunner)
	Expect(err).NotTo(HaveOccurred())
	Expect(back.Result).To(Equal(hop.Pass), back.Reason)
}

// hinderedLease takes a lease that nobody ends, on a service with a STRICT policy and a rule of its own, which is returned too.
// There is time to break something before it expires.
func hinderedLease(ctx context.Context) (rule *unstructured.Unstructured, taken *policy.Lease) {
	GinkgoHelper()
	onlyOwn()
	Expect(recovered(ctx)).To(Succeed())
	DeferCleanup(renewedWhereFailed)
	rule = strictWithRule(ctx)
	DeferCleanup(endEveryLease)
	return rule, abandonedLease(ctx, hindered)
}

// strictWithRule makes what a user has: a STRICT policy, and a rule of the service's own, which is returned.
func strictWithRule(ctx context.Context) *unstructured.Unstructured {
	GinkgoHelper()
	DeferCleanup(removed)
	objects := ofUser()
	for _, object := range objects {
		Expect(client.Apply(ctx, object)).To(Succeed())
	}
	return objects[1]
}

// removed deletes what strictWithRule made.
func removed(ctx context.Context) error {
	var failed []error
	for _, object := range ofUser() {
		if err := client.Delete(ctx, object); !apierrors.IsNotFound(err) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

func ofUser() []*unstructured.Unstructured {
	own, _ := world.Service(leased)
	strict := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
		"spec": map[string]any{"mtls": map[string]any{"mode": "STRICT"}},
	}}
	rule := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
		"spec": map[string]any{"host": own.Host(), "trafficPolicy": map[string]any{"tls": map[string]any{"mode": "ISTIO_MUTUAL"}}},
	}}
	strict.SetName("default")
	rule.SetName(leased + "-of-a-user")
	for _, object := range []*unstructured.Unstructured{strict, rule} {
		object.SetNamespace(own.Namespace)
	}
	return []*unstructured.Unstructured{strict, rule}
}

// endEveryLease leaves none to the next spec.
func endEveryLease(ctx context.Context) error {
	all, err := caseRunner.Policies.Leases(ctx)
	failed := []error{err}
	for _, one := range all {
		if err := one.End(ctx); !policy.Ended(err) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

const byHand = "mtls.test/by-hand"

var connections = []string{"spec", "trafficPolicy", "connectionPool", "tcp", "maxConnections"}

// changeByHand changes of a rule what no lease does.
func changeByHand(ctx context.Context, rule *unstructured.Unstructured) {
	GinkgoHelper()
	now := rule.DeepCopy()
	Expect(client.Get(ctx, rule.GetNamespace(), rule.GetName(), now)).To(Succeed())
	now.SetAnnotations(map[string]string{byHand: "yes"})
	Expect(unstructured.SetNestedField(now.Object, int64(777), connections...)).To(Succeed())
	Expect(client.Update(ctx, now)).To(Succeed())
}

// changedByHand tells whether a rule still has that, and no mark of a lease.
func changedByHand(ctx context.Context, rule *unstructured.Unstructured) (bool, error) {
	now, err := ruleNow(ctx, rule)
	if err != nil {
		return false, err
	}
	most, _, err := unstructured.NestedInt64(now.Object, connections...)
	return now.GetAnnotations()[byHand] == "yes" && most == 777 && len(now.GetLabels()) == 0, err
}

func ruleNow(ctx context.Context, rule *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	now := rule.DeepCopy()
	return now, client.Get(ctx, rule.GetNamespace(), rule.GetName(), now)
}

func modeOf(ctx context.Context, rule *unstructured.Unstructured) (string, error) {
	now, err := ruleNow(ctx, rule)
	if err != nil {
		return "", err
	}
	mode, _, err := unstructured.NestedString(now.Object, "spec", "trafficPolicy", "tls", "mode")
	return mode, err
}

// conditionsOf are the reasons of the conditions of a lease, by their types.
func conditionsOf(ctx context.Context, taken *policy.Lease) (map[string]string, error) {
	all, err := caseRunner.Policies.Leases(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if one.Name() != taken.Name() {
			continue
		}
		reasons := map[string]string{}
		for _, condition := range one.Conditions() {
			reasons[condition.Type] = condition.Reason
		}
		return reasons, nil
	}
	return nil, fmt.Errorf("lease %s is not on record", taken.Name())
}

// eventsOf are the messages of the Events about a lease.
func eventsOf(ctx context.Context, taken *policy.Lease) ([]string, error) {
	var all corev1.EventList
	if err := client.List(ctx, metav1.NamespaceDefault, "", &all); err != nil {
		return nil, err
	}
	var messages []string
	for _, event := range all.Items {
		if event.InvolvedObject.Name == taken.Name() {
			messages = append(messages, event.Message)
		}
	}
	return messages, nil
}

// sweeperSays is what the sweeper logged of a lease.
func sweeperSays(ctx context.Context, taken *policy.Lease) (string, error) {
	namespace := given.Placement.In(fixture.LeasesNamespace)
	pods, err := client.Pods(ctx, namespace, "app=sweeper")
	if err != nil || len(pods) != 1 {
		return "", fmt.Errorf("%d pods of the sweeper: %w", len(pods), err)
	}
	log, err := client.Log(ctx, namespace, pods[0].Name, "sweeper", 200)
	var lines []string
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, taken.Name()) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, ""), err
}

// plaintext counts connections of a client with a proxy to the leased service, by when they were opened.
type plaintext struct{ before, after, connectionsAfter int }

// plaintextAround sends until some seconds after a time, and counts what the tap saw: plaintext on connections opened before
// its first time, and on those opened after its second.
func plaintextAround(ctx context.Context, first, second time.Time) plaintext {
	GinkgoHelper()
	const from, port, longer = "client", 8080, 2 * time.Second
	began := time.Now()
	flow := caseRunner.Sender.StartFlow(ctx, given.RunID+"-around", []hop.Hop{{From: from, To: hop.ServicePort{Service: leased, Port: port}}})
	select {
	case <-time.After(time.Until(second.Add(longer))):
	case <-ctx.Done():
	}
	flow.Stop()
	destination := netip.AddrPortFrom(caseRunner.Places.Services[leased].First().Address, port)
	var counted plaintext
	var last time.Time
	for conn, wire := range caseRunner.Taps.Connections(ctx, []tap.Wanted{{Destination: destination, Since: began}}) {
		seen := wire.Observation
		if conn.Source.Addr() != caseRunner.Places.Clients[from].First().Address || seen.Packets == nil {
			continue
		}
		opened := seen.Packets.Opened
		inClear := seen.Says == hop.Plaintext
		if inClear && opened.After(last) {
			last = opened
		}
		switch {
		case opened.Before(first) && inClear:
			counted.before++
		case opened.After(second):
			counted.connectionsAfter++
			if inClear {
				counted.after++
			}
		}
	}
	AddReportEntry("plaintext on connections", fmt.Sprintf("%+v, the last opened %s after the expiry", counted, last.Sub(first).Round(time.Millisecond)))
	return counted
}
