package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mtls.test/conformance/e2e/live/artifact"
)

// durations are how long steps took when they last succeeded, in a file of the user's cache. They are for a person to read:
// whatever is wrong with the file, a run goes on without it.
type durations struct {
	file   string
	ground string // what they are of: the steps of another lane or of other versions take another time
	mutex  sync.Mutex
}

// longest is longer than any step. What claims to have taken more was not written here.
const longest = 24 * time.Hour

// durationsIn are those of a ground in the cache that the clusters' home is in; beside it, where no cluster's name can be theirs.
func durationsIn(home, ground string) *durations {
	return &durations{file: filepath.Join(filepath.Dir(home), "durations.json"), ground: ground}
}

// again says that what follows is on a cluster that is used again, where little is left to do.
func (d *durations) again() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.ground += ", cluster used again"
}

// last is how long a step took last; zero where that is not known.
func (d *durations) last(step string) time.Duration {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	took := time.Duration(d.read()[d.ground][step] * float64(time.Second))
	if took < 0 || took > longest {
		return 0
	}
	return took
}

// keep writes down how long a step took.
func (d *durations) keep(step string, took time.Duration) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	all := d.read()
	if all[d.ground] == nil {
		all[d.ground] = map[string]float64{}
	}
	all[d.ground][step] = took.Seconds()
	_ = artifact.WriteJSON(d.file, all) // no run fails for want of a hint
}

// read is the seconds of each step, by ground; empty where the file is not there, or is another's.
func (d *durations) read() map[string]map[string]float64 {
	content, err := os.ReadFile(d.file)
	all := map[string]map[string]float64{}
	if err != nil || json.Unmarshal(content, &all) != nil || all == nil {
		return map[string]map[string]float64{}
	}
	return all
}
