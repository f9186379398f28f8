package timelinepage

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kmscope/browserdump"
	"kmscope/timeline"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// carol is an endpoint of which the server said nothing.
const carol = pagetest.Room + "/cccccccc-0000-0000-0000-000000000000_kurento.WebRtcEndpoint"

// imported makes what a browser and a log tell of Alice, from a moment on.
func imported(begin time.Time) []view.Import {
	lay := func(fill func(at func(ms int) time.Time, log *timeline.Log, lanes *timeline.Lanes)) func(time.Duration) view.Laid {
		return func(add time.Duration) view.Laid {
			at := func(ms int) time.Time { return begin.Add(add + time.Duration(ms)*time.Millisecond) }
			l := view.Laid{Log: timeline.NewLog(0), Lanes: new(timeline.Lanes), To: at(5000)}
			fill(at, l.Log, l.Lanes)
			return l
		}
	}
	entry := func(at time.Time, log *timeline.Log, lanes *timeline.Lanes, object, kind, text string, bad timeline.Severity) {
		log.Lay(timeline.Entry{At: at, Object: object, Type: kind, Text: text, Severity: bad}, []byte(`{"value":"`+text+`"}`))
		lanes.LayTick(object, timeline.TickEvent, at, kind, bad)
	}
	return []view.Import{
		{Kind: view.Browser, Name: "browser", Object: pagetest.Alice, Lay: lay(func(at func(int) time.Time, log *timeline.Log, lanes *timeline.Lanes) {
			for i, state := range []string{"new", "checking", "failed"} {
				lanes.Lay(pagetest.Alice, browserdump.LaneICEConnection, at(1000*i), state)
			}
			entry(at(2000), log, lanes, pagetest.Alice, "iceconnectionstatechange", "ICE connection: checking -> failed", timeline.Error)
			entry(at(2500), log, lanes, pagetest.Alice, "icecandidate", "found host", timeline.Info)
		})},
		{Kind: view.Browser, Name: "other", Object: carol, Lay: lay(func(at func(int) time.Time, _ *timeline.Log, lanes *timeline.Lanes) {
			lanes.Lay(carol, browserdump.LaneConnection, at(0), "connecting")
			lanes.LayTick(carol, timeline.TickEvent, at(0), "createOffer", timeline.Info)
		})},
		{Kind: view.ServerLog, Name: "server log", Lay: lay(func(at func(int) time.Time, log *timeline.Log, lanes *timeline.Lanes) {
			entry(at(3000), log, lanes, pagetest.Alice, "rtpsession", "no clock", timeline.Warning)
			lanes.LayTick("", timeline.TickEvent, at(3000), "no clock", timeline.Warning)
			entry(at(4000), log, lanes, "", "dtls", "handshake broke", timeline.Error)
		})},
	}
}

// TestImportsOnTheTimeline lays what a browser and a log tell among the server's
// own rows and events.
func TestImportsOnTheTimeline(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 1000, 900)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	own := b.Log.Len()
	b.Settle(func() bool { return p.rows.len() == own })
	if p.servers.Visible() {
		t.Error("there are sources to choose from, of one")
	}
	b.State.SetImports(imported(b.At.Add(-10 * time.Second)))
	p.Update(b.State)
	b.Settle(func() bool { return p.rows.len() == own+4 })

	rows := func() string {
		var out []string
		for i := range p.board.rows {
			r := &p.board.rows[i]
			who := ""
			if r.beside != nil {
				who = r.beside.Name + ":"
			}
			out = append(out, view.ShortOf(r.object)+" "+who+string(r.lane))
		}
		return strings.Join(out, "\n")
	}
	want := " server log:log/lines\naaaa \naaaa flow-in/VIDEO\naaaa browser:browser/events\naaaa browser:browser/iceConnectionState\naaaa server log:log/lines\nbbbb \ncccc \ncccc other:browser/events\ncccc other:browser/connectionState"
	if got := rows(); got != want {
		t.Errorf("the rows are\n%s\nwant\n%s", got, want)
	}
	win.Canvas().Capture()
	if !p.servers.Visible() || p.head.cells[byServer] != "Source" {
		t.Errorf("the column of sources is called %q", p.head.cells[byServer])
	}

	// The rows of the table say who tells it, and so does what is copied.
	p.filter.SetText("checking")
	b.Settle(func() bool { return p.rows.len() == 1 })
	p.list.Select(0)
	if e, ok := p.chosenEntry(); !ok || e[0].source() != "browser" || !strings.Contains(p.raw.Text, "checking -> failed") || b.State.Selection().Object != pagetest.Alice {
		t.Errorf("chosen %+v, beside it %q", e, p.raw.Text)
	}
	p.copyRow()
	if got := tsv(mustChosen(t, p), b.State.Clock()); !strings.Contains(got, "\tbrowser\tWebRtcEndpoint aaaa\t") {
		t.Errorf("copied %q", got)
	}
	p.Update(b.State)
	p.setScope(nil, "")
	p.filter.SetText("")
	b.Settle(func() bool { return p.rows.len() == own+4 })

	// N and E go through all of them, in order of time.
	b.State.Pin(b.At.Add(-time.Hour))
	p.hasChosen = false
	var sources []string
	for range 3 {
		p.jump(jumpError, false)
		e := mustChosen(t, p)
		sources = append(sources, e[0].source()+" "+e[0].Type)
	}
	if got := strings.Join(sources, ", "); got != "server Error, browser iceconnectionstatechange, server log dtls" {
		t.Errorf("the errors are %s", got)
	}
	b.State.Pin(b.At.Add(-time.Hour))
	p.hasChosen = false
	if p.jump(jumpICE, false); mustChosen(t, p)[0].source() != "browser" {
		t.Error("the change of ICE in the browser is none to go to")
	}

	// The pointer over a state and over an event has it said.
	from, to := b.At.Add(-11*time.Second), b.At
	b.State.SetRange(from, to)
	p.Update(b.State)
	said := func(row int, at time.Duration) string {
		r := &p.board.rows[row]
		x, w := p.plot()
		p.board.pointer = &place{x + w*float64(at)/float64(to.Sub(from)), laneTop + r.y - p.board.scroll + laneHeight/2}
		return strings.Join(paintBoard(&p.board, p.lanes.Size().Width, p.lanes.Size().Height), " | ")
	}
	if s := said(4, 5*time.Second); !strings.HasPrefix(s, "ICE connection: failed for 3.00 s | ") || !strings.HasSuffix(s, "as the browser tells it") {
		t.Errorf("of a state it says %q", s)
	}
	if s := said(3, 3*time.Second); !strings.HasPrefix(s, "browser: iceconnectionstatechange  ICE connection: checking -> failed | ") {
		t.Errorf("of an event it says %q", s)
	}
	if s := said(0, 5*time.Second); !strings.HasPrefix(s, "server log: dtls  handshake broke | ") {
		t.Errorf("of a line it says %q", s)
	}

	// A person hides them, and closes them.
	for _, item := range p.besideItems() {
		item.Action()
	}
	b.Settle(func() bool { return p.rows.len() == own })
	if strings.Contains(rows(), ":") {
		t.Errorf("hidden, the rows are\n%s", rows())
	}
	for _, item := range p.besideItems() {
		item.Action()
	}
	b.Settle(func() bool { return p.rows.len() == own+4 })
	p.jump(jumpError, false)
	b.State.SetImports(nil)
	p.Update(b.State)
	b.Settle(func() bool { return p.rows.len() == own })
	if _, ok := p.chosenEntry(); ok || strings.Contains(rows(), ":") || p.servers.Visible() {
		t.Errorf("closed, the rows are\n%s", rows())
	}
}

// TestOneObjectOfALog has all lines of a log that name an object, whatever their
// level, where the page is narrowed to it.
func TestOneObjectOfALog(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New()
	b.Catch(&p.work)
	p.reader.OnUI = p.work.OnUI
	win := pagetest.Window(p, 1000, 900)
	defer win.Close()
	p.Shown(true)
	m := imported(b.At.Add(-10 * time.Second))[2]
	var asked atomic.Value // the narrowing is done elsewhere
	asked.Store("")
	m.Narrow = func(_ context.Context, object string, add time.Duration) (view.Laid, bool) {
		asked.Store(object)
		l := m.Lay(add)
		l.Log.Lay(timeline.Entry{At: b.At, Object: object, Type: "kmsiceniceagent", Text: "a detail"}, nil)
		l.Lanes.LayTick(object, timeline.TickEvent, b.At, "a detail", timeline.Info)
		return l, object != pagetest.Bob
	}
	b.State.SetImports([]view.Import{m})
	b.State.SelectObject(pagetest.Alice)
	p.Update(b.State)
	log := func() *timeline.Log {
		for _, o := range p.query().origins {
			if o.beside != nil {
				return o.log
			}
		}
		return nil
	}
	b.Settle(func() bool { return log().Total() == 3 && p.rows.len() > 0 })
	p.filter.SetText("detail")
	b.Settle(func() bool { return p.rows.len() == 1 })
	p.list.Select(0)
	if e := mustChosen(t, p); asked.Load() != pagetest.Alice || e[0].source() != "server log" || e[0].Text != "a detail" {
		t.Errorf("asked of %q, chosen %+v", asked.Load(), e)
	}
	// What cannot be read stays as it was, and is not asked for again and again.
	b.State.SelectObject(pagetest.Bob)
	p.Update(b.State)
	b.Settle(func() bool { return asked.Load() == pagetest.Bob && len(p.narrowed) == 1 })
	asked.Store("")
	p.Update(b.State)
	if log().Total() != 2 || asked.Load() != "" {
		t.Errorf("%d lines, asked again of %q", log().Total(), asked.Load())
	}
	p.setScope(nil, "")
	if len(p.narrowed) != 0 {
		t.Error("nothing is looked at, and still a log is narrowed")
	}
}

func mustChosen(t *testing.T, p *Page) []event {
	t.Helper()
	e, ok := p.chosenEntry()
	if !ok {
		t.Fatalf("nothing is chosen: %s", p.note)
	}
	return e
}

// paintBoard draws a board and gives what is said under the pointer.
func paintBoard(b *board, width, height float32) []string {
	c, l := paint.NewCanvas(), surface.LookOf(theme.Dark)
	c.Begin(int(width), int(height), l.Background)
	b.paint(c, l, 1)
	return b.said
}
