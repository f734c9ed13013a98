package runner

import "time"

// settleLimit is how long a change may take to reach every proxy concerned. Istio's own is a fraction of a second.
const settleLimit = 10 * time.Second

// RevertLimit bounds one step of a clean-up, which goes on after the case itself was interrupted. A CA and an account have
// limits of their own.
const RevertLimit = 30 * time.Second
