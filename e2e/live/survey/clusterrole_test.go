package survey

import (
	_ "embed"
	"path"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

//go:embed clusterrole.yaml
var clusterRole []byte

// The role that the README names is for the lists that a survey reads, and no others.
func TestTheClusterRoleIsForTheListsOfASurvey(t *testing.T) {
	var role rbacv1.ClusterRole
	if err := yaml.UnmarshalStrict(clusterRole, &role); err != nil {
		t.Fatal(err)
	}
	var given, taken []string
	for _, rule := range role.Rules {
		if slices.Contains(rule.Verbs, "list") {
			for _, resource := range rule.Resources {
				given = append(given, rule.APIGroups[0]+"/"+resource)
			}
		}
	}
	paths := []string{webhooks}
	for _, one := range listed {
		paths = append(paths, one.paths...)
	}
	for _, at := range paths {
		group, _, _ := strings.Cut(strings.TrimPrefix(at, "/apis/"), "/")
		if strings.HasPrefix(at, "/api/") {
			group = ""
		}
		taken = append(taken, group+"/"+path.Base(at))
	}
	slices.Sort(given)
	slices.Sort(taken)
	if taken = slices.Compact(taken); !slices.Equal(given, taken) {
		t.Errorf("the role gives\n%s\nand a survey takes\n%s", strings.Join(given, "\n"), strings.Join(taken, "\n"))
	}
}
