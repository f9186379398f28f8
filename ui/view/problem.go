package view

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/negotiation"
	"kmscope/stats"
)

// What is wrong, in one place.
//
// Each page judges what it shows: the graph its states, the negotiation page its
// findings, the inspector its figures. Somebody in the middle of an incident does
// not know yet which page to open, so the same judgements are gathered here for
// all objects of a server, the worst first. Nothing is judged anew: what stands
// here can be seen on the page that it comes from.

// Problem is what is wrong, or may be, with one object.
type Problem struct {
	Object string
	// Level is that of the worst reason: Attention or Trouble.
	Level Level
	// States is what the states of the object alone said then. Where they say better
	// now, reasons that are no figures are of the past.
	States Level
	// Reasons are what is so, the worst first; never empty.
	Reasons []Reason
}

// Reason is one thing that is so of an object and should not be.
type Reason struct {
	Level Level
	Text  string
	// Advice says what to do; "" where nothing can be said.
	Advice string
	// Figure is set where a mean of samples is judged: it changes with every sample.
	Figure bool
}

const (
	// maxNegotiations bounds how many endpoints are looked at for findings.
	maxNegotiations = 500
	// figuresOver is how long figures are averaged: one bad second is no trouble.
	figuresOver = 10 * time.Second
	// leastFigures is how many samples are needed for a judgement.
	leastFigures = 3
)

// FindProblems gathers what is known to be wrong on a server, or was at a past
// moment unless at is zero; the worst first. It may take long for thousands of
// objects, and gives what it has when ctx ends. Any goroutine.
func FindProblems(ctx context.Context, x Session, snap *inventory.Snapshot, at time.Time) []Problem {
	return new(ProblemFinder).Find(ctx, x, snap, at)
}

// ProblemFinder does what FindProblems does, and is faster where it did so of nearly
// the same snapshot before. The zero ProblemFinder is ready; it belongs to one
// goroutine at a time.
type ProblemFinder struct{ graph graph.Builder }

// Find gives the same as FindProblems.
func (pf *ProblemFinder) Find(ctx context.Context, x Session, snap *inventory.Snapshot, at time.Time) []Problem {
	f := &problemFinder{ctx: ctx, x: x, snap: snap, at: at, reasons: map[string][]Reason{}}
	g, _ := pf.graph.BuildAlive(snap, graph.Figures{})
	pf.graph.Forget(0)
	f.negotiations()
	f.states(g)
	f.connections(g)
	f.figures()
	out := make([]Problem, 0, len(f.order))
	said := make(map[string]Level, len(f.order))
	for i := range g.Nodes {
		if n := &g.Nodes[i]; f.reasons[n.ID] != nil {
			said[n.ID] = levelOf(n.Health)
		}
	}
	for _, id := range f.order {
		r := f.reasons[id]
		slices.SortStableFunc(r, func(a, b Reason) int { return cmp.Compare(b.Level, a.Level) })
		out = append(out, Problem{Object: id, Level: r[0].Level, States: said[id], Reasons: r})
	}
	slices.SortStableFunc(out, func(a, b Problem) int { return cmp.Compare(b.Level, a.Level) })
	return out
}

// OnlyFiguresDiffer tells whether two lists of FindProblems say the same of what
// things are and only figures differ, or for how long something is so: no person
// needs to see that sooner than the other figures.
func OnlyFiguresDiffer(a, b []Problem) bool {
	return slices.Equal(lasting(a), lasting(b))
}

// lasting gives what does not change with every sample or second.
func lasting(list []Problem) []string {
	var out []string
	for _, p := range list {
		for _, r := range p.Reasons {
			if !r.Figure {
				out = append(out, fmt.Sprint(p.Object, r.Level, strings.Map(withoutDigits, r.Text)))
			}
		}
	}
	slices.Sort(out) // the worst first: a figure changes the order
	return out
}

func withoutDigits(r rune) rune {
	if r >= '0' && r <= '9' {
		return -1
	}
	return r
}

type problemFinder struct {
	ctx     context.Context
	x       Session
	snap    *inventory.Snapshot
	at      time.Time
	reasons map[string][]Reason
	order   []string
	// silent are the media that an endpoint did not negotiate, by id.
	silent map[string][]inventory.Media
}

func (f *problemFinder) add(id string, r Reason) {
	if slices.ContainsFunc(f.reasons[id], func(x Reason) bool { return x.Text == r.Text }) {
		return
	}
	if f.reasons[id] == nil {
		f.order = append(f.order, id)
	}
	f.reasons[id] = append(f.reasons[id], r)
}

// negotiations takes the warnings and errors of the negotiation page.
func (f *problemFinder) negotiations() {
	f.silent = map[string][]inventory.Media{}
	log := f.x.Negotiation()
	looked := 0
	for _, p := range f.snap.Pipelines {
		for _, o := range p.Objects {
			if !o.Alive() || !negotiation.Negotiates(o.Type) {
				continue
			}
			if looked++; looked > maxNegotiations || f.ctx.Err() != nil {
				return
			}
			var h negotiation.History
			if log != nil {
				h = log.History(o.ID)
			}
			if !f.at.IsZero() {
				h = h.Until(f.at)
			}
			n := negotiation.Of(o, h, f.snap.At)
			f.silent[o.ID] = silentMedia(&n)
			for _, one := range n.Findings {
				switch one.Severity {
				case negotiation.Error:
					f.add(o.ID, Reason{Level: Trouble, Text: upperFirst(one.Text), Advice: one.Advice})
				case negotiation.Warning:
					f.add(o.ID, Reason{Level: Attention, Text: upperFirst(one.Text), Advice: one.Advice})
				case negotiation.Info:
				}
			}
		}
	}
}

// silentMedia gives the media that the server's description of an endpoint does
// not have: nothing of them is to be expected.
func silentMedia(n *negotiation.Negotiation) []inventory.Media {
	d := n.LocalDescription
	if d == nil {
		return nil
	}
	var out []inventory.Media
	for _, m := range []inventory.Media{inventory.Video, inventory.Audio} {
		if !slices.ContainsFunc(d.Media, func(s negotiation.Section) bool {
			return strings.EqualFold(s.Kind, string(m)) && s.Port != 0 && s.Direction != "inactive"
		}) {
			out = append(out, m)
		}
	}
	return out
}

// states takes what the graph shows in yellow and red.
func (f *problemFinder) states(g *graph.Graph) {
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Dead || n.Health != graph.HealthWarning && n.Health != graph.HealthError {
			continue
		}
		told := slices.ContainsFunc(f.reasons[n.ID], func(r Reason) bool { return strings.HasPrefix(r.Text, "ICE ") })
		for _, b := range n.States {
			level := levelOf(b.Health)
			if level < Attention || told && b.Lane == "ICE" {
				continue
			}
			r := Reason{Level: level, Text: upperFirst(b.Text)}
			if b.Lane == "errors" {
				if o := f.snap.Object(n.ID); o != nil && o.LastError != "" {
					r.Text += ", the last: " + o.LastError
				}
			} else if age := f.snap.At.Sub(b.Since); !b.Since.IsZero() && age >= time.Second {
				r.Text += " for " + Ago(age)
			}
			f.add(n.ID, r)
		}
	}
}

// connections finds where one medium flows and the other, which was negotiated
// as well, does not.
func (f *problemFinder) connections(g *graph.Graph) {
	type way struct{ from, to string }
	flows := map[way]map[inventory.Media]graph.Flow{}
	var order []way
	for _, e := range g.Edges {
		if e.PartOf || e.Media != inventory.Video && e.Media != inventory.Audio {
			continue
		}
		w := way{e.From, e.To}
		if flows[w] == nil {
			flows[w] = map[inventory.Media]graph.Flow{}
			order = append(order, w)
		}
		flows[w][e.Media] = e.Flow
	}
	for _, w := range order {
		for _, m := range []inventory.Media{inventory.Video, inventory.Audio} {
			other := inventory.Audio
			if m == inventory.Audio {
				other = inventory.Video
			}
			if flows[w][m] != graph.NotFlowing || flows[w][other] != graph.Flowing ||
				slices.Contains(f.silent[w.from], m) || slices.Contains(f.silent[w.to], m) {
				continue
			}
			f.add(w.from, Reason{Level: Attention, Text: fmt.Sprintf("Sends no %s to %s, but %s", word(m), Title(f.snap, w.to), word(other)),
				Advice: "A camera or microphone that is off, muted or denied gives none; see which media flow into this element."})
		}
	}
}

func word(m inventory.Media) string { return strings.ToLower(string(m)) }

// figures takes what the inspector shows in yellow and red, averaged.
func (f *problemFinder) figures() {
	store := f.x.Stats()
	if store == nil {
		return
	}
	metrics := []string{stats.CPU}
	for _, row := range nowRows {
		if row.judge != nil && !slices.Contains(metrics, row.metric) {
			metrics = append(metrics, row.metric)
		}
	}
	_, to := store.Span()
	if !f.at.IsZero() {
		offset, _ := store.ClockOffset()
		to = f.at.Add(offset)
	}
	for _, s := range store.Series(stats.Query{Metrics: metrics, From: to.Add(-figuresOver), To: to}) {
		o := f.snap.Object(s.Key.Element)
		server := s.Key.Element == inventory.ManagerID
		if len(s.Points) < leastFigures || !server && (o == nil || !o.Alive()) {
			continue
		}
		sum := 0.0
		for _, p := range s.Points {
			sum += p.V
		}
		mean := sum / float64(len(s.Points))
		if level := cpuLevel(mean); s.Key.Metric == stats.CPU && level >= Attention {
			f.add(s.Key.Element, Reason{Level: level, Figure: true, Text: "CPU of the server " + stats.Format(mean, s.Unit),
				Advice: "Media stutter when all cores are busy. Transcoding costs the most: look for gears in the tree."})
		}
		for _, row := range nowRows {
			if row.metric != s.Key.Metric || row.dir != s.Key.Dir || row.judge == nil {
				continue
			}
			if level := row.judge(mean); level >= Attention {
				text := row.key + " " + stats.Format(mean, s.Unit)
				if s.Key.Media != "" {
					text = strings.ToLower(s.Key.Media) + " " + text
				}
				f.add(s.Key.Element, Reason{Level: level, Figure: true, Text: upperFirst(text), Advice: "Mean of the last 10 s. " + metricHelp(s.Key.Metric)})
			}
		}
	}
}

// upperFirst begins a sentence, unless it begins with a word of SDP: "a=ice-ufrag".
func upperFirst(s string) string {
	if s == "" || len(s) > 1 && s[1] == '=' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Problems gives what SetProblems was told of a session, and whether it was told
// anything yet.
func (s *State) Problems(x Session) (list []Problem, known bool) {
	list, known = s.problems[x]
	return list, known
}

// SetProblems tells what is wrong on a server, as FindProblems gave it.
func (s *State) SetProblems(x Session, list []Problem) {
	if s.problems == nil {
		s.problems = map[Session][]Problem{}
	}
	s.problems[x] = list
	levels := map[string]Level{}
	for _, p := range list {
		levels[p.Object] = p.Level
		if pipeline := inventory.PipelineOf(p.Object); pipeline != "" {
			levels[pipeline] = max(levels[pipeline], p.Level)
		}
	}
	if s.levels == nil {
		s.levels = map[Session]map[string]Level{}
	}
	s.levels[x] = levels
}

// worse gives the worse of a level and that of the problems of an object.
func (s *State) worse(l Level, x Session, id string) Level { return max(l, s.levels[x][id]) }

// maxProblems bounds how many objects the inspector lists.
const maxProblems = 12

// problemSection lists what is wrong with an object and what is in it; "" is the
// whole server.
func (s *State) problemSection(x Session, snap *inventory.Snapshot, id string) Section {
	sec := Section{Title: "TROUBLE"}
	list, known := s.Problems(x)
	if !known {
		return sec
	}
	more := 0
	for _, p := range list {
		switch {
		case id == "":
		case p.Object == id:
			for i, r := range p.Reasons {
				sec.Fields = append(sec.Fields, Field{ID: fmt.Sprintf("trouble/%d", i), Value: r.Text, Level: r.Level, Detail: r.Advice, Wide: true})
			}
			continue
		case !strings.HasPrefix(p.Object, id+"/"):
			continue
		}
		if snap.Object(p.Object) == nil && p.Object != inventory.ManagerID {
			continue // it is not there at the moment that is shown
		}
		if len(sec.Fields) >= maxProblems {
			more++
			continue
		}
		texts := make([]string, len(p.Reasons))
		for i, r := range p.Reasons {
			texts[i] = r.Text
		}
		title, target := Title(snap, p.Object), Selection{Session: x, Object: p.Object}
		if p.Object == inventory.ManagerID {
			title, target = "the server", Selection{}
		}
		sec.Fields = append(sec.Fields, Field{ID: "trouble/" + p.Object, Key: title, Value: p.Reasons[0].Text, Level: p.Level,
			Detail: strings.Join(texts, "\n"), Wide: true, Target: target})
	}
	if more > 0 {
		sec.Fields = append(sec.Fields, Field{ID: "trouble/more", Value: "and " + Plural(more, "more object"), Dim: true, Wide: true})
	}
	if len(sec.Fields) == 0 && id == "" && snap.Counts.Elements > 0 && settled(x) {
		sec.Empty = "none that is known"
	}
	return sec
}

// settled reports whether enough is known of a server to say that nothing is wrong.
func settled(x Session) bool {
	l := x.Link()
	return l.Reading == "" && (l.State == Connected || !x.Live())
}

// problemText sums up the problems of a server for the status bar; "" without any.
func problemText(list []Problem) Phrase {
	bad, doubtful := 0, 0
	var names []string
	for _, p := range list {
		if p.Level >= Trouble {
			bad++
		} else {
			doubtful++
		}
		if len(names) < 5 {
			names = append(names, p.Reasons[0].Text)
		}
	}
	switch {
	case bad > 0:
		return Phrase{Text: Thousands(bad) + " in trouble", Level: Trouble, Tip: strings.Join(names, "\n")}
	case doubtful > 0:
		return Phrase{Text: Thousands(doubtful) + " to look at", Level: Attention, Tip: strings.Join(names, "\n")}
	}
	return Phrase{}
}
