package main

import (
	"slices"
	"testing"
)

func TestGinkgoArgsAreSplitAsAShellSplitsWords(t *testing.T) {
	for _, test := range []struct {
		line string
		want []string
	}{
		{"", nil},
		{"  -v\t--procs=2\n", []string{"-v", "--procs=2"}},
		{`--focus='a b' "c d"e`, []string{"--focus=a b", "c de"}},
		{`a\ b '' \'`, []string{"a b", "", "'"}},
		{`"a\"b\$\n" 'a\b'`, []string{`a"b$\n`, `a\b`}},
		{`--label-filter=(a||b)&&!c #d $HOME *`, []string{"--label-filter=(a||b)&&!c", "#d", "$HOME", "*"}},
	} {
		s, err := readSettings(from(map[string]string{"GINKGO_ARGS": test.line}), "/repo")
		if err != nil || !slices.Equal(s.ginkgoArgs, test.want) {
			t.Errorf("GINKGO_ARGS=%s: %q, %v, want %q", test.line, s.ginkgoArgs, err, test.want)
		}
	}
	for _, open := range []string{"'a", `"a`, `a\`} {
		if s, err := readSettings(from(map[string]string{"GINKGO_ARGS": open}), "/repo"); err == nil {
			t.Errorf("GINKGO_ARGS=%s: %q, want an error", open, s.ginkgoArgs)
		}
	}
}
