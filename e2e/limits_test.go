//go:build !e2e

package e2e_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// timesOfTheirOwn are times by file and name that the factor of the time limits must not scale, with the reason.
var timesOfTheirOwn = map[string]string{
	"e2e/live/existing/lock.go: callDeadline":                              "part of the lock's protocol: it is a fraction of renewDeadline",
	"e2e/live/existing/lock.go: renewDeadline":                             "part of the lock's protocol: it is shorter than the lock holds",
	"e2e/live/kube/dial.go: IdleConnTimeout":                               "an idle connection is kept for so long; nothing waits for it",
	"e2e/live/sabotage/refusal.go: TimeoutSeconds":                         "of a webhook that is to fail",
	"e2e/begin_test.go: lag":                                               "kube-proxy is stopped for so long, which is under test",
	"e2e/chaos_test.go: time.Duration(rand.IntN(1500)) * time.Millisecond": "a fault strikes at a random moment",
	"e2e/lease_test.go: sweptWithin":                                       "the sweeper promises it, which is under test",
	"e2e/lease_world_test.go: longer":                                      "traffic goes on for so long",
	"e2e/lock_test.go: sleep":                                              "a run sleeps for so long, which is under test",
}

func TestEveryTimeLimitIsInTheTable(t *testing.T) {
	found := map[string]bool{}
	for _, one := range ownLimits(t) {
		found[one] = true
		if timesOfTheirOwn[one] == "" {
			t.Errorf("%s: it bounds a wait and is not in e2e/live/timeout/table.go, which scales by TIMEOUT_FACTOR", one)
		}
	}
	for _, known := range slices.Sorted(maps.Keys(timesOfTheirOwn)) {
		if !found[known] {
			t.Errorf("%s is there no more: take it out of timesOfTheirOwn", known)
		}
	}
}

// ownLimits lists the time limits in the sources of e2e/live, the suite and scripts that are not from the table. Unit tests
// have some of their own: no machine is too slow for a run of theirs by design.
func ownLimits(t *testing.T) []string {
	t.Helper()
	var all []string
	packages := map[string]map[string][]byte{} // the Go files of each folder
	for _, root := range []string{".", "../scripts"} {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if name == "pure" || name == "live/timeout" || entry.Name() == "testdata" {
				return fs.SkipDir
			}
			if entry.IsDir() {
				return nil
			}
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			known := strings.TrimPrefix(filepath.Join("e2e", name), "e2e/../")
			switch {
			case strings.HasSuffix(name, ".sh"):
				all = append(all, limitsOfShell(known, string(content))...)
			case !strings.HasSuffix(name, ".go"), strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(string(content), "//go:build e2e\n"):
			default:
				folder := filepath.Dir(name)
				if packages[folder] == nil {
					packages[folder] = map[string][]byte{}
				}
				packages[folder][known] = content
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(packages) < 10 {
		t.Fatalf("%d packages were read: the sources are not where they are looked for", len(packages))
	}
	for _, files := range packages {
		found, err := limitsOfPackage(files)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

// shellLimits match what bounds a wait in a script by a number that is written there.
var shellLimits = regexp.MustCompile(`\btimeout +(?:-\S+ +)*[0-9]\S*|\bcurl .*(?:-m|--max-time)[ =][0-9]\S*|Timeout=[0-9]\S*|\b\w*(?:LIMIT|TIMEOUT)=[0-9]\S*`)

func limitsOfShell(name, content string) []string {
	var all []string
	for line := range strings.Lines(content) {
		if match := shellLimits.FindString(line); match != "" && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			all = append(all, name+": "+match)
		}
	}
	return all
}

func TestATimeLimitInAScriptIsFound(t *testing.T) {
	for line, want := range map[string]string{
		"timeout 20 docker info":                    "timeout 20",
		`bash -c "timeout -k 3 20 true"`:            "timeout -k 3",
		`timeout "${LIMIT[EngineAnswer]}" true`:     "",
		"curl -sS -m 3 -o /dev/null":                "curl -sS -m 3",
		`curl -sS -m "${LIMIT[Registry]}"`:          "",
		"install -D -m 0755 a b":                    "",
		"apt-get -o DPkg::Lock::Timeout=120":        "Timeout=120",
		"START_LIMIT=60":                            "START_LIMIT=60",
		"# timeout 20 is too short":                 "",
		"until true; do sleep 0.2; done # interval": "",
	} {
		got := strings.Join(limitsOfShell("a.sh", line+"\n"), "; ")
		if want != "" {
			want = "a.sh: " + want
		}
		if got != want {
			t.Errorf("%s: found %q, want %q", line, got, want)
		}
	}
}
