package inspect

// progress tells how many are done, where somebody wants to know.
func (in *Inspector) progress(done, of int, what string) {
	if in.Progress != nil {
		in.Progress(done, of, what)
	}
}
