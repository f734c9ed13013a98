package main

import (
	"bytes"
	"io"
)

// passage passes on what a child prints, whole lines at a time, so that no line of ours falls into one.
type passage struct {
	screen *console
	to     io.Writer
	begun  []byte // a line that is not yet whole
}

// Write passes on the lines that are whole. The live line is drawn again below them.
func (p *passage) Write(part []byte) (int, error) {
	p.screen.mutex.Lock()
	defer p.screen.mutex.Unlock()
	p.begun = append(p.begun, part...)
	whole := bytes.LastIndexByte(p.begun, '\n') + 1
	if whole == 0 {
		return len(part), nil
	}
	p.screen.live.clear()
	if _, err := p.to.Write(p.begun[:whole]); err != nil {
		return 0, err
	}
	p.begun = append([]byte(nil), p.begun[whole:]...)
	return len(part), nil
}

// end ends a line that the child left open.
func (p *passage) end() {
	if len(p.begun) > 0 {
		_, _ = p.Write([]byte("\n")) // nowhere is left to complain to
	}
}

// passages are for the two streams of a child. Where ours are one, so are they: what the child prints stays in its order.
func (c *console) passages() (out, errors io.Writer, end func()) {
	first := &passage{screen: c, to: c.out}
	if c.together {
		return first, first, first.end
	}
	second := &passage{screen: c, to: c.to}
	return first, second, func() {
		first.end()
		second.end()
	}
}

// messages is for what a child has to say. Without a live line that is our stderr itself, so that a script knows what it has.
func (c *console) messages() (to io.Writer, end func()) {
	if !c.lively() {
		return c.to, func() {}
	}
	one := &passage{screen: c, to: c.to}
	return one, one.end
}
