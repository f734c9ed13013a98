package tlsdiff

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// field is a field with what a change of it does.
type field struct {
	name  Field
	class func(before, after []string) Class
}

// within reports whether the field comes or goes with the TLS of its end, so that the change of that says all.
func (f field) within(before, after Facts) bool {
	end, _, _ := strings.Cut(string(f.name), ":")
	whole := map[string]Field{"client": ClientSocket, "server": ServerChains}[end]
	return whole != "" && f.name != whole && !slices.Equal(before[whole], after[whole])
}

// fields are the fields in the order in which they are told.
var fields = []field{
	{Outcome, outcomes},
	{EndpointMark, either}, {ClientSocket, sockets}, {ClientSNI, either}, {ClientALPN, either},
	{ClientSANs, checks}, {ClientRoots, trusted}, {ClientUntrusted, noIsBetter}, {ClientMinVersion, lowest}, {ClientMaxVersion, clientHighest},
	{ClientCiphers, ciphers}, {ClientGroups, groups}, {ClientIdentity, either}, {ClientKey, sizes}, {ClientLifetime, lifetimes},
	{ServerChains, either}, {ServerPlaintext, plaintext}, {ServerCertificate, requirements}, {ServerALPN, either},
	{ServerSANs, checks}, {ServerRoots, trusted}, {ServerUntrusted, noIsBetter}, {ServerMinVersion, lowest}, {ServerMaxVersion, serverHighest},
	{ServerCiphers, ciphers}, {ServerGroups, groups}, {ServerIdentity, either}, {ServerKey, sizes}, {ServerLifetime, lifetimes},
}

// either is of fields whose change may be for the better or for the worse.
func either(_, _ []string) Class { return Unexplained }

// ranked compares by a rank, of which more is better. A value without a rank leaves it open.
func ranked(before, after []string, rank map[string]int) Class {
	was, known := rank[strings.Join(before, ",")]
	is, alsoKnown := rank[strings.Join(after, ",")]
	switch {
	case !known || !alsoKnown || was == is:
		return Unexplained
	case is < was:
		return Weaker
	}
	return Stronger
}

// outcomes ranks what both ends lead to. A refusal has no rank: to refuse what was served is an outage, and to serve what was
// refused may be one that has ended.
func outcomes(before, after []string) Class {
	if strings.HasPrefix(strings.Join(before, ""), "refused") && slices.Equal(after, []string{"plaintext"}) {
		return Weaker
	}
	return ranked(before, after, map[string]int{"plaintext": 0, "tls": 1, "mtls": 2})
}

func sockets(before, after []string) Class {
	return ranked(before, after, map[string]int{"raw_buffer": 0, "tls": 1})
}

// plaintext is better refused.
func plaintext(before, after []string) Class {
	refused := func(value []string) bool { return strings.HasPrefix(strings.Join(value, ""), "refused") }
	switch {
	case refused(before) && slices.Equal(after, []string{"plaintext"}):
		return Weaker
	case slices.Equal(before, []string{"plaintext"}) && refused(after):
		return Stronger
	}
	return Unexplained
}

func requirements(before, after []string) Class {
	return ranked(before, after, map[string]int{"not required": 0, "required": 1})
}

func noIsBetter(before, after []string) Class {
	return ranked(before, after, map[string]int{yes: 0, no: 1})
}

// checks are names of which a certificate must bear one: to take more is weaker, and without any whoever a root has signed is taken.
func checks(before, after []string) Class {
	switch {
	case len(after) == 0:
		return Weaker
	case len(before) == 0:
		return Stronger
	}
	return narrower(before, after)
}

// trusted are roots: to trust more is weaker, and not to verify the peer at all is the weakest. Roots that the proxy's configuration
// names and does not hold leave it open.
func trusted(before, after []string) Class {
	switch {
	case slices.Contains(before, unreadRoots), slices.Contains(after, unreadRoots):
		return Unexplained
	case len(after) == 0:
		return Weaker
	case len(before) == 0:
		return Stronger
	}
	return narrower(before, after)
}

// narrower is of sets of which fewer is better.
func narrower(before, after []string) Class {
	switch {
	case subset(before, after):
		return Weaker
	case subset(after, before):
		return Stronger
	}
	return Unexplained
}

// subset reports whether each of one set is in another.
func subset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(one string) bool { return !slices.Contains(all, one) })
}

// What Envoy takes where no version is given: "By default, it's TLSv1_2 for both clients and servers" of the lowest, and "By
// default, it's TLSv1_2 for clients and TLSv1_3 for servers" of the highest
// (https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto, TlsParameters).
const (
	defaultLowest        = "TLSv1_2"
	defaultClientHighest = "TLSv1_2"
	defaultServerHighest = "TLSv1_3"
)

func lowest(before, after []string) Class { return versions(before, after, defaultLowest) }

func clientHighest(before, after []string) Class {
	return versions(before, after, defaultClientHighest)
}

func serverHighest(before, after []string) Class {
	return versions(before, after, defaultServerHighest)
}

// versions compares TLS versions, whose names sort by their age.
func versions(before, after []string, unset string) Class {
	was, is := strings.Join(before, ""), strings.Join(after, "")
	if was == "" {
		was = unset
	}
	if is == "" {
		is = unset
	}
	switch {
	case is < was:
		return Weaker
	case is > was:
		return Stronger
	}
	return Unexplained
}

// ciphers are better with forward secrecy and an AEAD (RFC 9325, 4.2).
func ciphers(before, after []string) Class {
	worse := func(names []string) []string {
		return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			return strings.HasPrefix(name, "ECDHE-") && (strings.Contains(name, "GCM") || strings.Contains(name, "CHACHA20"))
		})
	}
	if len(before) == 0 || len(after) == 0 {
		return Unexplained // Envoy's own choice on one side
	}
	was, is := worse(before), worse(after)
	if len(was) == len(is) && subset(was, is) {
		return Unexplained
	}
	return narrower(was, is)
}

// groups are better with one that holds against a quantum computer (X25519MLKEM768 of draft-ietf-tls-ecdhe-mlkem).
func groups(before, after []string) Class {
	hybrid := func(names []string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, "MLKEM") })
	}
	switch {
	case hybrid(before) && !hybrid(after):
		return Weaker
	case !hybrid(before) && hybrid(after):
		return Stronger
	}
	return Unexplained
}

var keySize = regexp.MustCompile(`^(RSA |ECDSA P-)([0-9]+)$`)

// sizes compares keys of one type.
func sizes(before, after []string) Class {
	was, is := keySize.FindStringSubmatch(strings.Join(before, "")), keySize.FindStringSubmatch(strings.Join(after, ""))
	if was == nil || is == nil || was[1] != is[1] {
		return Unexplained
	}
	old, oldErr := strconv.Atoi(was[2])
	size, err := strconv.Atoi(is[2])
	switch {
	case oldErr != nil || err != nil:
		return Unexplained
	case size < old:
		return Weaker
	}
	return Stronger
}

// lifetimes are better short: a stolen key is of use until its certificate ends.
func lifetimes(before, after []string) Class {
	was, wasErr := time.ParseDuration(strings.Join(before, ""))
	is, err := time.ParseDuration(strings.Join(after, ""))
	switch {
	case wasErr != nil || err != nil:
		return Unexplained
	case is > was:
		return Weaker
	}
	return Stronger
}
