package kube

import (
	"strings"
	"testing"
)

func TestPartsAreReadWithTheirNulls(t *testing.T) {
	all, err := ReadParts([]byte("kind: Deployment\napiVersion: apps/v1\nmetadata: {name: a}\nspec: {replicas: 0}\n---\nkind: Webhooks\napiVersion: x/v1\nmetadata: {name: b}\nwebhooks: null\n"))
	if err != nil || len(all) != 2 {
		t.Fatalf("%d parts, %v", len(all), err)
	}
	if value, there := all[1].Object["webhooks"]; !there || value != nil {
		t.Error("a null is lost: it is what removes")
	}
	if _, err := ReadParts([]byte("kind: Deployment\napiVersion: apps/v1\nspec: {}\n")); err == nil || !strings.Contains(err.Error(), "a part needs") {
		t.Errorf("got %v", err)
	}
	if _, err := ReadParts([]byte("kind: [")); err == nil {
		t.Error("what is no YAML is read")
	}
}
