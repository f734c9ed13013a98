package istioversion

import "testing"

func TestAVersionSaysItsMinorAndWhatItIs(t *testing.T) {
	const commit = "9739e10eb9d7a2f0c1b3d4e5f60718293a4b5c6d"
	for _, test := range []struct {
		text, date, minor string
		kind              Kind
		patch             int
		commit            string
	}{
		{text: "1.30.5", minor: "1.30", kind: Release, patch: 5},
		{text: "v1.30.5", minor: "1.30", kind: Release, patch: 5},
		{text: "1.30.5-distroless", minor: "1.30", kind: Release, patch: 5},
		{text: "1.30.5-asm.10", minor: "1.30", kind: Release, patch: 5},
		{text: "1.30.5-tetratefips-v0", minor: "1.30", kind: Release, patch: 5},
		{text: "2.0.0", minor: "2.0", kind: Release},
		{text: "1.31.0-rc.0", minor: "1.31", kind: Candidate},
		{text: "1.31.0-beta.1-distroless", minor: "1.31", kind: Candidate},
		{text: "1.30.2-rc.1", minor: "1.30", kind: Candidate, patch: 2},
		{text: "1.30.0-9739e10eb9d7", date: "2026-08-26", minor: "1.30", kind: Build, commit: "9739e10eb9d7"},
		{text: "1.30.0-9739e10eb9d7-0123456789ab", minor: "1.30", kind: Build, commit: "9739e10eb9d7"}, // the tag of an image
		{text: "1.32-alpha." + commit, minor: "1.32", kind: Build, commit: commit},
		{text: "1.31-dev", minor: "1.31", kind: Build},
		{text: "1.31.0-dev", minor: "1.31", kind: Build},
		{text: "1.31", minor: "1.31", kind: Build},
		{text: "1.31.0-rc.0.0.20260824154656-b943409680a7", minor: "1.31", kind: Build, commit: "b943409680a7"},
		{text: "1.30.6-0.20260824154656-b943409680a7", minor: "1.30", kind: Build, commit: "b943409680a7"},
	} {
		got, err := Parse(test.text, test.date)
		want := Version{Kind: test.kind, Patch: test.patch, Commit: test.commit, Date: test.date, Minor: got.Minor, text: test.text}
		if err != nil || got != want || got.Minor.String() != test.minor || !got.Known() {
			t.Errorf("%s: got %+v, %v; want minor %s of %+v", test.text, got, err, test.minor, want)
		}
	}
}

func TestAVersionWithoutAMinorIsNotKnown(t *testing.T) {
	for _, text := range []string{"", "latest", "unknown", "1", "v1", "1.x", "1.30.x", "1.30.5.1", "v0.0.0-20260826214018-9739e10eb9d7", "9739e10eb9d7", "31", "1.99999999999999999999"} {
		if got, err := Parse(text, ""); err == nil || got.Known() || got.String() != text {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	if got, err := Parse("1.30.0-9739e10eb9d7", "26 August"); err == nil || got.Known() {
		t.Errorf("with a date that is none: got %+v, %v", got, err)
	}
}

func TestAnOlderMinorIsBefore(t *testing.T) {
	for text, want := range map[string]bool{"1.9.7": true, "1.30.9": true, "1.31.0-rc.0": false, "1.31.0": false, "1.32-dev": false, "2.0.0": false, "latest": false} {
		v, _ := Parse(text, "")
		if got := v.Before(Minor{1, 31}); got != want {
			t.Errorf("%s before 1.31: got %t", text, got)
		}
	}
}

func TestAVersionIsShownWithTheDateOfItsCommit(t *testing.T) {
	for _, test := range []struct{ text, date, want string }{
		{"1.30.0-9739e10eb9d7", "2026-08-26", "1.30.0-9739e10eb9d7 of 2026-08-26"},
		{"1.30.5", "2026-08-26", "1.30.5"},
	} {
		if v, err := Parse(test.text, test.date); err != nil || v.String() != test.want {
			t.Errorf("got %s, %v; want %s", v, err, test.want)
		}
	}
}
