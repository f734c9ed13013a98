package timeout

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
)

// Variable names the environment variable with the factor.
const Variable = "TIMEOUT_FACTOR"

// Factor is what each limit is multiplied by.
type Factor float64

// The bounds of a factor. A smaller one would make a limit 0, which Ginkgo, the agent and net/http take for no limit or for
// one of their own; a larger one would make the limit of the suite longer than four days.
const (
	least Factor = 0.01
	most  Factor = 100
)

// factor is in force from Scale on.
var factor Factor = 1

var decimal = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// ParseFactor reads a factor, a positive decimal number; empty is 1. The error says what is wanted.
func ParseFactor(text string) (Factor, error) {
	if text == "" {
		return 1, nil
	}
	value, err := strconv.ParseFloat(text, 64)
	if by := Factor(value); err == nil && decimal.MatchString(text) && least <= by && by <= most {
		return by, nil
	}
	return 0, fmt.Errorf("want a decimal number from %v to %v by which each time limit is multiplied, such as 2 or 1.5", least, most)
}

// Scale multiplies each limit by a factor. A process calls it once, before it waits for anything.
func Scale(by Factor) { factor = by }

// FromEnvironment scales by the factor that TIMEOUT_FACTOR has.
func FromEnvironment() error {
	text := os.Getenv(Variable)
	by, err := ParseFactor(text)
	if err != nil {
		return fmt.Errorf("%s=%s: %w", Variable, text, err)
	}
	Scale(by)
	return nil
}
