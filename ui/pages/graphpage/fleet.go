package graphpage

import (
	"maps"
	"slices"
	"strings"
	"time"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/ui/page"
	"kmscope/ui/view"
)

// Several servers in one graph, side by side: each pipeline says of which server it
// is. The window has one current server all the same: what is selected in the graph
// makes its own server the current one. What changed between two moments is told of
// one server at a time only.

// fleet is what the graph of several servers depends on. It is never changed, and
// a new one is made only when something in it is new: two of them are the same if
// their addresses are.
type fleet struct {
	sessions []view.Session
	snaps    []*inventory.Snapshot
	versions []uint64 // of the figures
	hands    []*moves
	at       time.Time // the past moment looked at; zero is the end

	figures []graph.Figures
	moves   *moves // of all
}

func (f *fleet) same(g *fleet) bool {
	return slices.Equal(f.sessions, g.sessions) && slices.Equal(f.snaps, g.snaps) && slices.Equal(f.versions, g.versions) &&
		slices.Equal(f.hands, g.hands) && f.at.Equal(g.at)
}

// fleetNow gives all servers, or the fleet before when nothing of it changed; nil
// while one server is shown.
func (p *Page) fleetNow() *fleet {
	if !p.all || p.view == nil {
		return nil
	}
	sessions := p.view.Workspace().Sessions()
	if len(sessions) < 2 {
		return nil
	}
	f := &fleet{sessions: slices.Clone(sessions)}
	if at, live := p.view.Cursor(); !live {
		f.at = at
	}
	for _, x := range sessions {
		f.snaps = append(f.snaps, p.view.Snapshot(x))
		f.hands = append(f.hands, p.movesOf(x))
		version := uint64(0)
		if x.Stats() != nil {
			version = x.Stats().Version()
		}
		f.versions = append(f.versions, version)
	}
	if p.fleet != nil && f.same(p.fleet) {
		return p.fleet
	}
	at := map[string]graph.Point{}
	for i, x := range sessions {
		f.figures = append(f.figures, graph.FiguresAt(x.Stats(), f.at))
		if m := f.hands[i]; m != nil {
			maps.Copy(at, m.at)
		}
	}
	if len(at) > 0 {
		f.moves = &moves{at: at}
	}
	return f
}

// build gives the graph of all servers, how many objects are gone and left out,
// and whether nothing is alive. Any goroutine.
func (f *fleet) build(gone bool) (g *graph.Graph, hidden int, over bool) {
	one := func(alive bool) *graph.Graph {
		graphs := make([]*graph.Graph, len(f.snaps))
		hidden = 0
		for i, snap := range f.snaps {
			if alive {
				lives, left := graph.BuildAlive(snap, f.figures[i])
				graphs[i] = lives
				hidden += left
			} else {
				graphs[i] = graph.Build(snap, f.figures[i])
			}
			for k := range graphs[i].Frames {
				if fr := &graphs[i].Frames[k]; fr.ID != "" {
					fr.Label = f.sessions[i].Name() + " · " + strings.TrimPrefix(fr.Label, "MediaPipeline ")
				}
			}
		}
		return graph.Merge(graphs...)
	}
	if !gone {
		g = one(true)
		over = len(g.Frames) == 0 && hidden > 0
	}
	if gone || over {
		g = one(false)
	}
	return g, hidden, over
}

// moments gives the time of the state that each pipeline is shown in: a capture of
// yesterday may stand beside a server of now.
func (f *fleet) moments() map[string]time.Time {
	out := map[string]time.Time{}
	for _, s := range f.snaps {
		for _, p := range s.Pipelines {
			out[p.ID] = s.At
		}
	}
	return out
}

// pipelines, elements and the time of the newest state, of all servers.
func (f *fleet) sum() (pipelines, elements int, at time.Time) {
	for _, s := range f.snaps {
		pipelines += len(s.Pipelines)
		elements += s.Counts.Elements
		if s.At.After(at) {
			at = s.At
		}
	}
	return pipelines, elements, at
}

// owner gives the server that an object of the graph is of.
func (p *Page) owner(id string) view.Session {
	f := p.asked.fleet
	if f == nil || p.session == nil {
		return p.session
	}
	has := func(s *inventory.Snapshot) bool { return s.Object(id) != nil || s.Pipeline(id) != nil }
	if i := slices.IndexFunc(f.snaps, has); i >= 0 && !has(p.view.Snapshot(p.session)) {
		return f.sessions[i]
	}
	return p.session
}

// movesNow is what was moved by hand of all that is shown.
func (p *Page) movesNow() *moves {
	if f := p.fleetNow(); f != nil {
		return f.moves
	}
	return p.movesOf(p.session)
}

// oneOnly says, while all servers are shown, that what was asked for is of one.
func (p *Page) oneOnly() bool {
	if p.asked.fleet != nil {
		p.tell("What changed is told of one server at a time: choose One server first.")
	}
	return p.asked.fleet != nil
}

// toggleAll goes to the graph of all servers, and back to the one that is
// selected.
func (p *Page) toggleAll() {
	p.all = !p.all
	p.fitted = true
	p.pathFrom, p.picked, p.mark = "", nil, time.Time{}
	p.setLens(func(l *lens) { l.focus, l.from, l.to = "", "", "" })
}

func (p *Page) fleetCommands() []page.Command {
	return []page.Command{{Title: "Graph: all servers side by side, or one", Run: p.toggleAll}}
}

// sayAll keeps the button that shows all servers up to date.
func (p *Page) sayAll() {
	b := p.bar.all
	several := p.view != nil && len(p.view.Workspace().Sessions()) > 1
	if several && p.all {
		b.Set("", "One server")
	} else {
		b.Set("", "All servers")
	}
	show(b, several)
	show(p.bar.compare, p.mark.IsZero() && !(several && p.all))
}
