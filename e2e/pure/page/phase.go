package page

import (
	"fmt"
	"slices"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/e2e/pure/verdict"
)

// phase is the time of the moves that led to a stage of an upgrade. X and Width are of the picture.
type phase struct {
	Stage    string
	Result   hop.Result
	Seconds  float64
	X, Width float64
	Name     note
	Moves    []string // how each move is named, and how long it took
	Counts   []count  // of each lane

	period upgrade.Period
	moves  []upgrade.Made
	scale  float64 // units a second
}

// count is the requests of a phase in one lane.
type count struct{ Answered, Failed int }

// phasesOf places the phases side by side between two edges, with a break between them in which nothing was sent, all at one scale.
func phasesOf(v upgrade.Verdict, left, right, apart float64) []phase {
	periods := v.Traffic.All()
	total := 0.0
	for _, period := range periods {
		total += period.To.Sub(period.From).Seconds()
	}
	scale := (right - left - apart*float64(len(periods)-1)) / max(total, 1)
	x := left
	var all []phase
	for _, period := range periods {
		seconds := period.To.Sub(period.From).Seconds()
		p := phase{Stage: period.Stage, Result: resultAt(v, period.Stage), Seconds: seconds, X: x, Width: seconds * scale, period: period, scale: scale}
		if i := slices.IndexFunc(v.Stages, func(stage upgrade.Judged) bool { return stage.Stage == period.Stage }); i >= 0 {
			p.moves = v.Stages[i].Moves
			for _, made := range p.moves {
				p.Moves = append(p.Moves, fmt.Sprintf("%s %s", made.Move, length(inSeconds(made.Seconds))))
			}
		}
		p.Name = note{X: x + 4, Text: report.Symbol(p.Result) + " " + period.Stage, Second: fmt.Sprintf("%s, %.0f s", sinceBegin(period.From.Sub(periods[0].From)), seconds)}
		all = append(all, p)
		x += p.Width + apart
	}
	return all
}

// resultAt is the worst of what was judged at a stage and of what is wrong there; INCONCLUSIVE where nothing was judged.
func resultAt(v upgrade.Verdict, stage string) hop.Result {
	result := hop.Inconclusive
	if i := slices.IndexFunc(v.Stages, func(judged upgrade.Judged) bool { return judged.Stage == stage }); i >= 0 {
		result = v.Stages[i].Result
	}
	for _, problem := range v.Problems {
		if problem.Stage == stage {
			result = verdict.Worse(result, problem.Result)
		}
	}
	return result
}

// Top is where the band of the phase begins, above its name.
func (p phase) Top() int { return p.Name.Y - rowTall }

// at is the place of a moment, within the phase.
func (p phase) at(moment time.Time) float64 {
	return min(max(p.X+moment.Sub(p.period.From).Seconds()*p.scale, p.X), p.X+p.Width)
}

// after is when something was, since the phase began.
func (p phase) after(moment time.Time) string {
	return length(moment.Sub(p.period.From).Round(time.Millisecond))
}
