package sabotage

import "context"

func (w *work) undo(how func(context.Context) error) { w.done.undo = append(w.done.undo, how) }
