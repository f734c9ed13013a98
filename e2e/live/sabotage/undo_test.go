package sabotage

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func TestWhatCouldNotBeTakenBackIsTriedAgain(t *testing.T) {
	var taken []string
	refused := errors.New("refused")
	on := refused
	act := func(name string, err *error) func(context.Context) error {
		return func(context.Context) error {
			taken = append(taken, name)
			if err != nil {
				return *err
			}
			return nil
		}
	}
	d := &Done{undo: []func(context.Context) error{act("first", &on), act("second", nil), act("third", &on)}}
	if err := d.Undo(t.Context()); !errors.Is(err, refused) || !slices.Equal(taken, []string{"third", "second", "first"}) {
		t.Errorf("taken %v: %v", taken, err)
	}
	on, taken = nil, nil
	if err := d.Undo(t.Context()); err != nil || !slices.Equal(taken, []string{"third", "first"}) {
		t.Errorf("again %v: %v", taken, err)
	}
	taken = nil
	if err := d.Undo(t.Context()); err != nil || len(taken) != 0 {
		t.Errorf("once more %v: %v", taken, err)
	}
}
