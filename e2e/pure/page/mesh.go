package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mtls.test/conformance/e2e/pure/document"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/kiali"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// The measures of the drawn mesh, in units of its view box.
const (
	rowHeight    = 24 // of a row, and of the line below it that says who says otherwise
	headHeight   = 30
	serverGap    = 14
	serverWidth  = 430
	clientMiddle = 660 // of the column of clients, where servers stand on both sides of it
	meshWidth    = 2 * clientMiddle
	fewRows      = 16 // that one column of servers takes
	nameWidth    = 130
	lockWidth    = 26
	digitWidth   = 8
)

// mesh is the clients and servers of a run, with an edge for every client that called a server.
type mesh struct {
	Label         string
	Width, Height int
	Clients       []meshClient
	Servers       []meshServer
	Edges         []meshEdge
}

// meshClient is a client; X and Y are the middle of its symbol.
type meshClient struct {
	Name    string
	Gateway bool
	X, Y    int
}

// meshServer is the box of a server, with the pods that requests are known to have come to.
type meshServer struct {
	Name          string
	Pods          []meshPod
	X, Y, W, H    int
	rows          []*meshEdge
	clientsToLeft bool
}

// meshPod is one of several pods of a server; Y is within the server's box.
type meshPod struct {
	Name string
	Y    int
}

// meshEdge is a line from a client to its row in a server's box.
type meshEdge struct {
	From, To string
	D        string // of the SVG path
	X, Y     int    // where the row begins, and the middle of its height; all else of the row counts from there
	Locks    []meshLock
	TextX    int        // where the text behind the locks begins
	Result   hop.Result // the worst
	Marks    []string   // who says otherwise than was seen, and of how many checks
	First    string     // the first case that is red at it, else the first of all
	counts   map[string]int
	marks    map[string]int
	gateway  bool
}

// meshLock is a kind of lock at a row.
type meshLock struct {
	locks
	X int
}

// meshOf draws what the checks of cases saw.
func meshOf(label string, cases ...report.Case) mesh {
	edges := edgesOf(cases)
	m := mesh{Label: label, Width: meshWidth}
	for _, e := range edges {
		m.add(e, cases)
	}
	m.place(len(edges))
	for _, server := range m.Servers {
		for _, e := range server.rows {
			m.connect(e, server)
			m.Edges = append(m.Edges, *e)
		}
	}
	return m
}

// edgesOf are the edges, by server and client.
func edgesOf(cases []report.Case) []*meshEdge {
	type ends struct{ from, to string }
	known := map[ends]*meshEdge{}
	for _, c := range worstFirst(cases) {
		for _, check := range c.Checks {
			at := ends{check.From, check.To.Service}
			e := known[at]
			if e == nil {
				e = &meshEdge{From: check.From, To: check.To.Service, Result: hop.Pass, First: c.ID, counts: map[string]int{}, marks: map[string]int{}}
				known[at] = e
			}
			e.gateway = e.gateway || check.ClientKind == hop.Gateway
			e.counts[lockOf(check)]++
			if worse := verdict.Worse(e.Result, check.Result); worse != e.Result {
				e.Result, e.First = worse, c.ID
			}
			for _, who := range otherwise(check) {
				e.marks[who]++
			}
			if kialiDiffers(c, check) {
				e.marks["Kiali"]++
			}
		}
	}
	return slices.SortedFunc(maps.Values(known), func(a, b *meshEdge) int {
		return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.From, b.From))
	})
}

// Height is that of the edge's row.
func (e meshEdge) Height() int {
	if len(e.Marks) > 0 {
		return 2 * rowHeight
	}
	return rowHeight
}

// otherwise names who says of a check other than was seen: who stands out in a contradiction, else the policies, and the configuration
// unless the connection is from before it.
func otherwise(check verdict.Check) []string {
	if len(check.StandsOut) > 0 {
		return check.StandsOut
	}
	var all []string
	differs := func(says hop.Outcome) bool {
		lock, is := document.Lock(says), lockOf(check)
		return lock != "" && is != "" && lock != is
	}
	if differs(check.Intent.Says) {
		all = append(all, "intent")
	}
	if differs(check.Config.Says) && check.On == "" {
		all = append(all, "config")
	}
	return all
}

// kialiDiffers tells that a Kiali says otherwise of the namespace of a check's server at its step.
func kialiDiffers(c report.Case, check verdict.Check) bool {
	return slices.ContainsFunc(c.Kiali, func(said kiali.AtStep) bool {
		return said.Step == check.Step && said.Differs != "" && strings.Contains(string(check.Identities.Server), "/ns/"+said.Namespace+"/")
	})
}

// add gives an edge its ends.
func (m *mesh) add(e *meshEdge, cases []report.Case) {
	for _, who := range slices.Sorted(maps.Keys(e.marks)) {
		e.Marks = append(e.Marks, fmt.Sprintf("%s %d", who, e.marks[who]))
	}
	if !slices.ContainsFunc(m.Clients, func(c meshClient) bool { return c.Name == e.From }) {
		m.Clients = append(m.Clients, meshClient{Name: e.From, Gateway: e.gateway})
	}
	i := slices.IndexFunc(m.Servers, func(s meshServer) bool { return s.Name == e.To })
	if i < 0 {
		i = len(m.Servers)
		server := meshServer{Name: e.To}
		for _, pod := range podsOf(cases, e.To) {
			server.Pods = append(server.Pods, meshPod{Name: pod})
		}
		m.Servers = append(m.Servers, server)
	}
	m.Servers[i].rows = append(m.Servers[i].rows, e)
}

// podsOf are the pods of a server that has several, as far as its checks name them.
func podsOf(cases []report.Case, service string) []string {
	pods := map[string]bool{}
	for _, c := range cases {
		for _, check := range c.Checks {
			for _, pair := range check.Pairs {
				if check.Reached().Service == service {
					pods[pair.Server] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(pods))
}

// place gives every box its place: servers right of the clients, and on both sides of them where they are many.
func (m *mesh) place(rows int) {
	both := rows > fewRows
	var height [2]int
	for i := range m.Servers {
		s := &m.Servers[i]
		s.W, s.H = serverWidth, headHeight+6
		for _, e := range s.rows {
			e.Y = s.H - 6 + rowHeight/2
			s.H += e.Height()
		}
		for i := range s.Pods {
			s.Pods[i].Y = s.H - 6 + rowHeight/2 + 5
			s.H += rowHeight
		}
		side := 0
		if both && height[1] < height[0] {
			side = 1
		}
		s.X, s.clientsToLeft = meshWidth-serverWidth-margin, true
		if side == 1 {
			s.X, s.clientsToLeft = margin, false
		}
		s.Y = margin + height[side]
		height[side] += s.H + serverGap
	}
	m.Height = max(height[0], height[1], len(m.Clients)*3*rowHeight) + margin
	x := clientMiddle
	if !both {
		x = 240
	}
	slices.SortStableFunc(m.Clients, func(a, b meshClient) int { return cmp.Compare(a.Name, b.Name) })
	for i := range m.Clients {
		m.Clients[i].X, m.Clients[i].Y = x, m.Height*(2*i+1)/(2*len(m.Clients))
	}
}

// connect draws an edge to the next free row of a server's box.
func (m *mesh) connect(e *meshEdge, server meshServer) {
	e.X, e.Y = server.X, server.Y+e.Y
	client := m.Clients[slices.IndexFunc(m.Clients, func(c meshClient) bool { return c.Name == e.From })]
	from, to := client.X+14, server.X
	if !server.clientsToLeft {
		from, to = client.X-14, server.X+server.W
	}
	middle := (from + to) / 2
	e.D = fmt.Sprintf("M%d %dC%d %d %d %d %d %d", from, client.Y, middle, client.Y, middle, e.Y, to, e.Y)
	e.TextX = nameWidth
	for _, kind := range document.Locks {
		if count := e.counts[kind]; count > 0 {
			e.Locks = append(e.Locks, meshLock{locks{kind, count}, e.TextX})
			e.TextX += lockWidth + digitWidth*len(strconv.Itoa(count))
		}
	}
}
