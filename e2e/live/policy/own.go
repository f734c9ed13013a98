package policy

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/k8s"
)

// own makes an object one that goes with the lease.
func (l *Lease) own(object k8s.Object) {
	object.SetOwnerReferences([]metav1.OwnerReference{l.record.Reference()})
}
