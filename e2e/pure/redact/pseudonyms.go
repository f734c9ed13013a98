package redact

import (
	"fmt"
	"strings"
)

// pseudonyms are what stands for names, each always the same. None is a word of the report.
type pseudonyms struct {
	taken map[string]bool      // words of the report, in lower case
	given map[string]string    // by name
	kinds map[string]*sequence // numbers of names, by kind

	hashes, marks, replicas, pods *sequence
}

func newPseudonyms() *pseudonyms {
	return &pseudonyms{
		taken: map[string]bool{}, given: map[string]string{}, kinds: map[string]*sequence{},
		hashes:   newSequence(func(n int) string { return fmt.Sprintf("%032x", n) }),
		marks:    newSequence(func(n int) string { return fmt.Sprintf("R%03d", n) }),
		replicas: newSequence(func(n int) string { return inAlphabet(n, 10) }),
		pods:     newSequence(func(n int) string { return inAlphabet(n, 5) }),
	}
}

// of is the pseudonym of a name: its kind and a number, as service-1. Of a pod of a Deployment it is made of that of the Deployment.
func (p *pseudonyms) of(name, kind string) string {
	if customary[name] {
		return name
	}
	for _, given := range []map[string]string{p.given, p.hashes.given} {
		if pseudonym, known := given[name]; known {
			return pseudonym
		}
	}
	if base, replicas, pod, is := podOf(name); is {
		p.given[name] = p.of(base, "workload") + "-" + p.replicas.of(replicas, p.taken) + "-" + p.pods.of(pod, p.taken)
		return p.given[name]
	}
	if p.kinds[kind] == nil {
		p.kinds[kind] = newSequence(func(n int) string { return fmt.Sprintf("%s-%d", kind, n) })
	}
	p.given[name] = p.kinds[kind].of(name, p.taken)
	return p.given[name]
}

// has tells whether a name was given a pseudonym.
func (p *pseudonyms) has(name string) bool { return p.given[name] != "" }

// hash is the pseudonym of a serial or digest: as long as one, so that whoever knows it by its form knows its pseudonym too.
func (p *pseudonyms) hash(text string) string { return p.hashes.of(text, p.taken) }

// mark is the pseudonym of a random part of an id of a run, in lower case where that is.
func (p *pseudonyms) mark(text string) string {
	pseudonym := p.marks.of(strings.ToUpper(text), p.taken)
	if text == strings.ToLower(text) {
		return strings.ToLower(pseudonym)
	}
	return pseudonym
}

// take keeps a word from becoming a pseudonym.
func (p *pseudonyms) take(word string) {
	p.taken[strings.ToLower(word)] = true
	if base, _, _, is := podOf(word); is {
		p.take(base)
	}
}

// sequence gives pseudonyms of one form in the order in which they are asked for.
type sequence struct {
	write func(n int) string
	given map[string]string // by name
	last  int
}

func newSequence(write func(n int) string) *sequence {
	return &sequence{write: write, given: map[string]string{}}
}

func (s *sequence) of(name string, taken map[string]bool) string {
	pseudonym, known := s.given[name]
	for !known {
		s.last++
		pseudonym = s.write(s.last)
		known = !taken[strings.ToLower(pseudonym)]
	}
	s.given[name] = pseudonym
	return pseudonym
}
