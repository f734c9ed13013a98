package accesslog

import (
	"errors"
	"fmt"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// Element is what one proxy wrote into X-Forwarded-Client-Cert of the client certificate that it was presented.
// Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert
type Element struct {
	By      []string // URI SANs of the proxy's own certificate
	Hash    string   // SHA-256 of the client's certificate, hexadecimal
	Cert    string   // the client's certificate, URL-encoded PEM
	Chain   string   // the client's chain, URL-encoded PEM
	Subject string
	URI     []string // URI SANs of the client's certificate
	DNS     []string
}

// Application reads from the X-Forwarded-Client-Cert header that the application received what it claims about the last
// hop: mTLS and the client's identity, or plaintext when there is no header. Of several elements, the last one is from the
// nearest proxy. A header that does not decide this is an error.
func Application(xfcc string) (hop.Outcome, hop.Identity, error) {
	if strings.TrimSpace(xfcc) == "" {
		return hop.Plaintext, "", nil
	}
	elements, err := ParseXFCC(xfcc)
	if err != nil {
		return "", "", err
	}
	last := elements[len(elements)-1]
	if len(last.URI) == 0 {
		return "", "", errors.New("the last element of X-Forwarded-Client-Cert has no URI: a client certificate without an identity")
	}
	return hop.MTLS, hop.Identity(last.URI[0]), nil
}

// ParseXFCC reads the header's elements, the nearest proxy's last; several headers are joined by a comma before.
// It returns at least one element or an error that says where the header is malformed.
func ParseXFCC(header string) ([]Element, error) {
	var elements []Element
	for rest, more := header, true; more; {
		var element Element
		var err error
		at := len(header) - len(rest)
		element, rest, more, err = parseElement(rest)
		if err != nil {
			return nil, fmt.Errorf("X-Forwarded-Client-Cert, element %d from byte %d: %w", len(elements), at, err)
		}
		elements = append(elements, element)
	}
	return elements, nil
}

// parseElement reads pairs up to a comma; more tells that one followed.
func parseElement(in string) (element Element, rest string, more bool, err error) {
	for {
		key, afterKey, found := strings.Cut(in, "=")
		if !found {
			return element, "", false, fmt.Errorf("%q is not KEY=VALUE", shorten(in))
		}
		value, rest, err := parseValue(afterKey)
		if err != nil {
			return element, "", false, fmt.Errorf("%s: %w", shorten(key), err)
		}
		element.set(strings.TrimSpace(key), value)
		switch {
		case rest == "":
			return element, "", false, nil
		case rest[0] == ',':
			return element, rest[1:], true, nil
		default:
			in = rest[1:]
		}
	}
}

// parseValue reads a plain or quoted value; rest is empty or begins with the separator after it.
func parseValue(in string) (value, rest string, err error) {
	if !strings.HasPrefix(in, `"`) {
		if end := strings.IndexAny(in, ",;"); end >= 0 {
			return in[:end], in[end:], nil
		}
		return in, "", nil
	}
	var unquoted strings.Builder
	for i := 1; i < len(in); i++ {
		switch in[i] {
		case '\\':
			if i++; i == len(in) {
				return "", "", errors.New("nothing after a backslash")
			}
			unquoted.WriteByte(in[i])
		case '"':
			rest := in[i+1:]
			if rest != "" && rest[0] != ',' && rest[0] != ';' {
				return "", "", fmt.Errorf("%q after the closing quote", rest[0])
			}
			return unquoted.String(), rest, nil
		default:
			unquoted.WriteByte(in[i])
		}
	}
	return "", "", errors.New("no closing quote")
}

// set leaves out a key that a later Envoy may add.
func (e *Element) set(key, value string) {
	switch strings.ToLower(key) {
	case "by":
		e.By = append(e.By, value)
	case "hash":
		e.Hash = value
	case "cert":
		e.Cert = value
	case "chain":
		e.Chain = value
	case "subject":
		e.Subject = value
	case "uri":
		e.URI = append(e.URI, value)
	case "dns":
		e.DNS = append(e.DNS, value)
	}
}

// shorten keeps a hostile header out of the message that quotes it.
func shorten(s string) string {
	const most = 40
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
