//go:build e2e

// Package e2e is the suite: one spec per case, on one cluster that the runner brought up.
package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/kialiclient"
	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/live/sabotage"
	"mtls.test/conformance/e2e/live/timeout"
	liveupgrade "mtls.test/conformance/e2e/live/upgrade"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/fixtures"
)

var (
	cases      []fixture.Case
	mutants    []fixture.Mutant
	world      fixture.World
	given      mesh.Handover
	command    string // the run id that the command handed over; it begins those of its suites
	client     *kube.Client
	caseRunner *runner.Runner
	files      fs.FS // the fixtures, as they are for the cluster
)

// Cases are loaded before the tree is built: they shape it. TestMain has scaled the time limits of its nodes.
func TestMTLSConformance(t *testing.T) {
	var err error
	if world, err = fixture.LoadWorld(fixtures.FS); err != nil {
		t.Fatal(err)
	}
	if cases, err = fixture.Load(fixtures.FS, world); err != nil {
		t.Fatal(err)
	}
	files, folder := fixtures.Mutants(os.Getenv("MUTANTS"))
	if mutants, err = fixture.LoadMutants(files, folder, world, cases); err != nil {
		t.Fatal(err)
	}
	SynchronizedBeforeSuite(handedOver, begin, NodeTimeout(timeout.SuiteBegins.Duration()))
	SynchronizedAfterSuite(func() {}, end, NodeTimeout(timeout.SuiteEnds.Duration()))
	tellProgress(os.Getenv(mesh.ProgressVariable))
	describeCases()
	describeProfile()
	describeVersions()
	describeMutants(files)
	describeFaults()
	describeRestarts()
	describeScaling()
	describeBegin()
	describeClocks()
	describeLeases()
	describeKills()
	describeLock()
	describeLogs()
	describeCanary()
	describeTLSCheck()
	if mode, traffic, asked := strings.Cut(os.Getenv(mesh.UpgradeVariable), "/"); asked {
		describeUpgrade(upgrade.Plan(upgrade.Mode(mode), traffic))
		describeWrongUpgrade()
		describeWatch()
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "mTLS conformance")
}

// handedOver is what the command hands over, as the first process of a parallel run reads it.
func handedOver(context.Context) []byte {
	path := os.Getenv(mesh.HandoverVariable)
	Expect(path).NotTo(BeEmpty(), "the runner sets %s: use make e2e, or make e2e-up and make e2e-run", mesh.HandoverVariable)
	handover, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	return handover
}

func begin(ctx SpecContext, handover []byte) {
	Expect(json.Unmarshal(handover, &given)).To(Succeed())
	// Ginkgo's --repeat and --until-it-fails run the suite again under one handover; ids must not.
	command = given.RunID
	given.RunID = command + "-" + rand.Text()[:4]
	var err error
	client, err = kube.Connect(kube.Target{Kubeconfig: given.Kubeconfig, Context: given.Context})
	Expect(err).NotTo(HaveOccurred())
	var all fs.FS = fixtures.FS
	if given.Upgrade != nil {
		all, err = baseFiles(given.Upgrade)
		Expect(err).NotTo(HaveOccurred())
	}
	files = fixture.Move(all, given.Placement)
	world, err = fixture.LoadWorldAt(all, given.Placement)
	Expect(err).NotTo(HaveOccurred())
	cases, err = fixture.Load(files, world)
	Expect(err).NotTo(HaveOccurred())
	plantKeys(ctx)
	if given.Upgrade != nil {
		return // the runner of one stage does not know the pods of the next
	}
	prepared, stop, err := runner.Prepare(ctx, client, given, files, world, diagnose)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(stop)
	if found, err := kialiclient.Find(ctx, client); err == nil {
		prepared.Kiali = found.Says
	}
	if !given.Placement.Existing {
		Expect(sabotage.Clean(ctx, client, shell)).To(Succeed())
	}
	Expect(prepared.Start(ctx)).To(Succeed())
	caseRunner = prepared
}

// baseFiles are the fixtures of an upgrade that its cases know. On a cluster of another's namespaces are injected as they were found.
func baseFiles(asked *mesh.Upgrade) (fs.FS, error) {
	if asked.Watch {
		return liveupgrade.BaseFiles(upgrade.InPlace)
	}
	return liveupgrade.BaseFiles(asked.Mode)
}

func end(ctx SpecContext) {
	if caseRunner != nil {
		Expect(caseRunner.End(ctx)).To(Succeed())
		amend(ctx)
	}
	Expect(late).To(BeEmpty())
	noSecrets()
}
