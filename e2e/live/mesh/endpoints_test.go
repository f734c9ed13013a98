package mesh

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestEndpointsAreUpToDateWhenTheyAreTheReadyPods(t *testing.T) {
	pod := func(address string, ready corev1.ConditionStatus, change ...func(*corev1.Pod)) corev1.Pod {
		pod := corev1.Pod{Status: corev1.PodStatus{PodIP: address, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}}}
		pod.Labels = map[string]string{"app": "a"}
		for _, change := range change {
			change(&pod)
		}
		return pod
	}
	leaving := func(pod *corev1.Pod) { pod.DeletionTimestamp = new(metav1.Now()) }
	other := func(pod *corev1.Pod) { pod.Labels["app"] = "b" }
	slice := func(service string, ready *bool, addresses ...string) discoveryv1.EndpointSlice {
		slice := discoveryv1.EndpointSlice{Endpoints: []discoveryv1.Endpoint{{Addresses: addresses, Conditions: discoveryv1.EndpointConditions{Ready: ready}}}}
		slice.Labels = map[string]string{discoveryv1.LabelServiceName: service, discoveryv1.LabelManagedBy: "endpointslice-controller.k8s.io"}
		return slice
	}
	byHand := slice("s", new(true), "9")
	byHand.Labels[discoveryv1.LabelManagedBy] = "a-script"
	yes, no := new(true), new(false)
	selecting := corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "a"}}}
	for name, test := range map[string]struct {
		pods      []corev1.Pod
		endpoints []discoveryv1.EndpointSlice
		upToDate  bool
	}{
		"the one pod":                        {[]corev1.Pod{pod("1", "True")}, []discoveryv1.EndpointSlice{slice("s", yes, "1")}, true},
		"readiness that is not said":         {[]corev1.Pod{pod("1", "True")}, []discoveryv1.EndpointSlice{slice("s", nil, "1")}, true},
		"pods in two slices":                 {[]corev1.Pod{pod("1", "True"), pod("2", "True")}, []discoveryv1.EndpointSlice{slice("s", yes, "1"), slice("s", yes, "2")}, true},
		"the old pod beside the new":         {[]corev1.Pod{pod("2", "True")}, []discoveryv1.EndpointSlice{slice("s", yes, "1", "2")}, false},
		"a pod that leaves":                  {[]corev1.Pod{pod("1", "True", leaving), pod("2", "True")}, []discoveryv1.EndpointSlice{slice("s", yes, "1"), slice("s", yes, "2")}, false},
		"a pod that leaves and is told so":   {[]corev1.Pod{pod("1", "True", leaving), pod("2", "True")}, []discoveryv1.EndpointSlice{slice("s", no, "1"), slice("s", yes, "2")}, true},
		"a new pod that is missing":          {[]corev1.Pod{pod("1", "True"), pod("2", "True")}, []discoveryv1.EndpointSlice{slice("s", yes, "1")}, false},
		"a pod that is not ready":            {[]corev1.Pod{pod("1", "True"), pod("2", "False")}, []discoveryv1.EndpointSlice{slice("s", yes, "1")}, true},
		"a pod of another label":             {[]corev1.Pod{pod("1", "True"), pod("2", "True", other)}, []discoveryv1.EndpointSlice{slice("s", yes, "1")}, true},
		"endpoints of another Service":       {[]corev1.Pod{pod("1", "True")}, []discoveryv1.EndpointSlice{slice("s", yes, "1"), slice("t", yes, "2")}, true},
		"no slice yet":                       {[]corev1.Pod{pod("1", "True")}, nil, false},
		"a slice that was made by hand":      {[]corev1.Pod{pod("1", "True")}, []discoveryv1.EndpointSlice{slice("s", yes, "1"), byHand}, true},
		"nobody behind the Service, rightly": {nil, nil, true},
	} {
		if late := outdated([]corev1.Service{selecting}, test.pods, test.endpoints); (len(late) == 0) != test.upToDate {
			t.Errorf("%s: %q", name, late)
		}
	}
	for name, service := range map[string]corev1.Service{
		"no selector":                 {ObjectMeta: metav1.ObjectMeta{Name: "s"}},
		"pods that need not be ready": {ObjectMeta: metav1.ObjectMeta{Name: "s"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "a"}, PublishNotReadyAddresses: true}},
	} {
		if late := outdated([]corev1.Service{service}, []corev1.Pod{pod("1", "True")}, nil); len(late) > 0 {
			t.Errorf("%s: %q", name, late)
		}
	}
}
