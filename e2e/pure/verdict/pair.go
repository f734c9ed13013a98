package verdict

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// Pair is one pod of a hop's client with one of its server, and what became of the requests from one to the other.
type Pair struct {
	Client   string     `json:"client"`             // NAMESPACE/POD
	Server   string     `json:"server"`             // NAMESPACE/POD
	Requests int        `json:"requests"`           // that went over the pair; where none did its configuration alone is judged
	New      bool       `json:"new,omitempty"`      // one of the pods came while requests were sent
	Unpicked string     `json:"unpicked,omitempty"` // why the client's load balancing may never pick the server's pod
	Result   hop.Result `json:"result"`             // the worst of them
	Reason   string     `json:"reason"`             // of that result
}

// String names the two pods.
func (p Pair) String() string { return p.Client + " to " + p.Server }

// AtPair is the check of one request over a pair or, where Requests is zero, of its configuration alone.
type AtPair struct {
	Pair
	Check Check
}

// JudgeAlone gives the result by what the policies ask and what the configuration leads to, where no request was sent.
func (c *Check) JudgeAlone() {
	c.Observers = Observers{Required: []hop.Source{}}
	c.SourceAlone = c.Intent.SourceAlone()
	c.Result, c.Reason = c.judgeAlone()
	c.Reason = c.ExpectedBy.marked(c.Reason)
}

func (c *Check) judgeAlone() (hop.Result, string) {
	statements := c.statements()
	fitting := common(statements)
	switch {
	case c.Settled.Failed != "":
		return hop.Inconclusive, "the mesh did not settle: " + c.Settled.Failed
	case len(statements) > 0 && len(fitting) == 0:
		c.StandsOut = outliers(statements)
		return hop.Mismatch, c.tell(statements) + c.cutOff()
	case len(statements) > 0 && !slices.Contains(fitting, c.Want):
		return hop.Fail, fmt.Sprintf("wanted %s, all of %s say %s", c.Want, sourcesOf(statements), fitting[0])
	}
	if missing := c.cutOff() + c.missing(); missing != "" {
		return hop.Inconclusive, strings.TrimPrefix(missing, "; ")
	}
	return hop.Pass, "by its configuration alone: " + c.Config.Why
}

// Ended makes the check of a request INCONCLUSIVE of which an own pod ended meanwhile. A PASS stays.
func (a *AtPair) Ended(pod string) {
	if a.Check.Result == hop.Pass {
		return
	}
	a.Check.Reason = fmt.Sprintf("%s ended meanwhile; it would be %s: %s", pod, a.Check.Result, a.Check.Reason)
	a.Check.Result = hop.Inconclusive
}

// Together is the one check of a hop whose ends have several pods: the worst of all, with each pair. Its reason names the pair
// that spoils the hop or, of a PASS, those that no request went over. A server's pod that a client's load balancing may pick and that
// no request came to, though they came to others, makes it INCONCLUSIVE.
func Together(all []AtPair) Check {
	worst := all[0]
	for _, one := range all[1:] {
		if severity[one.Check.Result] > severity[worst.Check.Result] {
			worst = one
		}
	}
	check := worst.Check
	check.Pairs = pairsOf(all)
	if check.Result != hop.Pass {
		check.Reason = worst.String() + ": " + check.Reason
		return check
	}
	if pods := unreached(check.Pairs); len(pods) > 0 {
		check.Result, check.Reason = hop.Inconclusive, fmt.Sprintf("none of %d requests came to %s", requests(check.Pairs), strings.Join(pods, ", "))
		return check
	}
	check.Reason += fmt.Sprintf("; %d pairs of pods", len(check.Pairs)) + alone(check.Pairs)
	return check
}

// pairsOf lists the pairs, each once.
func pairsOf(all []AtPair) []Pair {
	var pairs []Pair
	for _, one := range all {
		at := slices.IndexFunc(pairs, func(p Pair) bool { return p.String() == one.String() })
		if at < 0 {
			one.Result, one.Reason = one.Check.Result, one.Check.Reason
			pairs = append(pairs, one.Pair)
			continue
		}
		p := &pairs[at]
		p.Requests += one.Requests
		if severity[one.Check.Result] > severity[p.Result] {
			p.Result, p.Reason = one.Check.Result, one.Check.Reason
		}
	}
	return pairs
}

// unreached are the servers' pods that no request came to, though load balancing may pick them; none where no request came to any.
func unreached(pairs []Pair) []string {
	reached := map[string]bool{}
	for _, p := range pairs {
		reached[p.Server] = reached[p.Server] || p.Requests > 0
	}
	var pods []string
	for _, p := range pairs {
		if !p.New && p.Unpicked == "" && !reached[p.Server] && !slices.Contains(pods, p.Server) {
			pods = append(pods, p.Server)
		}
	}
	if requests(pairs) == 0 {
		return nil
	}
	return pods
}

func requests(pairs []Pair) int {
	count := 0
	for _, p := range pairs {
		count += p.Requests
	}
	return count
}

// alone names the pairs that are judged by their configuration alone.
func alone(pairs []Pair) string {
	var named []string
	for _, p := range pairs {
		switch {
		case p.Requests > 0:
		case p.New:
			named = append(named, p.String()+" (new)")
		case p.Unpicked != "":
			named = append(named, fmt.Sprintf("%s (%s)", p, p.Unpicked))
		default:
			named = append(named, p.String())
		}
	}
	if len(named) == 0 {
		return ""
	}
	return "; by configuration alone: " + strings.Join(named, ", ")
}
