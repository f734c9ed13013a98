package upgrade

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

func TestARenewalIsOfAPodThatStays(t *testing.T) {
	at := func(serials ...string) Judged {
		var stage Judged
		for i, serial := range serials {
			stage.Proxies = append(stage.Proxies, Proxy{Namespace: "n", Pod: string(rune('a' + i)), Serial: serial})
		}
		return stage
	}
	restarted := Judged{Proxies: []Proxy{{Namespace: "n", Pod: "z", Serial: "9"}}}
	for name, one := range map[string]struct {
		stages []Judged
		want   Rotations
	}{
		"one stage":               {[]Judged{at("1", "2")}, Rotations{}},
		"no renewal":              {[]Judged{at("1", "2"), at("1", "2")}, Rotations{}},
		"each of two":             {[]Judged{at("1", "2"), at("3", "4")}, Rotations{All: 2, Most: 1}},
		"one twice":               {[]Judged{at("1"), at("2"), at("3")}, Rotations{All: 2, Most: 2}},
		"a restart":               {[]Judged{at("1"), restarted}, Rotations{}},
		"a stage without proxies": {[]Judged{at("1"), {}, at("2")}, Rotations{All: 1, Most: 1}},
	} {
		if got := RotationsOf(one.stages); got != one.want {
			t.Errorf("%s: %+v, want %+v", name, got, one.want)
		}
	}
	if (Rotations{Most: 1}).problem() == "" || (Rotations{Most: 2}).problem() != "" {
		t.Error("two renewals are enough, one is not")
	}
}

func TestWhatAStageComesTo(t *testing.T) {
	held := []CaseAt{{ID: "a@both", Result: hop.Pass}}
	for name, one := range map[string]struct {
		stage  Judged
		result hop.Result
		says   string
	}{
		"cases that hold":           {Judged{Cases: held}, hop.Pass, "1 cases hold"},
		"no case asked for":         {Judged{WithoutCases: true}, hop.Pass, "0 cases hold"},
		"no case":                   {Judged{}, hop.Inconclusive, "no case was run"},
		"a CA that is trusted":      {Judged{Cases: held, Signers: []Signer{{Istiod: "i"}}}, hop.Pass, "1 cases hold"},
		"a CA that is not":          {Judged{Cases: held, Signers: []Signer{{Istiod: "i", Issuer: "CN=other", NotTrustedBy: []string{"n/p"}}}}, hop.Fail, `signs by "CN=other", which no root leads to of n/p`},
		"a move that failed":        {Judged{Failed: "move x: no"}, hop.Fail, "move x: no"},
		"what could not be judged":  {Judged{Unknown: "no answer"}, hop.Inconclusive, "no answer"},
		"misplaced and not judged":  {Judged{Misplaced: []string{"n/p is of 1"}, Unknown: "no answer"}, hop.Fail, "n/p is of 1"},
		"a pod that cannot be made": {Judged{Cases: held, NewPods: "refused"}, hop.Fail, "refused"},
	} {
		one.stage.Conclude()
		if one.stage.Result != one.result || !strings.Contains(one.stage.Reason, one.says) {
			t.Errorf("%s: %s: %s", name, one.stage.Result, one.stage.Reason)
		}
	}
}
