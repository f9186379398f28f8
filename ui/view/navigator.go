package view

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"kmscope/graph"
	"kmscope/inventory"
)

// NavRow is one line of the navigator.
type NavRow struct {
	Session Session
	Object  string // "" for the server itself
	Depth   int
	// Children is set when the row can be opened.
	Children bool
	Open     bool
	Kind     graph.Kind
	Server   bool
	// Label is the name; Note the dim words after it.
	Label string
	Note  string
	Level Level
	// Badge counts errors; 0 is none.
	Badge       int
	Transcoding bool
	Dead        bool
	// Control: this window may change the server.
	Control bool
}

// Selection gives what a click on the row selects.
func (r NavRow) Selection() Selection { return Selection{Session: r.Session, Object: r.Object} }

// manyPipelines is from where on the pipelines of a server start closed.
const manyPipelines = 12

type navKey struct {
	session Session
	object  string
}

// Navigator turns the sessions of a State into the rows of the tree. It keeps
// what is open. All but Prepare belongs to the interface goroutine.
type Navigator struct {
	state  *State
	open   map[navKey]bool // what a person opened or closed
	filter Filter
	// HideDead leaves out what is gone.
	HideDead bool

	mu     sync.Mutex // of the three below
	health map[*inventory.Pipeline]*pipelineHealth
	graph  graph.Builder
	round  int

	// Shown and Total count the objects after the last Rows; Forgotten those that
	// are gone and no longer in memory.
	Shown, Total, Forgotten int
}

// pipelineHealth is what the graph says of one published pipeline. ICE that
// connects for too long becomes worse with time alone, so it is renewed.
type pipelineHealth struct {
	frame graph.Health
	nodes map[string]graph.Health
	trans map[string]bool
	at    time.Time
	round int

	// children by parent, sorted by name: an object's own list lacks those
	// whose parent was never described. alive and errors
	// count what lives, but for the pipeline itself.
	children      map[string][]*inventory.Object
	alive, errors int
	// search holds by id what a filter looks at; filled when first needed.
	search map[string]string
}

const healthGood = 5 * time.Second

// NewNavigator makes the navigator of a window.
func NewNavigator(s *State) *Navigator {
	return &Navigator{state: s, open: map[navKey]bool{}, health: map[*inventory.Pipeline]*pipelineHealth{}}
}

// SetFilter chooses what is shown: rows that match, and what they are in.
func (n *Navigator) SetFilter(f Filter) { n.filter = f }

// SetOpen opens or closes a row.
func (n *Navigator) SetOpen(r NavRow, open bool) { n.open[navKey{r.Session, r.Object}] = open }

// Reveal opens what a selection is in.
func (n *Navigator) Reveal(sel Selection) {
	if sel.Session == nil {
		return
	}
	n.open[navKey{sel.Session, ""}] = true
	for id := inventory.ParentOf(sel.Object); id != ""; id = inventory.ParentOf(id) {
		n.open[navKey{sel.Session, id}] = true
	}
}

// Prepare works out beforehand what the next Rows says of the servers as they are now:
// of some thousand elements that changed it takes longer than a frame may. Any
// goroutine.
func (n *Navigator) Prepare() {
	for _, x := range n.state.Workspace().Sessions() {
		if !x.Live() {
			continue
		}
		s := x.Snapshot()
		for _, p := range s.Pipelines {
			n.healthOf(p, s.At)
		}
	}
}

// Rows gives the lines of the tree, from top to bottom.
func (n *Navigator) Rows() []NavRow {
	n.mu.Lock()
	n.round++
	n.mu.Unlock()
	n.Shown, n.Total, n.Forgotten = 0, 0, 0
	var rows []NavRow
	objects := 0
	for _, x := range n.state.Workspace().Sessions() {
		rows = n.server(rows, x)
		for _, p := range n.state.Snapshot(x).Pipelines {
			objects += len(p.Objects)
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.graph.Forget(objects + objects/2)
	for p, h := range n.health {
		if h.round != n.round {
			delete(n.health, p)
		}
	}
	return rows
}

// GoneTip says what the button for what is gone does, and how much of that is not
// listed in any case.
func (n *Navigator) GoneTip() string {
	tip := "Hide what is gone"
	if n.HideDead {
		tip = "Show what is gone"
	}
	if n.Forgotten > 0 {
		tip += fmt.Sprintf(" (without %s that went earlier and of which the capture tells)", Plural(n.Forgotten, "object"))
	}
	return tip
}

func (n *Navigator) server(rows []NavRow, x Session) []NavRow {
	s := n.state.Snapshot(x)
	for _, seen := range s.Seen {
		n.Forgotten += seen
	}
	for _, p := range s.Pipelines {
		n.Forgotten -= len(p.Objects)
	}
	link := x.Link()
	r := NavRow{Session: x, Server: true, Label: x.Name(), Level: LinkLevel(link), Children: len(s.Pipelines) > 0, Control: x.Control().On}
	switch {
	case link.State == Reconnecting && !link.RetryAt.IsZero():
		r.Note = "reconnecting"
	case link.State == Connecting, link.State == Deaf, link.State == Closed, link.State == Reconnecting:
		r.Note = link.State.String()
	case link.Reading != "":
		r.Note = "reading"
	case s.Counts.Pipelines == 0 && s.Listed:
		r.Note = "no pipelines"
	default:
		r.Note = Plural(s.Counts.Pipelines, "pipeline")
	}
	if r.Control {
		r.Note = "CONTROL · " + r.Note
	}
	many := len(s.Pipelines) > manyPipelines
	open := n.isOpen(navKey{x, ""}, true)
	r.Open = open || !n.filter.Empty()
	at := len(rows)
	rows = append(rows, r)
	whole := !n.filter.Empty() && n.filter.Match(x.Name(), "server")
	found := false
	for _, p := range inOrder(s.Pipelines) {
		before := len(rows)
		rows = n.pipeline(rows, x, p, s.At, !many, whole, r.Open)
		found = found || len(rows) > before
	}
	if !n.filter.Empty() && !found && !whole {
		return rows[:at]
	}
	return rows
}

// inOrder sorts pipelines by name: the server lists them in no order.
func inOrder(pipelines []*inventory.Pipeline) []*inventory.Pipeline {
	sorted := slices.Clone(pipelines)
	slices.SortStableFunc(sorted, func(a, b *inventory.Pipeline) int {
		switch {
		case a.Object != nil && b.Object != nil:
			return ByName(a.Object, b.Object)
		case a.Object != nil:
			return -1
		case b.Object != nil:
			return 1
		}
		return 0
	})
	return sorted
}

// ByName compares the names of two objects. What has none comes last and, to a
// stable sort, in the order in which it became known. Their age is no order:
// it is known of some only, and of others once somebody selects them.
func ByName(a, b *inventory.Object) int {
	switch {
	case a.Name == "" && b.Name == "":
		return 0
	case a.Name == "":
		return 1
	case b.Name == "":
		return -1
	}
	return CompareNatural(a.Name, b.Name)
}

func (n *Navigator) isOpen(k navKey, otherwise bool) bool {
	if open, said := n.open[k]; said {
		return open
	}
	return otherwise
}

// pipeline appends the rows of a pipeline. open is the default; whole tells
// that all of it matches the filter.
func (n *Navigator) pipeline(rows []NavRow, x Session, p *inventory.Pipeline, now time.Time, open, whole, visible bool) []NavRow {
	h := n.healthOf(p, now)
	r := NavRow{Session: x, Object: p.ID, Depth: 1, Kind: graph.PipelineKind, Level: levelOf(h.frame),
		Children: n.any(h.children[p.ID]), Badge: h.errors}
	self := p.Object
	if self == nil {
		self = &inventory.Object{ID: p.ID, Type: "MediaPipeline"}
	}
	r.Label, r.Dead = name(self), !p.Alive()
	if p.ID == "" {
		r.Label = "objects without a pipeline"
	}
	r.Note = Thousands(h.alive)
	if r.Dead {
		if n.HideDead {
			return rows
		}
		r.Level, r.Note = Unknown, gone(self, n.state.clock)
	} else {
		r.Badge += self.Errors
		r.Level = n.state.worse(r.Level, x, p.ID)
	}
	n.Total++
	filtering := !n.filter.Empty()
	whole = whole || filtering && n.matches(h, self)
	r.Open = filtering || n.isOpen(navKey{x, p.ID}, open)
	at := len(rows)
	if visible {
		rows = append(rows, r)
	}
	shownBefore := n.Shown
	if filtering || visible && r.Open {
		rows = n.objects(rows, x, p.ID, 2, h, whole, visible && r.Open)
	} else {
		n.Total += len(p.Objects) - 1 // nobody sees them: not worth a walk
		n.Shown += len(p.Objects) - 1
	}
	if filtering && !whole && n.Shown == shownBefore {
		return rows[:at]
	}
	n.Shown++
	return rows
}

// maxNavDepth bounds how deep ids may nest.
const maxNavDepth = 32

// any reports whether any of the objects is shown.
func (n *Navigator) any(objects []*inventory.Object) bool {
	if !n.HideDead {
		return len(objects) > 0
	}
	return slices.ContainsFunc(objects, (*inventory.Object).Alive)
}

func (n *Navigator) objects(rows []NavRow, x Session, parent string, depth int, h *pipelineHealth, whole, visible bool) []NavRow {
	if depth > maxNavDepth {
		return rows
	}
	filtering := !n.filter.Empty()
	for _, o := range h.children[parent] {
		if n.HideDead && !o.Alive() {
			continue
		}
		n.Total++
		r := NavRow{Session: x, Object: o.ID, Depth: depth, Kind: graph.KindOf(o.Type), Label: name(o), Note: ShortType(o.Type),
			Level: levelOf(h.nodes[o.ID]), Badge: o.Errors, Transcoding: h.trans[o.ID], Dead: !o.Alive(), Children: n.any(h.children[o.ID])}
		if r.Dead {
			r.Level, r.Badge, r.Transcoding = Unknown, 0, false
			r.Note += " · " + gone(o, n.state.clock)
		} else {
			r.Level = n.state.worse(r.Level, x, o.ID)
		}
		match := !filtering || whole || n.matches(h, o)
		r.Open = filtering || n.isOpen(navKey{x, o.ID}, true)
		at, shownBefore := len(rows), n.Shown
		if visible {
			rows = append(rows, r)
		}
		rows = n.objects(rows, x, o.ID, depth+1, h, whole || filtering && match, visible && r.Open)
		if !match && n.Shown == shownBefore {
			rows = rows[:at]
			continue
		}
		n.Shown++
	}
	return rows
}

func (n *Navigator) matches(h *pipelineHealth, o *inventory.Object) bool {
	text, known := h.search[o.ID]
	if !known {
		if h.search == nil {
			h.search = map[string]string{}
		}
		text = searchText(o)
		h.search[o.ID] = text
	}
	return n.filter.matchLower(text)
}

// searchText is everything that a person may search for in a tree, in small
// letters, a line each.
func searchText(o *inventory.Object) string {
	texts := make([]string, 0, 6+len(o.States)+len(o.Tags))
	texts = append(texts, o.Name, o.Type, o.ID)
	if o.Alive() {
		texts = append(texts, "alive")
	} else {
		texts = append(texts, "gone dead "+o.Death)
	}
	if o.Errors > 0 {
		texts = append(texts, "error")
	}
	for l, s := range o.States {
		if s.Known() {
			texts = append(texts, LaneTitle(l)+" "+human(s.Value))
		}
	}
	for k, v := range o.Tags {
		texts = append(texts, k+"="+v)
	}
	return strings.ToLower(strings.Join(texts, "\n"))
}

func (n *Navigator) healthOf(p *inventory.Pipeline, now time.Time) *pipelineHealth {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.health[p]
	if h == nil || now.Sub(h.at).Abs() > healthGood {
		g := n.graph.Build(&inventory.Snapshot{At: now, Pipelines: []*inventory.Pipeline{p}}, graph.Figures{})
		h = &pipelineHealth{nodes: make(map[string]graph.Health, len(g.Nodes)), trans: map[string]bool{}, at: now}
		for _, f := range g.Frames {
			h.frame = f.Health
		}
		for i := range g.Nodes {
			node := &g.Nodes[i]
			h.nodes[node.ID] = node.Health
			if node.Transcoding {
				h.trans[node.ID] = true
			}
		}
		h.children = make(map[string][]*inventory.Object, 1)
		for _, o := range p.Objects {
			if o.ID == p.ID {
				continue
			}
			if o.Alive() {
				h.alive++
				h.errors += o.Errors
			}
			parent := o.Parent
			if parent == "" || parent == o.ID || parent != p.ID && p.Find(parent) == nil {
				parent = p.ID
			}
			h.children[parent] = append(h.children[parent], o)
		}
		for _, siblings := range h.children {
			slices.SortStableFunc(siblings, ByName)
		}
		n.health[p] = h
	}
	h.round = n.round
	return h
}

// gone says how an object ended, and when.
func gone(o *inventory.Object, c Clock) string {
	how := o.Death
	if how == "" {
		how = "gone"
	}
	at := c.Format(o.DiedAt)
	if c.Mode != Relative {
		at, _, _ = strings.Cut(at, ".")
	}
	return how + " " + at
}

// LinkLevel judges how a session stands with its server.
func LinkLevel(l Link) Level {
	switch l.State {
	case Connected:
		return Fine
	case Connecting, Reconnecting:
		return Attention
	case Deaf:
		return Trouble
	case Closed:
		return Trouble
	}
	return Unknown
}
