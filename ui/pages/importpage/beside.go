package importpage

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kmscope/browserdump"
	"kmscope/stats"
	"kmscope/timeline"
	"kmscope/timeline/serverlog"
	"kmscope/ui/view"
)

// What the window lays beside the server's own events and figures on the other
// pages (see view.Import): of a dump each connection that has an endpoint, of a
// log its errors and warnings, which is all of it that is kept in memory. All of
// it is made ready once, where the file is read; to lay it is to add a time.

// maxMarks is how many lines of one log are laid beside a server: the errors
// and warnings, of more the newest; and how many of one object, at any level,
// where somebody looks at that. All lines are on this page.
const maxMarks = 10_000

// happened is one event or line, by its own clock.
type happened struct {
	timeline.Entry
	raw json.RawMessage
}

// part is what of a source belongs to one server.
type part struct {
	view.Import
	events  []happened
	conn    *browserdump.PeerConnection // nil for a log
	figures []stats.Series
	by      time.Duration // its clock to that of the server, without the shift by hand
	to      time.Time
}

// prepare makes the parts ready. Any goroutine.
func (s *source) prepare(ctx context.Context) error {
	if s.dump != nil {
		s.prepareDump()
		return nil
	}
	return s.prepareLog(ctx)
}

func (s *source) prepareDump() {
	s.parts = nil
	for i := range s.result.Pairings {
		m := &s.result.Pairings[i]
		by, _ := s.result.Offset(m.Connection)
		name := "browser"
		if len(s.result.Pairings) > 1 {
			name += " " + m.Connection.ID
		}
		p := part{Import: view.Import{Kind: view.Browser, Name: name, Server: m.Server, Object: m.Object},
			conn: m.Connection, figures: m.Connection.Figures(m.Object, 0), by: by, to: m.Connection.To}
		before := map[string]*browserdump.Entry{}
		for k := range m.Connection.Entries {
			if e := &m.Connection.Entries[k]; !e.At.IsZero() {
				p.events = append(p.events, eventOf(e, before))
			}
		}
		s.parts = append(s.parts, p)
	}
}

// stateWords are the states of a connection by the events that tell of them.
var stateWords = map[string]string{"signalingstatechange": "signaling", "icegatheringstatechange": "ICE gathering",
	"iceconnectionstatechange": "ICE connection", "connectionstatechange": "connection"}

// eventOf writes an entry of a browser's log as an event; before holds the last
// entry of each state.
func eventOf(e *browserdump.Entry, before map[string]*browserdump.Entry) happened {
	h := happened{Entry: timeline.Entry{At: e.At, Type: e.Event, Text: e.Text}}
	if h.Type == "" {
		h.Type = e.Type
	}
	switch word := stateWords[e.Event]; {
	case word != "":
		h.Severity = timeline.Notice
		h.Text = word + ": " + e.Value
		if was := before[e.Event]; was != nil {
			h.Text = fmt.Sprintf("%s: %s -> %s after %s", word, was.Value, e.Value, stretch(e.At.Sub(was.At)))
		}
		before[e.Event] = e
		if e.Value == "disconnected" {
			h.Severity = timeline.Warning
		}
	case e.Event == "icecandidate":
		h.Text = "found " + e.Text
	case e.Event == "addIceCandidate":
		h.Text = "was given " + e.Text
	case h.Text == "" && strings.HasSuffix(e.Type, "OnSuccess"):
		h.Text = "done"
	}
	if e.Failed {
		h.Severity = timeline.Error
	}
	h.Text = oneLine(h.Text)
	h.raw = rawOf(struct {
		Type  string    `json:"type"`
		Time  time.Time `json:"browserTime"`
		Value any       `json:"value"`
	}{e.Type, e.At, valueOf(e.Value)})
	return h
}

// valueOf is the value of an entry, as what it is, without secrets.
func valueOf(text string) any {
	masked := view.MaskText(text)
	var v any
	if strings.HasPrefix(masked, "{") && json.Unmarshal([]byte(masked), &v) == nil {
		return v
	}
	return masked
}

func rawOf(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil // there is nothing in it that JSON has not
	}
	return raw
}

// prepareLog reads the texts of the worst lines.
func (s *source) prepareLog(ctx context.Context) error {
	p := part{Import: view.Import{Kind: view.ServerLog, Name: "server log"}, to: s.to}
	var err error
	if p.events, err = s.lines(ctx, s.book.Worst(serverlog.Warning, maxMarks)); err != nil {
		return err
	}
	for i := range p.events {
		if p.Object = p.events[i].Object; p.Object != "" {
			break
		}
	}
	s.parts = []part{p}
	return nil
}

// lines reads lines of a log.
func (s *source) lines(ctx context.Context, rows []int32) ([]happened, error) {
	out := make([]happened, 0, len(rows))
	for i, n := range rows {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		l, err := s.book.Line(int(n))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(s.path), err)
		}
		out = append(out, lineOf(&l, s.book.Object(int(n))))
	}
	return out, nil
}

// narrow gives the part of a log with what else it says of an object, the newest
// of it. Any goroutine.
func (s *source) narrow(ctx context.Context, object string) (*part, bool) {
	s.inUse.RLock()
	defer s.inUse.RUnlock()
	rows, err := s.book.Select(ctx, serverlog.Filter{Object: object})
	if err != nil {
		return nil, false
	}
	rows = slices.DeleteFunc(rows, func(n int32) bool {
		l := s.book.Level(int(n))
		return l == serverlog.Error || l == serverlog.Warning // they are there
	})
	more, err := s.lines(ctx, rows[max(len(rows)-maxMarks, 0):])
	if err != nil {
		return nil, false // closed, or changed, meanwhile
	}
	p := s.parts[0]
	p.events = slices.Concat(p.events, more)
	return &p, true
}

// lineOf writes a line of a log as an event.
func lineOf(l *serverlog.Line, object string) happened {
	h := happened{Entry: timeline.Entry{At: l.At(0), Object: object, Type: l.Component, Text: oneLine(l.Text)}}
	if h.Type == "" {
		h.Type = "log"
	}
	switch l.Level {
	case serverlog.Error:
		h.Severity = timeline.Error
	case serverlog.Warning:
		h.Severity = timeline.Warning
	}
	text := view.MaskText(strings.ToValidUTF8(l.Text, "�"))
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "") + "…"
	}
	h.raw = rawOf(struct {
		Line     int64  `json:"line"`
		Level    string `json:"level"`
		Source   string `json:"source,omitempty"`
		Function string `json:"function,omitempty"`
		Element  string `json:"element,omitempty"`
		Thread   string `json:"thread,omitempty"`
		Text     string `json:"text"`
	}{l.Number, l.Level.String(), l.Source, l.Function, l.Element, l.Thread, text})
	return h
}

// imports gives the parts as the window lays them.
func (s *source) imports() []view.Import {
	var out []view.Import
	for i := range s.parts {
		p := &s.parts[i]
		by := p.by + s.shift
		if s.book != nil {
			by = s.book.Offset() // the shift is in it
		}
		m := p.Import
		m.Capture = s.replay
		m.Lay = func(add time.Duration) view.Laid { return p.lay(by + add) }
		if s.book != nil {
			m.Narrow = func(ctx context.Context, object string, add time.Duration) (view.Laid, bool) {
				x, ok := s.narrow(ctx, object)
				if !ok {
					return view.Laid{}, false
				}
				return x.lay(by + add), true
			}
		}
		out = append(out, m)
	}
	return out
}

// lay makes what the other pages show, with a time added to the own clock.
func (p *part) lay(by time.Duration) view.Laid {
	out := view.Laid{Log: timeline.NewLog(0), Lanes: new(timeline.Lanes), To: p.to.Add(by)}
	for i := range p.events {
		e := p.events[i].Entry
		e.At = e.At.Add(by)
		if p.Kind == view.Browser {
			e.Object = p.Object
			out.Lanes.LayTick(e.Object, timeline.TickEvent, e.At, e.Type+"  "+e.Text, e.Severity)
		} else {
			out.Lanes.LayTick("", timeline.TickEvent, e.At, e.Text, e.Severity)
			if e.Object != "" {
				out.Lanes.LayTick(e.Object, timeline.TickEvent, e.At, e.Text, e.Severity)
			}
		}
		out.Log.Lay(e, p.events[i].raw)
	}
	if p.conn != nil {
		for _, l := range p.conn.Lanes(p.Object, by) {
			for _, x := range l.Intervals {
				out.Lanes.Lay(p.Object, l.Lane, x.From, x.State)
			}
		}
	}
	for _, s := range p.figures {
		points := make([]stats.Point, len(s.Points))
		for i, pt := range s.Points {
			pt.At = pt.At.Add(by)
			points[i] = pt
		}
		s.Points = points
		out.Series = append(out.Series, s)
	}
	return out
}

// handOver has the other pages show what is open.
func (p *Page) handOver() {
	if p.view == nil {
		return
	}
	var list []view.Import
	for _, s := range p.sources {
		list = append(list, s.imports()...)
	}
	for i := range list { // what tells them apart
		same := 1
		for _, x := range list[:i] {
			if x.Name == list[i].Name || strings.HasPrefix(x.Name, list[i].Name+" #") {
				same++
			}
		}
		if same > 1 {
			list[i].Name = fmt.Sprintf("%s #%d", list[i].Name, same)
		}
	}
	p.view.SetImports(list)
}
