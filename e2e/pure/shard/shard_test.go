package shard

import (
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func specs(seconds ...float64) []Spec {
	var all []Spec
	for place, s := range seconds {
		all = append(all, Spec{Text: fmt.Sprintf("A hop case-%03d: title", place), Seconds: s})
	}
	return all
}

func plan(t *testing.T, all []Spec, shards int) Plan {
	t.Helper()
	made, err := New(all, shards)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestEverySpecIsInOneShardOfAPlan(t *testing.T) {
	for seed := range int64(50) {
		random := rand.New(rand.NewSource(seed))
		seconds := make([]float64, 1+random.Intn(200))
		for place := range seconds {
			seconds[place] = float64(random.Intn(90))
		}
		all := specs(seconds...)
		shards := 1 + random.Intn(min(len(all), 6))
		made := plan(t, all, shards)
		if got := textsOf(slices.Concat(made...)); len(made) != shards || !slices.Equal(got, textsOf(all)) {
			t.Fatalf("seed %d: %d shards with %d of %d specs", seed, len(made), len(got), len(all))
		}
		// Graham's bound: what the shard with most has above the one with least is at most one spec.
		longest, least, most := 0.0, made.Seconds(0), made.Seconds(0)
		for place := range made {
			least, most = min(least, made.Seconds(place)), max(most, made.Seconds(place))
			for _, spec := range made[place] {
				longest = max(longest, spec.Seconds)
			}
			if len(made[place]) == 0 {
				t.Errorf("seed %d: shard %d has no spec", seed, place)
			}
		}
		if most-least > longest {
			t.Errorf("seed %d: %v s beside %v s, the longest spec takes %v s", seed, most, least, longest)
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if !reflect.DeepEqual(made, plan(t, all, shards)) {
			t.Errorf("seed %d: another order of the specs makes another plan", seed)
		}
	}
}

func TestASpecOfWhichNothingIsKnownTakesAsLongAsOthers(t *testing.T) {
	made := plan(t, specs(60, 2, 2, 0, 4), 2)
	if got := []float64{made.Seconds(0), made.Seconds(1)}; !slices.Equal(got, []float64{60, 12}) {
		t.Errorf("%v s in %v", got, made)
	}
	if made := plan(t, specs(0, 0, 0, 0, 0, 0), 3); len(made[0]) != 2 || len(made[1]) != 2 || len(made[2]) != 2 {
		t.Errorf("%v", made)
	}
}

func TestMoreShardsThanSpecsAreRefused(t *testing.T) {
	if _, err := New(specs(1, 2), 3); err == nil || err.Error() != "2 specs are selected: they are too few for 3 shards" {
		t.Error(err)
	}
}

func TestANumberOfAShardIsRead(t *testing.T) {
	if n, err := ParseNumber("2/3"); err != nil || n != (Number{2, 3}) || n.String() != "2/3" {
		t.Error(n, err)
	}
	for _, text := range []string{"", "0/3", "4/3", "2", "2/", "/3", "-1/3", "2/3/4", "a/b", " 2/3", "2/99999"} {
		if n, err := ParseNumber(text); err == nil {
			t.Errorf("%q is %s", text, n)
		}
	}
}

// three are shards that ran all that was planned for them.
func three(t *testing.T) []Ran {
	t.Helper()
	made := plan(t, specs(9, 8, 7, 6, 5, 4, 3, 2, 1), 3)
	var all []Ran
	for place := range made {
		part := Part{Shard: Number{place + 1, 3}, Plan: made}
		all = append(all, Ran{From: fmt.Sprintf("shard-%d", place+1), Part: part, Ended: true, Texts: textsOf(part.Specs())})
	}
	return all
}

func TestShardsThatRanWhatWasPlannedHaveNoGap(t *testing.T) {
	all := three(t)
	slices.Reverse(all)
	if gaps, err := Gather(all); err != nil || len(gaps) > 0 {
		t.Error(gaps, err)
	}
}

func TestAGapIsNamed(t *testing.T) {
	lost := three(t)[:2]
	killed := three(t)
	killed[1].Ended, killed[1].Texts = false, nil
	stopped := three(t)
	stopped[2].Texts = stopped[2].Texts[1:]
	strange := three(t)
	strange[0].Texts = append(strange[0].Texts, "A hop other: title")
	for name, of := range map[string]struct {
		shards []Ran
		want   string
	}{
		"lost":    {lost, "shard 3/3 is missing: A hop case-002: title; A hop case-003: title; A hop case-008: title"},
		"killed":  {killed, "shard 2/3 (shard-2) ended without a report: A hop case-001: title; A hop case-004: title; A hop case-007: title"},
		"stopped": {stopped, "shard 3/3 (shard-3) did not run A hop case-002: title"},
		"strange": {strange, "shard 1/3 (shard-1) ran what it was not to: A hop other: title"},
	} {
		if gaps, err := Gather(of.shards); err != nil || len(gaps) != 1 || gaps[0] != of.want {
			t.Errorf("%s: %v, %v", name, gaps, err)
		}
	}
}

func TestShardsThatAreNotOfOneRunAreRefused(t *testing.T) {
	twice := three(t)
	twice[2].Part.Shard.Index = 1
	other := three(t)
	other[2].Part.Plan = plan(t, specs(1, 2, 3), 3)
	outside := three(t)
	outside[1].Part.Shard = Number{4, 3}
	for name, of := range map[string]struct {
		shards []Ran
		want   string
	}{
		"twice":      {twice, "shard 1/3 is there twice: shard-1 and shard-3"},
		"other plan": {other, "shard-1 and shard-3 are of different plans"},
		"outside":    {outside, "shard-2: it is shard 4/3 of a plan for 3"},
	} {
		if gaps, err := Gather(of.shards); err == nil || !strings.HasPrefix(err.Error(), of.want) {
			t.Errorf("%s: %v, %v", name, gaps, err)
		}
	}
}
