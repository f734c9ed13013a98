package main

import (
	"slices"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for _, test := range []struct {
		line string
		want []string
	}{
		{"", nil},
		{"  -v\t--procs=2\n", []string{"-v", "--procs=2"}},
		{`--focus='a b' "c d"e`, []string{"--focus=a b", "c de"}},
		{`a\ b '' \'`, []string{"a b", "", "'"}},
		{`"a\"b\$\n" 'a\b'`, []string{`a"b$\n`, `a\b`}},
	} {
		got, err := splitWords(test.line)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("splitWords(%s) = %q, %v, want %q", test.line, got, err, test.want)
		}
	}
	for _, open := range []string{"'a", `"a`, `a\`} {
		if words, err := splitWords(open); err == nil {
			t.Errorf("splitWords(%s) = %q", open, words)
		}
	}
}
