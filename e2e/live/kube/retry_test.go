package kube

import (
	"context"
	"errors"
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestTheErrorOfTheLastTryIsKept(t *testing.T) {
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "leases"}, "one", errors.New("another version"))
	for name, test := range map[string]struct {
		answers []error // of each try; the last of all that follow
		want    error
		tries   int
	}{
		"done":                         {[]error{nil}, nil, 1},
		"done after a conflict":        {[]error{conflict, nil}, nil, 2},
		"refused":                      {[]error{errors.ErrUnsupported}, errors.ErrUnsupported, 1},
		"a conflict each time":         {[]error{conflict}, conflict, 5},
		"out of time":                  {[]error{fmt.Errorf("get: %w", context.DeadlineExceeded)}, context.DeadlineExceeded, 1},
		"interrupted after a conflict": {[]error{conflict, fmt.Errorf("get: %w", context.Canceled)}, context.Canceled, 2},
	} {
		tries := 0
		err := RetryOnConflict(func() error {
			answer := test.answers[min(tries, len(test.answers)-1)]
			tries++
			return answer
		})
		if !errors.Is(err, test.want) || tries != test.tries {
			t.Errorf("%s: %v after %d tries", name, err, tries)
		}
	}
}
