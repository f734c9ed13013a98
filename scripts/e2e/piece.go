package main

import (
	"fmt"
	"strings"
	"time"
)

// piece is a part of a line, with its colour.
type piece struct {
	text  string
	paint func(text string) string // nil: as it is
}

func dim(text string) string { return "\x1b[2m" + text + "\x1b[0m" }

// render puts pieces in a row and cuts the row to a width in columns, of which each character takes one.
func render(pieces []piece, width int, colour bool) string {
	var line strings.Builder
	for _, p := range cut(pieces, width) {
		if colour && p.paint != nil {
			p.text = p.paint(p.text)
		}
		line.WriteString(p.text)
	}
	return line.String()
}

// cut cuts pieces to a width; an ellipsis stands for what was cut.
func cut(pieces []piece, width int) []piece {
	total := 0
	for _, p := range pieces {
		total += len([]rune(p.text))
	}
	if total <= width {
		return pieces
	}
	var fitting []piece
	left := width - 1
	for _, p := range pieces {
		if runes := []rune(p.text); len(runes) > left {
			p.text = string(runes[:max(left, 0)]) + "…"
			return append(fitting, p)
		}
		left -= len([]rune(p.text))
		fitting = append(fitting, p)
	}
	return fitting
}

// clock is a time since the start: 41s, 2:03 or 1:02:03.
func clock(since time.Duration) string {
	s := int(since.Seconds())
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// spoken is how long something took, in words: 34 s, 2 min or 2 min 5 s.
func spoken(took time.Duration) string {
	s := int(took.Round(time.Second).Seconds())
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s%60 == 0:
		return fmt.Sprintf("%d min", s/60)
	}
	return fmt.Sprintf("%d min %d s", s/60, s%60)
}
