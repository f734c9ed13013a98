package redact

import (
	"regexp"
	"strings"
)

// distinguished rewrites the values of a distinguished name (RFC 2253); what is none, such as a SPIFFE ID, as names.
func (s *sentences) distinguished(text, kind string) string {
	if !strings.Contains(text, "=") {
		return s.names(text, kind)
	}
	parts := unescapedComma.FindAllString(text, -1)
	for i, part := range parts {
		key, value, is := strings.Cut(part, "=")
		switch {
		case !is || !attribute.MatchString(key):
			parts[i] = s.names(part, kind)
		case strings.ContainsRune(value, ' '):
			parts[i] = key + "=" + s.pseudonyms.of(value, kind)
		default:
			parts[i] = key + "=" + s.names(value, kind)
		}
	}
	return strings.Join(parts, ",")
}

var (
	unescapedComma = regexp.MustCompile(`(?:[^,\\]|\\.?)+`) // what is between two
	attribute      = regexp.MustCompile(`^(?:CN|SERIALNUMBER|C|L|ST|STREET|O|OU|POSTALCODE|DC|UID|[0-9.]+)$`)
)

// match rewrites the conditions of a route (hop.RouteMatch): the names of headers and parameters, and the values.
func (s *sentences) match(text, kind string) string {
	conditions := strings.Split(text, "; ")
	for i, condition := range conditions {
		parts := routeCondition.FindStringSubmatch(condition)
		if parts == nil {
			conditions[i] = s.names(condition, kind)
			continue
		}
		conditions[i] = parts[1] + s.names(parts[2], "header") + parts[3] + s.names(parts[4], kind) + parts[5]
	}
	return strings.Join(conditions, "; ")
}

// routeCondition parts a condition into its subject, the name of a header or parameter, the kind of match, the value and what follows it.
var routeCondition = regexp.MustCompile(`^(path|authority|method|scheme|sni|address|grpc|(?:header|query|unread) )(.*?)( (?:not )?(?:exact|prefix|segment-prefix|suffix|contains|regex) | present$| absent$|$)(.*?)( ignoring case)?$`)

// object rewrites an object of the mesh in YAML, line by line.
func (s *sentences) object(text, kind string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		parts := yamlLine.FindStringSubmatch(line)
		if parts == nil {
			lines[i] = s.names(line, kind)
			continue
		}
		key, value := parts[2], parts[4]
		switch {
		case yamlScalar.MatchString(value):
		case enumerated[key]:
			value = s.sentence(value, kind)
		case key == "name" || key == "namespace":
			value = s.names(value, key)
		default:
			value = s.names(value, kind)
		}
		lines[i] = parts[1] + s.sentence(key, "key") + parts[3] + value
	}
	return strings.Join(lines, "\n")
}

var (
	yamlLine   = regexp.MustCompile(`^((?:[ -])*)(.*?)(:(?: |$))(.*)$`)
	yamlScalar = regexp.MustCompile(`^(?:true|false|null|[0-9]*(?:\.[0-9]+)?)$`)
	// enumerated are the fields whose values are words of Istio's and Kubernetes' APIs.
	enumerated = words("apiVersion kind mode action protocol location resolution creationTimestamp type simple minProtocolVersion maxProtocolVersion wellKnownCACertificates h2UpgradePolicy")
)
