package kube

import "k8s.io/client-go/util/retry"

// RetryOnConflict tries again while the error is a conflict, as client-go's does, and returns the error of the last try.
// client-go's returns nil where a try ended with its context: it takes that error for the end of its own waiting
// (util/wait.Interrupted), and what was not done would pass for done.
func RetryOnConflict(try func() error) error {
	var last error
	_ = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		last = try()
		return last
	})
	return last
}
