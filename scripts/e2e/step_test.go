package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestAStepSaysHowLongItTookLastTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		screen, to := plainConsole()
		r := &program{screen: screen, durations: durationsIn(filepath.Join(t.TempDir(), "clusters"), "here")}
		istio := step{name: "istio", says: "installing Istio", usual: "half a minute"}
		for _, took := range []time.Duration{34 * time.Second, 100 * time.Millisecond, 0} {
			if err := r.during(istio, func() error { <-time.After(took); return nil }); err != nil {
				t.Error(err)
			}
		}
		wrong := errors.New("no istiod")
		if err := r.during(istio, func() error { <-time.After(time.Hour); return wrong }); !errors.Is(err, wrong) {
			t.Errorf("the work's error became %v", err)
		}
		_ = r.measured(istio, func() (bool, error) { <-time.After(time.Hour); return false, nil })
		_ = r.during(istio, func() error { return nil })
		want := `
    0.0s  installing Istio (half a minute)
   34.0s  installing Istio (34 s last time)
   34.1s  installing Istio
   34.1s  installing Istio (half a minute)
 3634.1s  installing Istio (half a minute)
 7234.1s  installing Istio (half a minute)
`
		if got := to.String(); got != want[1:] {
			t.Errorf("the log is\n%s\nwant\n%s", got, want[1:])
		}
		wantPlain(t, to)
	})
}

func TestAStepIsCountedOnTheLiveLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		screen, to := terminalOf(60)
		screen.began = screen.began.Add(-29 * time.Second)
		r := &program{screen: screen, durations: durationsIn(filepath.Join(t.TempDir(), "clusters"), "here")}
		r.durations.keep("istio", 34*time.Second)
		_ = r.during(step{name: "istio", says: "installing Istio"}, func() error {
			<-time.After(12 * time.Second)
			screen.draw(time.Now())
			return nil
		})
		if drawn := "\r     41s  installing Istio  (12 s so far, 34 s last time)\x1b[K\r\x1b[K"; to.String() != "   29.0s  installing Istio (34 s last time)\n"+drawn {
			t.Errorf("%q", to.String())
		}
	})
}

func TestDurationsAreKeptByGround(t *testing.T) {
	home := filepath.Join(t.TempDir(), "clusters")
	pulled, built := durationsIn(home, "lane pull"), durationsIn(home, "lane source")
	pulled.keep("istio", 34*time.Second)
	built.keep("istio", 20*time.Minute)
	pulled.keep("cluster", 1500*time.Millisecond)
	for _, test := range []struct {
		of   *durations
		step string
		want time.Duration
	}{
		{pulled, "istio", 34 * time.Second}, {built, "istio", 20 * time.Minute}, {pulled, "cluster", 1500 * time.Millisecond},
		{built, "cluster", 0}, {durationsIn(home, "lane pull"), "istio", 34 * time.Second},
	} {
		if got := test.of.last(test.step); got != test.want {
			t.Errorf("%s, %s: %s, want %s", test.of.ground, test.step, got, test.want)
		}
	}
	pulled.again()
	if got := pulled.last("istio"); got != 0 {
		t.Errorf("on a cluster that is used again: %s", got)
	}
}

func TestAForeignFileOfDurationsIsReplaced(t *testing.T) {
	home := filepath.Join(t.TempDir(), "clusters")
	d := durationsIn(home, "here")
	for _, content := range []string{"", "null", "[]", "{", `{"here": 7}`, `{"here": {"istio": "34"}}`, `{"here": {"istio": -1}}`, `{"here": {"istio": 1e300}}`, "\x00\xff"} {
		if err := os.WriteFile(d.file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := d.last("istio"); got != 0 {
			t.Errorf("%q: %s", content, got)
		}
		d.keep("istio", time.Second)
		if got := d.last("istio"); got != time.Second {
			t.Errorf("%q was not replaced: %s", content, got)
		}
	}
}

func TestARunGoesOnWithoutDurations(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := durationsIn(filepath.Join(file, "clusters"), "here")
	d.keep("istio", time.Second)
	if got := d.last("istio"); got != 0 {
		t.Errorf("%s, of a file that cannot be", got)
	}
}
