package envoy

import (
	"encoding/json"
	"testing"
)

func TestAMatchIsReadInTheWordsOfRoutes(t *testing.T) {
	for in, want := range map[string]string{
		`{"prefix": "/"}`:                         "",
		`{"path": "/a", "case_sensitive": false}`: "path exact /a ignoring case",
		`{"safe_regex": {"regex": "/a.*"}}`:       "path regex /a.*",
		`{"prefix": "/", "grpc": {}}`:             "grpc",
		`{"prefix": "/", "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]}`:                                                          "method exact GET",
		`{"prefix": "/", "headers": [{"name": ":authority", "string_match": {"prefix": "a", "ignore_case": true}}]}`:                                   "authority prefix a ignoring case",
		`{"prefix": "/", "headers": [{"name": "X", "present_match": true, "invert_match": true}]}`:                                                     "header x absent",
		`{"prefix": "/", "headers": [{"name": "X", "present_match": false}]}`:                                                                          "header x absent",
		`{"prefix": "/", "headers": [{"name": "x"}]}`:                                                                                                  "header x present",
		`{"prefix": "/", "headers": [{"name": "x", "exact_match": "1"}]}`:                                                                              "header x exact 1",
		`{"prefix": "/", "headers": [{"name": "x", "string_match": {"suffix": "v"}, "invert_match": true, "treat_missing_header_as_empty": true}]}`:    "header x not suffix v",
		`{"prefix": "/", "query_parameters": [{"name": "Q", "string_match": {"safe_regex": {"regex": "1|2"}}}, {"name": "p", "present_match": true}]}`: "query Q regex 1|2; query p present",
		`{"prefix": "/", "headers": [{"name": "x", "range_match": {}}], "runtime_fraction": {}}`:                                                       "unread runtime_fraction; unread x.range_match",
		`{"connect_matcher": {}}`: "unread connect_matcher",
	} {
		var raw fields
		if err := json.Unmarshal([]byte(in), &raw); err != nil {
			t.Fatal(err)
		}
		got, err := readMatch(raw)
		if err != nil || got.String() != want {
			t.Errorf("%s: got %q, %v; want %q", in, got, err, want)
		}
	}
}
