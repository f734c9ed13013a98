package clusterpage

import (
	"fmt"
	"slices"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// grid is a mesh of namespaces that all call all; the last one refuses.
func grid(namespaces int) []*service {
	var all []*service
	for to := range namespaces {
		says := hop.MTLS
		if to == namespaces-1 {
			says = hop.Refused
		}
		var hops []tlscheck.Hop
		for client := range namespaces {
			hops = append(hops, from(fmt.Sprintf("ns-%02d/client", client), fmt.Sprintf("ns-%02d/server", to), says, "a reason"))
		}
		all = append(all, serviceOf(of(fmt.Sprintf("ns-%02d", to), "server", hops...)))
	}
	return all
}

func pictured(services []*service) picture {
	return pictureOf(edgesOf(services), namespacesOf(services))
}

func TestNoBoxLiesOnAnother(t *testing.T) {
	for _, namespaces := range []int{1, 2, 5, 6, 7, 30} {
		p := pictured(grid(namespaces))
		for _, boxes := range [][]*box{p.Clients, p.Servers} {
			for i, b := range boxes {
				if b.Y < headHeight || b.Y+b.H > p.Height || b.X+b.W > pictureWidth {
					t.Errorf("%d: %+v lies outside of %d", namespaces, b, p.Height)
				}
				if i > 0 && boxes[i-1].Y+boxes[i-1].H > b.Y {
					t.Errorf("%d: %s lies on %s", namespaces, b.Name, boxes[i-1].Name)
				}
			}
		}
		for _, r := range p.Rows {
			b := p.Servers[slices.IndexFunc(p.Servers, func(b *box) bool { return b.Name == r.To })]
			if r.Y-rowHeight/2 < b.Y+headHeight || r.Y+rowHeight/2 > b.Y+b.H {
				t.Errorf("%d: the row of %s lies outside of %s", namespaces, r.From, r.To)
			}
		}
	}
}

// What has no place is counted, and the worst has one.
func TestThePictureSaysHowManyEdgesHaveNoPlace(t *testing.T) {
	for namespaces, want := range map[int]struct{ rows, more, servers int }{6: {36, 0, 6}, 7: {40, 9, 7}, 30: {40, 860, 7}} {
		p := pictured(grid(namespaces))
		if len(p.Rows) != want.rows || p.More != want.more || p.All() != namespaces*namespaces || len(p.Servers) != want.servers {
			t.Errorf("%d namespaces: %d rows, %d more, %d in all, to %d", namespaces, len(p.Rows), p.More, p.All(), len(p.Servers))
		}
		for _, b := range p.Servers {
			if len(b.edges)+b.More != namespaces {
				t.Errorf("%d namespaces: %s has %d edges, and says %d more", namespaces, b.Name, len(b.edges), b.More)
			}
		}
		if worst := p.Servers[0]; worst.edges[0].Worst() != tlscheck.Conflict || p.Rows[len(p.Rows)-1].To != worst.Name {
			t.Errorf("%d namespaces: %s is first, and the last drawn leads to %s", namespaces, worst.Name, p.Rows[len(p.Rows)-1].To)
		}
	}
}

func TestARowHasItsLocks(t *testing.T) {
	var services []*service
	for _, host := range everyStatus() {
		services = append(services, serviceOf(host))
	}
	var got []string
	for _, r := range pictured(services).Rows {
		line := fmt.Sprintf("%s -> %s %s %d", r.From, r.To, r.Worst(), r.Most())
		for _, lock := range r.Locks {
			line += fmt.Sprintf(" %s=%d", lock.Kind, lock.Hops)
		}
		got = append(got, line)
	}
	want := []string{"gateway -> shop OK 2 closed=2", "web -> legacy CONFLICT 1 open=1 broken=1", "web -> shop MISMATCH 1 closed=1 open=1 unknown=1"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
