package redact

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a part of a text, from its first byte to the one behind its last.
type token struct {
	form       form
	begin, end int
}

type form int

const (
	gap      form = iota // what is no word
	word                 // letters and digits, with hyphens between
	moment               // a time or a duration
	number               // digits, or two of them with a hyphen between
	version              // of software, or of a protocol
	run                  // an id of a run, or one that begins with it
	address              // of IP
	hash                 // a serial or a digest
	code                 // of an error of BoringSSL, or of a finding of Kiali
	cluster              // of Envoy, by the name that Istio gives it
	policyOf             // a rule of an AuthorizationPolicy, by the name that Istio gives it
)

// The forms, by which a token is known that begins with a letter or a digit; the first that fits. A word fits always.
var forms = []struct {
	form    form
	pattern *regexp.Regexp
}{
	{moment, regexp.MustCompile(`^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?)?`)},
	{moment, regexp.MustCompile(`^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+`)},
	{run, regexp.MustCompile(`^\d{8}-\d{6}-[0-9A-Za-z]+(-[0-9A-Za-z]+)*`)},
	{hash, regexp.MustCompile(`^([0-9A-Fa-f]{2}:){5,}[0-9A-Fa-f]{2}`)},
	{hash, regexp.MustCompile(`^[0-9A-Fa-f]{12,}`)},
	{version, regexp.MustCompile(`^v?\d+(\.\d+)+([-+][0-9A-Za-z]+([-+.][0-9A-Za-z]+)*)?`)},
	{version, regexp.MustCompile(`^(istio|kubernetes|envoy)-\d+(\.\d+)+(-to-\d+(\.\d+)+)?`)},
	{version, regexp.MustCompile(`^(TLSv\d(\.\d)?|v\d+((alpha|beta)\d+)?|(istio-http|HTTP|http)/\d(\.\d)?)`)},
	{code, regexp.MustCompile(`^(10000[0-9a-f]{3}|KIA\d{4})`)},
	{cluster, regexp.MustCompile(`^(outbound|inbound)\|\d*\|[^|\s"']*\|[^\s"'|,;()]*`)},
	{policyOf, regexp.MustCompile(`^ns\[[^\]]*\]-policy\[[^\]]*\]-rule\[\d+\]`)},
	{number, regexp.MustCompile(`^\d+(-\d+)?`)},
}

var wordOf = regexp.MustCompile(`^[\p{L}\p{N}]+(-+[\p{L}\p{N}]+)*`)

// tokenAt is the token of a text that begins at a place, which is not within a word.
func tokenAt(text string, at int) token {
	rest := text[at:]
	first, size := utf8.DecodeRuneInString(rest)
	if first == '\\' && len(rest) > 1 && strings.IndexByte(`\nrt"'`, rest[1]) >= 0 {
		return token{gap, at, at + 2}
	}
	if length := addressIn(rest); length > 0 {
		return token{address, at, at + length}
	}
	if !inWord(first) {
		return token{gap, at, at + size}
	}
	for _, one := range forms {
		if found := one.pattern.FindString(rest); found != "" && !goesOn(rest[len(found):]) {
			return token{one.form, at, at + len(found)}
		}
	}
	return token{word, at, at + wordIn(rest)}
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// goesOn tells whether a word goes on where a form ended.
func goesOn(rest string) bool {
	next, size := utf8.DecodeRuneInString(rest)
	behind, _ := utf8.DecodeRuneInString(rest[size:])
	return inWord(next) || next == '-' && inWord(behind)
}

// wordIn is how long the word is that a text begins with. It ends before an address: node-10.0.0.1 is a word, a hyphen and an address.
func wordIn(text string) int {
	found := wordOf.FindString(text)
	for i := range found {
		if found[i] == '-' && addressIn(text[i+1:]) > 0 {
			return len(strings.TrimRight(found[:i], "-"))
		}
	}
	return len(found)
}

var (
	addressOf4 = regexp.MustCompile(`^\d{1,3}(\.\d{1,3}){3}`)
	addressOf6 = regexp.MustCompile(`^[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(%[0-9A-Za-z]+)?`)
)

// addressIn is how long the address is that a text begins with; 0 where it does with none.
func addressIn(text string) int {
	if text == "" || !mayBegin(text[0]) {
		return 0
	}
	found := addressOf4.FindString(text)
	if found == "" {
		found = addressOf6.FindString(text)
	}
	for ; found != ""; found = found[:len(found)-1] {
		_, err := netip.ParseAddr(found)
		if next, _ := utf8.DecodeRuneInString(text[len(found):]); err == nil && !inWord(next) {
			return len(found)
		}
		if last := found[len(found)-1]; last != ':' && last != '.' {
			return 0 // a time, or the like
		}
	}
	return 0
}

func mayBegin(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' || b == ':'
}
