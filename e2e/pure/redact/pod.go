package redact

import "regexp"

// podAlphabet is what Kubernetes writes hashes and the ends of pods' names in (k8s.io/apimachinery/pkg/util/rand, SafeEncodeString).
const podAlphabet = "bcdfghjklmnpqrstvwxz2456789"

var podName = regexp.MustCompile(`^(.+)-([` + podAlphabet + `]{8,10})-([` + podAlphabet + `]{5})$`)

// podOf takes the name of a pod of a Deployment apart.
func podOf(name string) (deployment, replicas, pod string, is bool) {
	parts := podName.FindStringSubmatch(name)
	if parts == nil {
		return "", "", "", false
	}
	return parts[1], parts[2], parts[3], true
}

// inAlphabet is a number in that alphabet.
func inAlphabet(n, width int) string {
	var digits []byte
	for ; n > 0 || len(digits) < width; n /= len(podAlphabet) {
		digits = append([]byte{podAlphabet[n%len(podAlphabet)]}, digits...)
	}
	return string(digits)
}
