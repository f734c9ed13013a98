package hop

// Outcome is what became of one attempt to use a hop, as a case wants it, as configuration predicts it
// or as an observer saw it.
type Outcome string

// The outcomes of an attempt. A case wants one of the first three.
const (
	MTLS      Outcome = "mtls"      // both ends proved an identity over TLS
	Plaintext Outcome = "plaintext" // the request was served in the clear
	Refused   Outcome = "refused"   // the request was not served
	OneWayTLS Outcome = "tls"       // TLS without a client certificate
	Absent    Outcome = "absent"    // the observer was watching, and the attempt did not pass it
)

// Refusal is the cause for which an attempt is not served. Each cause has its own symptom per observer.
type Refusal string

// The causes of a refusal.
const (
	// NoFilterChain: plaintext at a STRICT server; no inbound filter chain matches (Envoy response flag NR).
	NoFilterChain Refusal = "no-filter-chain"
	// NotTLS: TLS at a server that does not terminate it (BoringSSL WRONG_VERSION_NUMBER at the client).
	NotTLS Refusal = "not-tls"
)

// Result is the verdict on a check, a case or a run.
type Result string

// The results; only Pass makes a run green.
const (
	Pass         Result = "PASS"         // all agree, and with what was wanted
	Fail         Result = "FAIL"         // all agree with one another, not with what was wanted
	Mismatch     Result = "MISMATCH"     // they do not agree with one another
	Inconclusive Result = "INCONCLUSIVE" // a required observer is missing, or the mesh did not settle
	Skipped      Result = "SKIPPED"      // not run, with a reason
)
