package artifact

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io/fs"
	"strings"
)

// Canary is a secret that must be in no artifact.
type Canary struct {
	Name string
	As   [][]byte // the forms in which it is looked for
}

// PrivateKey is the canary of a key in PEM: any line of its body would give part of it away.
func PrivateKey(name string, content []byte) (Canary, error) {
	block, _ := pem.Decode(content)
	if block == nil {
		return Canary{}, fmt.Errorf("%s is no PEM", name)
	}
	canary := Canary{Name: name, As: [][]byte{block.Bytes}}
	for line := range strings.Lines(string(pem.EncodeToMemory(block))) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") && len(line) >= 40 {
			canary.As = append(canary.As, []byte(line))
		}
	}
	canary.As = append(canary.As, inBase64(content))
	return canary, nil
}

// Token is the canary of a token, of which the signature gives all away.
func Token(name, token string) Canary {
	signature := token[strings.LastIndexByte(token, '.')+1:]
	return Canary{Name: name, As: [][]byte{[]byte(signature), inBase64([]byte(token))}}
}

// inBase64 is the middle of content in base64, which is the same whatever stands around it.
func inBase64(content []byte) []byte {
	encoded := base64.StdEncoding.EncodeToString(content)
	return []byte(encoded[len(encoded)/4 : len(encoded)/2])
}

// In tells whether content holds the canary in any form.
func (c Canary) In(content []byte) bool {
	for _, form := range c.As {
		if bytes.Contains(content, form) {
			return true
		}
	}
	return false
}

// Search lists the files of a folder that hold a canary, each with the canary's name.
func Search(folder fs.FS, canaries []Canary) ([]string, error) {
	var found []string
	err := fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := fs.ReadFile(folder, path)
		if err != nil {
			return err
		}
		for _, canary := range canaries {
			if canary.In(content) {
				found = append(found, path+" holds "+canary.Name)
			}
		}
		return nil
	})
	return found, err
}
