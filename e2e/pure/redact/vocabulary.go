package redact

import (
	_ "embed"
	"regexp"
	"strings"
)

// Words that are nobody's, in lower case, each on a line of its own.
var (
	// words.txt are the words of the suite's own sentences, which its test finds in the sources.
	//go:embed words.txt
	wordsFile string
	// terms.txt are names and words with hyphens, dots and slashes of the suite, Istio, Envoy, Kubernetes and Go, and words of these that no
	// sentence of the suite has.
	//go:embed terms.txt
	termsFile string

	vocabulary = words(wordsFile + " " + termsFile)
)

// words are those of a text.
func words(text string) map[string]bool {
	all := map[string]bool{}
	for one := range strings.FieldsSeq(text) {
		all[one] = true
	}
	return all
}

// customary are names that everybody has, and that tell nothing: they stay wherever they are.
var customary = words(`default kube-system kube-public kubernetes kube-dns coredns kube-proxy kube-apiserver etcd
	istio-system istiod istio-proxy istio-init istio-validation istio-ingressgateway istio-ingressgateway-service-account
	istio-egressgateway istio-egressgateway-service-account
	PassthroughCluster BlackHoleCluster InboundPassthroughCluster ROOTCA ALLOW DENY LOG`)

// knows tells whether a word, or what words with dots and slashes between make, is nobody's.
func knows(text string) bool {
	return len(text) == 1 || vocabulary[strings.ToLower(text)] || ofAPI.MatchString(text)
}

// ofAPI is the version of an API, or a number.
var ofAPI = regexp.MustCompile(`^v?\d+((alpha|beta)\d+)?$`)
