package recording

import (
	"fmt"
	"regexp"
)

// looks are what a private key, a token and a password look like in what a recording holds.
var looks = map[string]*regexp.Regexp{
	"a private key": regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----|LS0tLS1CRUdJTi[A-Za-z0-9+/]*(?:UFJJVkFURSBLRVkt|FBSSVZBVEUgS0VZL|BQUklWQVRFIEtFWS)`),
	"a token":       regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}|ZXlK[A-Za-z0-9+/]{40,}`),
	"a credential":  regexp.MustCompile(`(?i)"(?:private_key|password|session_ticket_keys|generic_secret|authorization)"|\bauthorization: *(?:bearer|basic)`),
}

// Secrets names what in a file of a recording looks like a secret.
func Secrets(name string, content []byte) []string {
	var found []string
	for what, pattern := range looks {
		if at := pattern.FindIndex(content); at != nil {
			found = append(found, fmt.Sprintf("%s holds at byte %d what looks like %s", name, at[0], what))
		}
	}
	return found
}
