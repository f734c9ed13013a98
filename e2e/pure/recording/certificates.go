package recording

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/envoy"
)

// Add adds a situation to the recording. What the proxies hold by SDS hardly changes between situations, and stands in the
// recording once. The error names a secret that changed: what was recorded before it would not fit what is recorded after.
func (m *Minor) Add(s Situation) error {
	if m.Certificates == nil {
		m.Certificates = map[string][]byte{}
	}
	for proxy, more := range s.Certificates {
		joined, err := union(m.Certificates[proxy], more)
		if err != nil {
			return fmt.Errorf("%s: proxy of %s: %w", s.Case, proxy, err)
		}
		m.Certificates[proxy] = joined
	}
	s.Certificates = nil
	m.Situations = append(m.Situations, s)
	return nil
}

// secrets is the answer of a proxy that is asked for what it holds by SDS.
type secrets struct {
	Configs []map[string]any `json:"configs"`
}

// union are the secrets of both, by their names.
func union(one, other []byte) ([]byte, error) {
	var all, more secrets
	for content, into := range map[*[]byte]*secrets{&one: &all, &other: &more} {
		if len(*content) == 0 {
			continue
		}
		if err := json.Unmarshal(*content, into); err != nil {
			return nil, err
		}
	}
	for _, secret := range more.Configs {
		i := slices.IndexFunc(all.Configs, func(known map[string]any) bool { return known["name"] == secret["name"] })
		switch {
		case i < 0:
			all.Configs = append(all.Configs, secret)
		case !reflect.DeepEqual(all.Configs[i]["secret"], secret["secret"]):
			return nil, fmt.Errorf("secret %q was renewed meanwhile: record again", secret["name"])
		}
	}
	slices.SortFunc(all.Configs, func(a, b map[string]any) int { return strings.Compare(fmt.Sprint(a["name"]), fmt.Sprint(b["name"])) })
	return lines(all)
}

// Dump is the configuration that a proxy had in force in a situation.
func (m Minor) Dump(s Situation, proxy string) (*envoy.Dump, error) {
	return envoy.Join([]envoy.Answer{{Body: bytes.NewReader(m.Certificates[proxy])}, {Body: bytes.NewReader(s.Proxies[proxy])}})
}
