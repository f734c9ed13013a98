//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
)

const (
	kills     = 20
	killAfter = 12 * time.Second // at most: a smoke run takes as long
)

func describeKills() {
	Describe("A run", Serial, Label("chaos"), func() {
		It(fmt.Sprintf("killed at %d random moments leaves nothing that the next does not clean up", kills), SpecTimeout(timeout.Kills.Duration()), func(ctx SpecContext) {
			onlyOwn()
			for i := range kills {
				after := time.Duration(rand.Int64N(int64(killAfter)))
				By(fmt.Sprintf("kill %d, after %s", i, after.Round(time.Millisecond)))
				doomed := smokeRun(context.Background(), i, "killed")
				Expect(doomed.Start()).To(Succeed())
				<-time.After(after)
				Expect(syscall.Kill(-doomed.Process.Pid, syscall.SIGKILL)).To(Succeed())
				_ = doomed.Wait()
				Expect(smokeRun(ctx, i, "next").Run()).To(Succeed(), "the next run is not green: %s", filepath.Join(killFolder(i), "next"))
				Expect(leasesLeft(ctx)).To(BeEmpty())
				left, err := caseRunner.Policies.Leftovers(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(left).To(BeEmpty())
			}
			Expect(recovered(ctx)).To(Succeed())
		})
	})
}

func killFolder(i int) string { return filepath.Join(given.Artifacts, "kills", fmt.Sprint(i)) }

// smokeRun is another run of this very suite on the same mesh, of the cases labelled smoke, in a process group of its own.
func smokeRun(ctx context.Context, i int, name string) *exec.Cmd {
	folder := filepath.Join(killFolder(i), name)
	other := given
	other.Artifacts, other.RunID = folder, fmt.Sprintf("%s-%s-%d", given.RunID, name, i)
	handover := filepath.Join(folder, "handover.json")
	Expect(artifact.WriteJSON(handover, other)).To(Succeed())
	command := exec.CommandContext(ctx, os.Args[0], "--ginkgo.label-filter=smoke", "--ginkgo.no-color", "--ginkgo.succinct")
	command.Env = append(os.Environ(), mesh.HandoverVariable+"="+handover, mesh.ProgressVariable+"=")
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said, err := os.Create(filepath.Join(folder, "output.log"))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(said.Close)
	command.Stdout, command.Stderr = said, said
	return command
}
