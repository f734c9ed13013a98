package hopconfig

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/verdict"
)

// shape leaves out when the configuration was received and which certificate is in use.
func shape(config verdict.Config) string {
	config.Secrets = verdict.ProxySecrets{}
	if config.Client != nil {
		client := *config.Client
		client.Updated = time.Time{}
		config.Client = &client
	}
	if config.Server != nil {
		server := *config.Server
		server.Updated = time.Time{}
		config.Server = &server
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// differ tells which parts of a shape are not what they were: client.socket was "tls", is "raw_buffer".
func differ(was, is string) string {
	before, after := parts(was), parts(is)
	places := slices.Sorted(maps.Keys(before))
	for place := range after {
		if _, known := before[place]; !known {
			places = append(places, place)
		}
	}
	var drift []string
	for _, place := range places {
		if before[place] != after[place] {
			drift = append(drift, fmt.Sprintf("%s was %s, is %s", place, cmp.Or(before[place], "not there"), cmp.Or(after[place], "not there")))
		}
	}
	return strings.Join(drift, ", ")
}

// parts lists what is in the objects of a shape, as JSON by place.
func parts(shape string) map[string]string {
	found := map[string]string{}
	var walk func(place string, raw json.RawMessage)
	walk = func(place string, raw json.RawMessage) {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			found[strings.TrimPrefix(place, ".")] = string(raw)
			return
		}
		for key, inner := range object {
			walk(place+"."+key, inner)
		}
	}
	walk("", json.RawMessage(shape))
	return found
}
