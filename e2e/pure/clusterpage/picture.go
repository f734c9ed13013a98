package clusterpage

import (
	"cmp"
	"fmt"
	"slices"
)

// The measures of the picture, in units of its view box. All that stands in a row has a column of its own.
const (
	pictureWidth = 1320
	margin       = 12
	headHeight   = 30
	rowHeight    = 24
	boxGap       = 12
	clientWidth  = 284
	clientStep   = 12 // between two edges of a client's box
	serverX      = 460
	serverWidth  = pictureWidth - serverX - margin
	nameX        = 164 // of the client's name in a row of a server's box
	locksX       = 436 // of the first lock
	lockStep     = 83
	nameLength   = 22 // letters of a name that have room
)

// picture is the mesh: namespaces of clients on the left, of services on the right, and the worst edges between them.
type picture struct {
	Width   int
	Height  int
	Clients []*box
	Servers []*box
	Rows    []row // the worst last
	More    int   // how many edges have no place
}

// All is how many edges there are, with those that have no place.
func (p picture) All() int { return len(p.Rows) + p.More }

// ByPlace are the rows from the top.
func (p picture) ByPlace() []row {
	return slices.SortedFunc(slices.Values(p.Rows), func(a, b row) int { return cmp.Compare(a.Y, b.Y) })
}

// box is a namespace at one side of the picture.
type box struct {
	Name       string
	X, Y, W, H int
	Services   int // none of a client's
	More       int // edges to a server's box that have no place
	edges      []*edge
}

// row is an edge, from the box of its client to its row in the box of its server.
type row struct {
	*edge
	D       string // of the SVG path
	X, Y, W int    // the begin, the middle and the width of the row in the server's box; the rest of it counts from there
	NameX   int
	Locks   []lockCell
}

// lockCell is a kind of lock in a row, with how many hops have it.
type lockCell struct {
	Kind string
	Hops int
	X    int
}

func pictureOf(edges []*edge, namespaces []*namespace) picture {
	shown := drawn(edges, namespaces)
	p := picture{Width: pictureWidth, More: len(edges) - len(shown)}
	for _, n := range namespaces {
		b := &box{Name: n.Name, X: serverX, W: serverWidth, Services: len(n.Services)}
		for _, e := range edges {
			switch {
			case e.To != n.Name:
			case slices.Contains(shown, e):
				b.edges = append(b.edges, e)
			default:
				b.More++
			}
		}
		if len(b.edges) > 0 {
			p.Servers = append(p.Servers, b)
		}
	}
	at := p.placeServers()
	p.placeClients(shown, at)
	p.connect(at)
	return p
}

// placeServers stacks the boxes of servers, and returns the height of each edge's row.
func (p *picture) placeServers() map[*edge]int {
	at := map[*edge]int{}
	y := headHeight
	for _, b := range p.Servers {
		b.Y, b.H = y, headHeight+rowHeight*len(b.edges)+6
		if b.More > 0 {
			b.H += rowHeight
		}
		for i, e := range b.edges {
			at[e] = y + headHeight + rowHeight*i + rowHeight/2
		}
		y += b.H + boxGap
	}
	p.Height = y
	return at
}

// placeClients spreads the boxes of clients over the height of the servers', in the order of their edges' ends.
func (p *picture) placeClients(edges []*edge, at map[*edge]int) {
	boxes := map[string]*box{}
	for _, e := range edges {
		if boxes[e.From] == nil {
			boxes[e.From] = &box{Name: e.From, X: margin, W: clientWidth}
			p.Clients = append(p.Clients, boxes[e.From])
		}
		boxes[e.From].edges = append(boxes[e.From].edges, e)
	}
	middle := func(b *box) int {
		sum := 0
		for _, e := range b.edges {
			sum += at[e]
		}
		return sum / len(b.edges)
	}
	slices.SortFunc(p.Clients, func(a, b *box) int { return cmp.Or(cmp.Compare(middle(a), middle(b)), cmp.Compare(a.Name, b.Name)) })
	sum := 0
	for _, b := range p.Clients {
		slices.SortFunc(b.edges, func(a, b *edge) int { return cmp.Compare(at[a], at[b]) })
		b.H = max(headHeight, clientStep*(len(b.edges)+1))
		sum += b.H
	}
	p.Height = max(p.Height, headHeight+sum+boxGap*len(p.Clients))
	gap := (p.Height - headHeight - sum) / max(len(p.Clients), 1)
	y := headHeight + gap/2
	for _, b := range p.Clients {
		b.Y = y
		y += b.H + gap
	}
}

// connect draws the edges, the worst last, so that it lies above the others.
func (p *picture) connect(at map[*edge]int) {
	for _, b := range p.Clients {
		for i, e := range b.edges {
			from, y := b.X+b.W, b.Y+b.H*(i+1)/(len(b.edges)+1)
			middle := (from + serverX) / 2
			r := row{edge: e, X: serverX, Y: at[e], W: serverWidth, NameX: nameX, D: fmt.Sprintf("M%d %dC%d %d %d %d %d %d", from, y, middle, y, middle, at[e], serverX, at[e])}
			for place, kind := range kinds {
				if hops := e.locks[kind]; hops > 0 {
					r.Locks = append(r.Locks, lockCell{kind, hops, locksX + place*lockStep})
				}
			}
			p.Rows = append(p.Rows, r)
		}
	}
	slices.SortFunc(p.Rows, func(a, b row) int { return cmp.Or(b.compare(a.totals), cmp.Compare(a.Y, b.Y)) })
}

// Short is a name as far as it has room.
func short(name string) string {
	letters := []rune(name)
	if len(letters) <= nameLength {
		return name
	}
	return string(letters[:nameLength-1]) + "…"
}
