package mesh

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/structpb"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/live/xds"
	"mtls.test/conformance/e2e/pure/fixture"
)

// view is what one istiod shows of the markers, kept current by a stream for each asker. What it shows is in istiod's push
// context, and so is whatever istiod learnt of the kind before: a push context is made from istiod's whole store of each
// kind that changed (istio/istio pilot/pkg/model/push_context.go updateContext), and a watch tells of changes of one kind in
// their order (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes).
type view struct {
	close context.CancelFunc

	mu       sync.Mutex
	shows    map[Kind]map[int]int // the push since which a marker shows a number
	answered map[asker]map[string]bool
	ended    error // why a stream ended
}

func newView() *view {
	v := &view{close: func() {}, shows: map[Kind]map[int]int{}, answered: map[asker]map[string]bool{}}
	for who := range subscriptions {
		v.answered[who] = map[string]bool{}
	}
	return v
}

// open connects to an istiod as the askers. The streams end with the connection, or with the view's close.
func (m *Mesh) open(ctx context.Context, pod, namespace string) (*view, error) {
	conn, err := xds.Dial(m.kube.Transport().DialContext, pod+"."+namespace)
	if err != nil {
		return nil, err
	}
	v := newView()
	ctx, v.close = context.WithCancel(context.WithoutCancel(ctx))
	for who, wanted := range subscriptions {
		go v.follow(ctx, conn, who, m.node(who), wanted)
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	return v, nil
}

func (v *view) follow(ctx context.Context, conn *grpc.ClientConn, who asker, node *corev3.Node, wanted []xds.Subscription) {
	err := xds.Subscribe(ctx, conn, node, wanted, func(answer xds.Answer) { v.take(who, answer) })
	v.end(err)
}

func (v *view) end(why error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ended == nil {
		v.ended = movedError{why}
	}
	v.close()
}

// take keeps what an answer shows. Of a number that is shown still, the push since which it is stays.
func (v *view) take(who asker, answer xds.Answer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answered[who][answer.Type] = true
	for kind, m := range markers {
		if m.asker != who || m.in != answer.Type {
			continue
		}
		now := map[int]int{}
		for _, resource := range answer.Resources {
			numbers, err := m.read(resource)
			if err != nil && v.ended == nil {
				v.ended = fmt.Errorf("read the marker of %s: %w", kind, err)
			}
			for _, number := range numbers {
				now[number] = counter(answer.Nonce)
				if since, shown := v.shows[kind][number]; shown {
					now[number] = since
				}
			}
		}
		v.shows[kind] = now
	}
}

// ready tells whether everything that was asked for has been answered once.
func (v *view) ready() (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for who, wanted := range subscriptions {
		if len(v.answered[who]) < len(wanted) {
			return false, v.ended
		}
	}
	return true, v.ended
}

// shown returns the first push that has all of the numbers, and the kinds whose number is not shown.
func (v *view) shown(numbers map[Kind]int) (push int, missing []Kind, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, kind := range slices.Sorted(maps.Keys(numbers)) {
		since, shown := v.shows[kind][numbers[kind]]
		if !shown {
			missing = append(missing, kind)
		}
		push = max(push, since)
	}
	return push, missing, v.ended
}

// routesBefore tells whether the marker that has routes sent is shown since an earlier push than this one: istiod learnt of it
// before it learnt of another marker.
func (v *view) routesBefore(push, number int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.shows[pushed][number] < push
}

// showing waits until the view shows all of the numbers, and returns the first push that has them.
func (v *view) showing(ctx context.Context, numbers map[Kind]int, limit time.Duration) (push int, err error) {
	var missing []Kind
	err = wait.For(func(context.Context) (bool, error) {
		var err error
		push, missing, err = v.shown(numbers)
		return len(missing) == 0, err
	}, wait.WithContext(ctx), wait.WithTimeout(limit), wait.WithInterval(viewInterval), wait.WithImmediate())
	if err != nil && len(missing) > 0 {
		return 0, fmt.Errorf("it does not know the newest marker of %v: %w", missing, err)
	}
	return push, err
}

// viewInterval is how often a view is looked at, which is kept current in memory.
const viewInterval = 5 * time.Millisecond

// opened returns the views that are open, by the istiod's pod.
func (m *Mesh) opened() map[string]*view {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.views)
}

// view returns the view of an istiod, which is opened where there is none or where it ended.
func (m *Mesh) view(ctx context.Context, pod string) (*view, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, open := m.views[pod]; open {
		if _, err := v.ready(); err == nil {
			return v, nil
		}
		v.close()
		delete(m.views, pod)
	}
	v, err := m.open(ctx, pod, m.place.Istiod)
	if err != nil {
		return nil, fmt.Errorf("istiod %s: %w", pod, err)
	}
	if err := v.await(ctx); err != nil {
		v.close()
		return nil, fmt.Errorf("istiod %s: %w", pod, err)
	}
	m.views[pod] = v
	return v, nil
}

// await waits until the view is ready.
func (v *view) await(ctx context.Context) error {
	err := wait.For(func(context.Context) (bool, error) { return v.ready() },
		wait.WithContext(ctx), wait.WithTimeout(timeout.Ask.Duration()), wait.WithInterval(viewInterval), wait.WithImmediate())
	if err != nil {
		return fmt.Errorf("it does not tell by xDS, on port 15010, what it knows of the markers: %w", err)
	}
	return nil
}

// askerID is how istiod names an asker: POD.NAMESPACE, of a pod that there is not.
func (m *Mesh) askerID(who asker) string {
	return fmt.Sprintf("mtls-conformance-%s.%s", who, m.place.In(fixture.MarkerNamespace))
}

// node is how an asker presents itself. Its address is one that no pod has (RFC 5737).
func (m *Mesh) node(who asker) *corev3.Node {
	role, address := "sidecar", "192.0.2.2"
	if who == gateway {
		role, address = "router", "192.0.2.3"
	}
	namespace := m.place.In(fixture.MarkerNamespace)
	text := structpb.NewStringValue
	return &corev3.Node{
		Id: fmt.Sprintf("%s~%s~%s~%s.svc.cluster.local", role, address, m.askerID(who), namespace),
		Metadata: &structpb.Struct{Fields: map[string]*structpb.Value{
			"NAMESPACE": text(namespace),
			"LABELS":    structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{"mtls.test/marker": text(string(who))}}),
		}},
	}
}
