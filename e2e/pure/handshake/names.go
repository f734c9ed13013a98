package handshake

import (
	"crypto/tls"
	"fmt"
)

// versions are spelled as Envoy's %DOWNSTREAM_TLS_VERSION% does.
var versions = map[uint16]string{tls.VersionTLS13: "TLSv1.3", tls.VersionTLS12: "TLSv1.2", tls.VersionTLS11: "TLSv1.1", tls.VersionTLS10: "TLSv1"}

// groups are spelled as Istio's ecdhCurves (https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/) and crypto/tls do.
var groups = map[uint16]string{
	23: "P-256", 24: "P-384", 25: "P-521", 29: "X25519", 30: "X448",
	4587: "SecP256r1MLKEM768", 4588: "X25519MLKEM768", 4589: "SecP384r1MLKEM1024",
}

// alerts are the names of RFC 8446 section 6 and, where it has none, of RFC 5246 section 7.2.
var alerts = map[byte]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed", 22: "record_overflow",
	30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate", 42: "bad_certificate",
	43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
	47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error",
	60: "export_restriction", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
	86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
	110: "unsupported_extension", 112: "unrecognized_name", 113: "bad_certificate_status_response",
	115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
}

// named returns the name of a number, or the number in hexadecimal.
func named[K uint16 | byte](names map[K]string, number K) string {
	if name, known := names[number]; known {
		return name
	}
	return fmt.Sprintf("0x%04X", number)
}
