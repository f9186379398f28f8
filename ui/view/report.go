package view

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"kmscope/inventory"
	"kmscope/report"
)

// ReportSource is one server to report on, at the moment that is looked at.
type ReportSource struct {
	Session  Session
	Snapshot *inventory.Snapshot
	// At is the moment; zero for the present.
	At time.Time
}

// ReportSources gives all servers, as the window shows them. Interface goroutine.
func (s *State) ReportSources() []ReportSource {
	var out []ReportSource
	for _, x := range s.ws.Sessions() {
		src := ReportSource{Session: x, Snapshot: s.Snapshot(x)}
		if at, live := s.Cursor(); !live {
			src.At = at
		}
		out = append(out, src)
	}
	return out
}

// Report gathers what is known of servers for a ticket, what is wrong first. tool
// is the program and its version, file what is being captured, or "". It may take long.
func Report(ctx context.Context, tool, file string, sources []ReportSource) *report.Document {
	doc := &report.Document{Tool: tool}
	live := false
	for _, src := range sources {
		live = live || src.Session.Live()
	}
	if live && file != "" {
		doc.Capture = filepath.Base(file)
	} else if len(sources) > 0 {
		doc.Capture = sources[0].Session.Name() // a replay is called after its file
	}
	for _, src := range sources {
		x, link := src.Session, src.Session.Link()
		problems := []report.Problem{}
		for _, p := range FindProblems(ctx, x, src.Snapshot, src.At) {
			one := report.Problem{Object: p.Object, Sure: p.Level >= Trouble}
			for _, r := range p.Reasons {
				text := r.Text
				if r.Figure { // the tables have the newest sample
					text += fmt.Sprintf(" (mean of %.0f s)", figuresOver.Seconds())
				}
				one.Reasons = append(one.Reasons, text)
			}
			problems = append(problems, one)
		}
		doc.Servers = append(doc.Servers, report.Server{Name: x.Name(), URL: x.URL(), Snapshot: src.Snapshot, Log: x.Timeline(), Negotiation: x.Negotiation(),
			Problems: problems, Figures: func(id string) []string { return figuresOf(src, id) }, Gaps: link.Gaps, Undecoded: link.Undecoded, Held: link.Held})
	}
	return doc
}

// figuresOf writes what the inspector shows of an object under NOW.
func figuresOf(src ReportSource, id string) []string {
	o := src.Snapshot.Object(id)
	if o == nil {
		return nil
	}
	var out []string
	key := ""
	for _, f := range nowSection(src.Session, o, src.At).Fields {
		if f.Key != "" {
			key = f.Key
		}
		out = append(out, key+" "+f.Value)
	}
	return out
}
