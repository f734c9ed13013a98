package timeout

import (
	"strings"
	"testing"
)

func TestAFactorIsAPositiveDecimalNumber(t *testing.T) {
	for text, want := range map[string]Factor{"": 1, "1": 1, "2": 2, "1.5": 1.5, "0.01": 0.01, "100": 100, "003": 3} {
		if got, err := ParseFactor(text); got != want || err != nil {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range bad {
		if got, err := ParseFactor(text); err == nil || !strings.Contains(err.Error(), "such as 2 or 1.5") {
			t.Errorf("%q: %v, %v; want an error that says what is wanted", text, got, err)
		}
	}
}

// bad are texts that are no factor.
var bad = []string{"0", "0.0", "-1", "+2", "1e1", "0x2", "NaN", "Inf", "2x", "two", " 2", "1,5", ".5", "2.", "0.009", "100.1", "1" + strings.Repeat("0", 400)}

func TestTheFactorIsTakenFromTheEnvironment(t *testing.T) {
	scaled(t, factor)
	t.Setenv(Variable, "3")
	if err := FromEnvironment(); err != nil || factor != 3 {
		t.Errorf("factor %v, %v; want 3", factor, err)
	}
	t.Setenv(Variable, "fast")
	if err := FromEnvironment(); err == nil || !strings.HasPrefix(err.Error(), "TIMEOUT_FACTOR=fast: want") || factor != 3 {
		t.Errorf("factor %v, %v; want an error that names the variable, and 3 as before", factor, err)
	}
}
