package inspect_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/live/tlscheck/inspect"
	"mtls.test/conformance/e2e/pure/recording"
	"mtls.test/conformance/e2e/pure/replay"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// reports is the folder of the public reports.
const reports = "../../../../fixtures/reports"

// A report that is pending is one that tls-check does not answer rightly yet: it is skipped with the reason, and fails once it is
// answered.
func TestThePublicReportsAreAnswered(t *testing.T) {
	for _, report := range loaded(t) {
		t.Run(report.ID, func(t *testing.T) {
			differences := differing(t, report)
			switch {
			case report.Pending == "" && len(differences) > 0:
				t.Errorf("%s\n%s", report.URL, strings.Join(differences, "\n"))
			case report.Pending != "" && len(differences) == 0:
				t.Errorf("tls-check answers it: take pending out of %s/report.yaml (%s)", report.ID, report.Pending)
			case report.Pending != "":
				t.Skipf("pending: %s\n%s", report.Pending, strings.Join(differences, "\n"))
			}
		})
	}
}

func loaded(t *testing.T) []replay.Report {
	t.Helper()
	all, err := replay.Load(os.DirFS(reports))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// differing tells what tls-check says otherwise than the rows of a report, from the recorded objects and proxies.
func differing(t *testing.T, report replay.Report) []string {
	t.Helper()
	objects, err := os.ReadFile(filepath.Join(reports, report.ID, replay.ClusterFile))
	if err != nil {
		t.Fatal(err)
	}
	s, err := survey.Read(objects)
	if err != nil {
		t.Fatal(err)
	}
	request := inspect.Request{Clients: report.Clients(), ByAddress: slices.ContainsFunc(report.Expect, func(row replay.Row) bool { return row.Address })}
	written := map[string]string{} // by the host's whole name, as the rows write it
	for _, name := range report.Hosts() {
		host, err := s.Snapshot.Host(name, "default")
		if err != nil {
			t.Fatal(err)
		}
		request.Hosts, written[host.Name] = append(request.Hosts, host), name
	}
	var differences []string
	in := inspect.Inspector{Survey: s, Recorded: recorded(t, report.ID, s)}
	err = in.Inspect(t.Context(), request, func(told tlscheck.Host) error {
		for _, row := range report.Expect {
			if row.To.Service == written[told.Host] {
				differences = append(differences, row.Differs(told))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(differences, func(d string) bool { return d == "" })
}

// recorded are the files of the proxies of a report, by their workloads.
func recorded(t *testing.T, id string, s *survey.Survey) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, workload := range s.Proxies() {
		name := filepath.Join(reports, id, replay.Proxies, strings.ReplaceAll(workload.String(), "/", "-")+".json")
		if _, err := os.Stat(name); err != nil {
			t.Fatalf("proxy of %s: %v", workload, err)
		}
		files[workload.String()] = name
	}
	return files
}

// What a report says of a hop is what packets showed of it.
func TestThePublicReportsAreAsPacketsShowed(t *testing.T) {
	for _, report := range loaded(t) {
		all, err := replay.ReadSeen(os.DirFS(reports), report.ID)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, row := range report.Expect {
			i := slices.IndexFunc(all, func(seen replay.Seen) bool { return seen.Of(row) })
			if i < 0 || all[i].Wire != row.Shows() {
				t.Errorf("%s: %s: want packets that show %q, see %s; `make record-reports` records it again", report.ID, row, row.Shows(), replay.WireFile)
			}
		}
	}
}

// maxSize bounds what is recorded of a report, in bytes.
const maxSize = 150_000

func TestTheRecordedReportsAreSmallAndWithoutSecrets(t *testing.T) {
	for _, report := range loaded(t) {
		size := 0
		folder := os.DirFS(filepath.Join(reports, report.ID))
		err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := fs.ReadFile(folder, name)
			size += len(content)
			for _, secret := range recording.Secrets(path.Join(report.ID, name), content) {
				t.Error(secret)
			}
			return err
		})
		if err != nil || size > maxSize {
			t.Errorf("%s: %d bytes, want at most %d; %v", report.ID, size, maxSize, err)
		}
	}
}
