package envoy

import (
	"encoding/json"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

// The dump is of a server with an ALLOW rule for one client, and two DENY rules: one by namespace and port, one that
// also asks for a path.
func TestAnAuthorizationPolicyDecidesByPrincipal(t *testing.T) {
	const (
		allowed = "spiffe://cluster.local/ns/clients/sa/client"
		other   = "spiffe://cluster.local/ns/default/sa/order-service"
		gateway = "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account"
	)
	tests := map[string]struct {
		port    uint16
		client  hop.Identity // empty: in the clear
		speaks  Speech
		says    hop.Outcome
		refusal hop.Refusal
	}{
		"allowed, http":                       {8080, allowed, SpeaksHTTP1, hop.MTLS, ""},
		"allowed, tcp":                        {9000, allowed, SpeaksBytes, hop.MTLS, ""},
		"another, http":                       {8080, other, SpeaksHTTP1, hop.Refused, hop.Unauthorized},
		"another, tcp":                        {9000, other, SpeaksBytes, hop.Refused, hop.Unauthorized},
		"denied, tcp":                         {9000, gateway, SpeaksBytes, hop.Refused, hop.Unauthorized},
		"in the clear, http":                  {8080, "", SpeaksHTTP1, hop.Refused, hop.Unauthorized},
		"in the clear, tcp":                   {9000, "", SpeaksBytes, hop.Refused, hop.Unauthorized},
		"a rule by path":                      {50051, allowed, SpeaksHTTP2, "", ""},
		"a rule by path for somebody else":    {50051, other, SpeaksHTTP2, hop.Refused, hop.Unauthorized},
		"bytes at HTTP are never a request":   {8080, other, SpeaksBytes, hop.Refused, hop.NotHTTP},
		"a rule by path, and bytes at grpc's": {50051, allowed, SpeaksBytes, hop.Refused, hop.NotHTTP},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := serverOf(t, "vanilla-authorization", test.port)
			a := Attempt{Speaks: test.speaks}
			got := PredictPlain(server, a)
			if test.client != "" {
				got = PredictProbe(Hello{TLSContext: TLSContext{ALPN: []string{"istio"}}, Credential: &Credential{Identity: test.client, Trusted: true}}, server, a)
			}
			if got.Says != test.says || got.Refusal != test.refusal || got.Why == "" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestARuleIsUndecidedOnlyWhereWhatIsNotKnownDecides(t *testing.T) {
	const (
		me      = `{"authenticated": {"principal_name": {"exact": "spiffe://td/me"}}}`
		anyone  = `{"any": true}`
		headers = `{"header": {"name": "x", "present_match": true}}`
	)
	policy := func(action, permission, principal string) string {
		return `{"action": "` + action + `", "policies": {"p": {"permissions": [` + permission + `], "principals": [` + principal + `]}}}`
	}
	mine, open := caller{tls: true, identity: "spiffe://td/me", port: 80}, caller{port: 80}
	tests := map[string]struct {
		rules  string
		caller caller
		want   answer
	}{
		"ALLOW me":                         {policy("ALLOW", anyone, me), mine, yes},
		"ALLOW me, in the clear":           {policy("ALLOW", anyone, me), open, no},
		"DENY me":                          {policy("DENY", anyone, me), mine, no},
		"DENY me, in the clear":            {policy("DENY", anyone, me), open, yes},
		"DENY all but me":                  {policy("DENY", anyone, `{"not_id": `+me+`}`), open, no},
		"ALLOW who has a header":           {policy("ALLOW", headers, me), mine, unknown},
		"ALLOW others who have a header":   {policy("ALLOW", headers, me), open, no},
		"ALLOW me or who has a header":     {policy("ALLOW", `{"or_rules": {"rules": [`+headers+`,`+anyone+`]}}`, me), mine, yes},
		"DENY me where a header is not":    {policy("DENY", `{"not_rule": `+headers+`}`, me), mine, unknown},
		"ALLOW anyone over TLS":            {policy("ALLOW", anyone, `{"authenticated": {}}`), caller{tls: true}, yes},
		"ALLOW anyone over TLS, in clear":  {policy("ALLOW", anyone, `{"authenticated": {}}`), open, no},
		"ALLOW on the port":                {policy("ALLOW", `{"destination_port": 80}`, anyone), open, yes},
		"ALLOW on another port":            {policy("ALLOW", `{"destination_port": 81}`, anyone), open, no},
		"ALLOW on a range of ports":        {policy("ALLOW", `{"destination_port_range": {"start": 80, "end": 81}}`, anyone), open, yes},
		"ALLOW by an address":              {policy("ALLOW", anyone, `{"direct_remote_ip": {"address_prefix": "10.0.0.0", "prefix_len": 8}}`), open, unknown},
		"ALLOW by a regular expression":    {policy("ALLOW", anyone, `{"authenticated": {"principal_name": {"safe_regex": {"regex": "spiffe://td/m."}}}}`), mine, yes},
		"ALLOW by a part of it":            {policy("ALLOW", anyone, `{"authenticated": {"principal_name": {"safe_regex": {"regex": "td"}}}}`), mine, no},
		"ALLOW by a suffix":                {policy("ALLOW", anyone, `{"authenticated": {"principal_name": {"suffix": "/me"}}}`), mine, yes},
		"ALLOW by filter state":            {policy("ALLOW", anyone, `{"filter_state": {"key": "io.istio.peer_principal", "string_match": {"exact": "spiffe://td/me"}}}`), mine, yes},
		"ALLOW by an unknown filter state": {policy("ALLOW", anyone, `{"filter_state": {"key": "x", "string_match": {"exact": "y"}}}`), mine, unknown},
		"ALLOW and no policy":              {`{"action": "ALLOW"}`, mine, no},
		"DENY and no policy":               {`{"action": "DENY"}`, mine, yes},
		"LOG":                              {policy("LOG", anyone, me), open, yes},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Authorization{Layer: "network", Rules: json.RawMessage(test.rules)}.allows(test.caller)
			if err != nil || got != test.want {
				t.Errorf("got %v, %v; want %v", got, err, test.want)
			}
		})
	}
}

func TestARuleThatCannotBeReadLeavesItUndecided(t *testing.T) {
	server := WithoutProxy(80)
	server.Chains[0].Authorization = []Authorization{{Layer: "network", Rules: json.RawMessage(`{"policies": 7}`)}}
	if got := PredictPlain(server, Attempt{}); got.Says != "" || got.Why == "" {
		t.Errorf("got %+v", got)
	}
}
