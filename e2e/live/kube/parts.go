package kube

import (
	"bytes"
	"errors"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// ReadParts reads parts of objects as YAML, each named by apiVersion, kind and metadata. A null in one removes what is there.
func ReadParts(content []byte) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), len(content))
	for {
		part := &unstructured.Unstructured{}
		err := decoder.Decode(&part.Object)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if part.GetKind() == "" || part.GetName() == "" {
			return nil, errors.New("a part needs apiVersion, kind and metadata.name of the object that it changes")
		}
		all = append(all, part)
	}
}
