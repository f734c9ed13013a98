package oracle

import (
	"strings"
	"testing"
)

func TestRefused(t *testing.T) {
	tls := func(spec string) string { return destRule("name: r", "host: h, trafficPolicy: {tls: {"+spec+"}}") }
	gateway := func(tls string) string {
		return "\n---\n{kind: Gateway, metadata: {name: g}, spec: {servers: [{port: {number: 8443, name: x, protocol: HTTPS}, hosts: [a.test], tls: {" + tls + "}}]}}"
	}
	bare := func(protocol string) string {
		return "\n---\n{kind: Gateway, metadata: {name: g}, spec: {servers: [{port: {number: 8443, name: x, protocol: " + protocol + "}, hosts: [a.test]}]}}"
	}
	for _, row := range []struct{ name, policies, why string }{
		{"nothing", "", ""},
		{"plain policy", peerAuth(inRoot, "mtls: {mode: STRICT}"), ""},
		{"port levels of a workload", peerAuth("name: w", ofProduct+", portLevelMtls: {8080: {mode: STRICT}}"), ""},
		{"port levels without selector", peerAuth("name: w", "portLevelMtls: {8080: {mode: STRICT}}"), "portLevelMtls requires selector"},
		{"port levels of an empty selector", peerAuth("name: w", "selector: {matchLabels: {}}, portLevelMtls: {8080: {mode: STRICT}}"), "portLevelMtls requires selector"},
		{"no port levels", peerAuth("name: w", ofProduct+", portLevelMtls: {}"), "at least 1 properties"},
		{"port 0", peerAuth("name: w", ofProduct+", portLevelMtls: {0: {mode: STRICT}}"), "between 1-65535"},
		{"port 65536", peerAuth("name: w", ofProduct+", portLevelMtls: {65536: {mode: STRICT}}"), "between 1-65535"},
		{"MUTUAL without certificate", tls("mode: MUTUAL"), "client certificate required"},
		{"MUTUAL without key", tls("mode: MUTUAL, clientCertificate: /c"), "private key required"},
		{"MUTUAL by credential", tls("mode: MUTUAL, credentialName: c"), ""},
		{"credential and files", tls("mode: SIMPLE, credentialName: c, caCertificates: /ca"), "If credentialName is set"},
		{"credential and certificate", tls("mode: MUTUAL, credentialName: c, clientCertificate: /c"), "If credentialName is set"},
		{"credential and key", tls("mode: MUTUAL, credentialName: c, privateKey: /k"), "If credentialName is set"},
		{"credential and revocations", tls("mode: MUTUAL, credentialName: c, caCrl: /crl"), "If credentialName is set"},
		{"ISTIO_MUTUAL with a credential", tls("mode: ISTIO_MUTUAL, credentialName: c, clientCertificate: /c"), ""},
		{"SIMPLE skips and has a credential", tls("mode: SIMPLE, insecureSkipVerify: true, credentialName: c"), "CredentialName or"},
		{"SIMPLE skips and has names", tls("mode: SIMPLE, insecureSkipVerify: true, subjectAltNames: [x]"), "InsecureSkipVerify"},
		{"SIMPLE skips", tls("mode: SIMPLE, insecureSkipVerify: true"), ""},
		{"MUTUAL skips and has roots", tls("mode: MUTUAL, insecureSkipVerify: true, clientCertificate: /c, privateKey: /k, caCertificates: /ca"), "InsecureSkipVerify"},
		{"MUTUAL skips", tls("mode: MUTUAL, insecureSkipVerify: true, clientCertificate: /c, privateKey: /k"), ""},
		{"port 1", peerAuth("name: w", ofProduct+", portLevelMtls: {1: {mode: STRICT}}"), ""},
		{"port 65535", peerAuth("name: w", ofProduct+", portLevelMtls: {65535: {mode: STRICT}}"), ""},
		{"selector exported to all of here", destRule("name: r", "host: h, workloadSelector: {matchLabels: {a: b}}"), ""},
		{"exported twice without selector", destRule("name: r", "host: h, exportTo: [., other]"), ""},
		{"ISTIO_MUTUAL with files", tls("mode: ISTIO_MUTUAL, clientCertificate: /c"), ""},
		{"SIMPLE skips and asks", tls("mode: SIMPLE, insecureSkipVerify: true, caCertificates: /ca"), "InsecureSkipVerify"},
		{"MUTUAL skips and asks", tls("mode: MUTUAL, insecureSkipVerify: true, clientCertificate: /c, privateKey: /k, subjectAltNames: [x]"), "InsecureSkipVerify"},
		{"two subsets of one name", destRule("name: r", "host: h, subsets: [{name: a}, {name: a}]"), "duplicate subset names: a"},
		{"MUTUAL in a subset", destRule("name: r", "host: h, subsets: [{name: a, trafficPolicy: {tls: {mode: MUTUAL}}}]"), "client certificate required"},
		{"port entry without port", destRule("name: r", "host: h, trafficPolicy: {portLevelSettings: [{tls: {mode: DISABLE}}]}"), "must have port"},
		{"MUTUAL in a port entry", destRule("name: r", "host: h, trafficPolicy: {portLevelSettings: [{port: {number: 1}, tls: {mode: MUTUAL}}]}"), "client certificate required"},
		{"exportTo twice", destRule("name: r", "host: h, exportTo: [., default]"), "duplicate entries"},
		{"selector exported", destRule("name: r", "host: h, workloadSelector: {matchLabels: {a: b}}, exportTo: [other]"), "beyond current namespace"},
		{"selector exported twice", destRule("name: r", "host: h, workloadSelector: {matchLabels: {a: b}}, exportTo: [., other]"), "multiple entries"},
		{"selector exported here", destRule("name: r", "host: h, workloadSelector: {matchLabels: {a: b}}, exportTo: [.]"), ""},
		{"gateway by credential", gateway("mode: SIMPLE, credentialName: c"), ""},
		{"HTTPS without TLS", bare("HTTPS"), "must have TLS settings"},
		{"TLS without TLS", bare("TLS"), "must have TLS settings"},
		{"HTTP without TLS", bare("HTTP"), ""},
		{"gateway of two credentials", gateway("mode: SIMPLE, credentialName: c, credentialNames: [d]"), "only one of"},
		{"gateway of files and credentials", gateway("mode: SIMPLE, serverCertificate: /c, privateKey: /k, credentialNames: [d]"), "only one of"},
		{"gateway of a certificate and a credential", gateway("mode: SIMPLE, serverCertificate: /c, credentialName: c"), ""},
		{"gateway without key", gateway("mode: SIMPLE, serverCertificate: /c"), "SIMPLE TLS requires a private key"},
		{"gateway of files", gateway("mode: MUTUAL, serverCertificate: /c, privateKey: /k, caCertificates: /ca"), ""},
		{"gateway with a key of the mesh's", gateway("mode: ISTIO_MUTUAL, privateKey: /k"), "cannot have associated private key"},
		{"gateway with roots of the mesh's", gateway("mode: ISTIO_MUTUAL, caCertificates: /ca"), "cannot have associated CA bundle"},
		{"gateway that passes on", gateway("mode: AUTO_PASSTHROUGH"), ""},
		{"gateway without certificate", gateway("mode: SIMPLE"), "SIMPLE TLS requires a server certificate"},
		{"gateway without roots", gateway("mode: MUTUAL, serverCertificate: /c, privateKey: /k"), "MUTUAL TLS requires a client CA bundle"},
		{"gateway of two sources", gateway("mode: SIMPLE, serverCertificate: /c, privateKey: /k, credentialName: c"), "only one of"},
		{"gateway with a credential of the mesh's", gateway("mode: ISTIO_MUTUAL, credentialName: c"), "cannot have associated credentialName"},
	} {
		t.Run(row.name, func(t *testing.T) {
			snapshot, err := Decode([]byte(row.policies), "default")
			if err != nil {
				t.Fatal(err)
			}
			object, why, refused := snapshot.Refused()
			if refused != (row.why != "") || !strings.Contains(why, row.why) || refused && object == "" {
				t.Errorf("refused %v %q by %q, want %q", refused, object, why, row.why)
			}
		})
	}
}
