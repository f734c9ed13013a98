package xds

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/encoding/protojson"
)

// Node returns the identity that a proxy states to istiod, out of its own config_dump.
func Node(dump io.Reader) (*corev3.Node, error) {
	var in struct {
		Configs []struct {
			Bootstrap struct {
				Node json.RawMessage `json:"node"`
			} `json:"bootstrap"`
		} `json:"configs"`
	}
	if err := json.NewDecoder(dump).Decode(&in); err != nil {
		return nil, fmt.Errorf("read the node of a configuration dump: %w", err)
	}
	for _, section := range in.Configs {
		if section.Bootstrap.Node == nil {
			continue
		}
		var node corev3.Node
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(section.Bootstrap.Node, &node); err != nil {
			return nil, fmt.Errorf("read the node of a configuration dump: %w", err)
		}
		return &node, nil
	}
	return nil, errors.New("the configuration dump has no bootstrap with a node; was it asked for with a filter?")
}
