package timelinepage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/timeline"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// The board is the lanes as they stand on the page: which rows there are, where,
// and what they say at a moment. It knows no widget; boardpaint draws it. What a
// frame costs is the rows that are seen times the columns: the model gives one
// bar a column at most, whatever the zoom and however many events.

// The measures of the board, in window units.
const (
	laneHeight = 22.0
	laneHead   = 26.0
	laneTop    = 24.0
	laneFoot   = 26.0
	laneLeft   = 184.0
	laneRight  = 16.0
)

// manyObjects is from how many objects on they come folded.
const manyObjects = 12

// boardServer is a server whose lanes are shown.
type boardServer struct {
	session view.Session
	source  *timeline.Lanes
	snap    *inventory.Snapshot
	name    string
	end     time.Time
	beside  []*view.Beside
}

// boardRow is one line: the head of a server, where there are several (no
// object), that of an object (no lane), or a lane of it; or what is laid beside
// the object, or, without one, beside the server.
type boardRow struct {
	server int // number in the board's servers
	object string
	lane   inventory.Lane
	beside *view.Beside // whose lane it is; nil: the server's own
	died   time.Time
	lanes  []inventory.Lane // of a head
	y      float64
}

type board struct {
	servers []boardServer
	rows    []boardRow
	height  float64 // of all rows
	folded  map[string]bool
	opened  map[string]bool // by hand, where folded is the rule

	time   surface.TimeAxis
	scroll float64

	// mark and until are the two ends of a measure; zero: none.
	mark, until time.Time
	// pointer is where the pointer is, at nil nowhere.
	pointer *place
	said    []string // under the pointer, in the last frame

	bars  []timeline.Bar
	ticks []timeline.Tick
	spans []timeline.Span
}

// place is a position on the board, in window units.
type place struct{ x, y float64 }

// arrange lists the rows of the objects in scope.
func (b *board) arrange(scope string) {
	b.rows, b.height = b.rows[:0], 0
	objects := make([][]timeline.LaneObject, len(b.servers))
	total := 0
	for i := range b.servers {
		for _, o := range b.servers[i].source.Objects(scope) {
			if len(o.Lanes) > 0 || o.Errors > 0 || b.told(i, o.ID) {
				objects[i] = append(objects[i], o)
			}
		}
		objects[i] = b.addTold(i, scope, objects[i])
		b.sort(i, objects[i])
		total += len(objects[i])
	}
	for i := range b.servers {
		if len(b.servers) > 1 {
			b.add(boardRow{server: i}, laneHead)
			if b.folded[b.key(&b.rows[len(b.rows)-1])] {
				continue
			}
		}
		if scope == "" {
			b.addLogs(i)
		}
		for _, o := range objects[i] {
			b.add(boardRow{server: i, object: o.ID, died: o.Died, lanes: o.Lanes}, laneHead)
			if total > manyObjects && !b.opened[o.ID] || b.folded[o.ID] {
				continue
			}
			for _, lane := range o.Lanes {
				b.add(boardRow{server: i, object: o.ID, lane: lane, died: o.Died}, laneHeight)
			}
			b.addBeside(i, &o)
		}
	}
}

// sort puts the objects of a server in the order of the tree: those of a pipeline
// together, by their names, and those without one as they became known.
func (b *board) sort(server int, list []timeline.LaneObject) {
	snap, pipes := b.servers[server].snap, map[string]int{}
	type placed struct {
		timeline.LaneObject
		pipe   int
		object *inventory.Object
	}
	unknown := new(inventory.Object)
	all := make([]placed, len(list))
	for i, x := range list {
		id := inventory.PipelineOf(x.ID)
		if pipes[id] == 0 {
			pipes[id] = len(pipes) + 1
		}
		all[i] = placed{x, pipes[id], snap.Object(x.ID)}
		if all[i].object == nil {
			all[i].object = unknown
		}
	}
	slices.SortStableFunc(all, func(x, y placed) int {
		return cmp.Or(x.pipe-y.pipe, view.ByName(x.object, y.object))
	})
	for i := range all {
		list[i] = all[i].LaneObject
	}
}

// key names a head among those that are folded or opened. The name of no object
// begins as that of a server does here.
func (b *board) key(r *boardRow) string {
	if r.object == "" {
		return "\x00" + b.servers[r.server].name
	}
	return r.object
}

// of gives the server of a row.
func (b *board) of(r *boardRow) *boardServer { return &b.servers[r.server] }

func (b *board) add(r boardRow, height float64) {
	r.y = b.height
	b.rows = append(b.rows, r)
	b.height += height
}

// open tells whether what belongs to the head at i is listed.
func (b *board) open(i int) bool {
	if r := &b.rows[i]; r.object == "" {
		return !b.folded[b.key(r)]
	}
	return i+1 < len(b.rows) && b.rows[i+1].lane != ""
}

// fold opens or folds the head at i.
func (b *board) fold(i int) {
	key := b.key(&b.rows[i])
	if b.open(i) {
		b.folded[key] = true
		delete(b.opened, key)
		return
	}
	b.opened[key] = true
	delete(b.folded, key)
}

// full is the height that shows all rows.
func (b *board) full() float64 { return laneTop + b.height + laneFoot }

// hold keeps the scrolling within bounds.
func (b *board) hold(height float64) {
	b.scroll = min(max(b.scroll, 0), max(b.full()-height, 0))
}

// rowAt gives the row at a height of the window; -1 is none.
func (b *board) rowAt(y, height float64) int {
	if y < laneTop || y > height-laneFoot {
		return -1
	}
	y += b.scroll - laneTop
	for i := range b.rows {
		if r := &b.rows[i]; y >= r.y && y < r.y+rowHeight(r) {
			return i
		}
	}
	return -1
}

func rowHeight(r *boardRow) float64 {
	if r.lane == "" {
		return laneHead
	}
	return laneHeight
}

// plot is the part of a window of the given width that shows time.
func plot(width float64) (x, w float64) {
	x = min(laneLeft, width*0.3)
	return x, max(width-x-laneRight, 10)
}

func (b *board) window(r *boardRow, columns int) timeline.Window {
	end := b.of(r).end
	if r.beside != nil {
		end = r.beside.To
	}
	return timeline.Window{From: b.time.From, To: b.time.To, Columns: columns, End: end}
}

// story is one sentence on an element whose lanes contradict each other or say
// that it is in trouble: what a person must see first.
type story struct {
	text  string
	level view.Level
}

// flow is what the lanes of one direction say at a moment.
type flow struct {
	flowing, stopped, silent []string // media
	since                    time.Time
}

func (f *flow) add(medium string, s *timeline.Bar) {
	switch {
	case s.State == "FLOWING":
		f.flowing = append(f.flowing, medium)
	case s.Source != inventory.FromEvent:
		f.silent = append(f.silent, medium) // not known to have flowed at all
	default:
		f.stopped = append(f.stopped, medium)
		if f.since.IsZero() || s.From.Before(f.since) {
			f.since = s.From
		}
	}
}

func media(list []string) string { return strings.Join(slices.Compact(list), ", ") }

// tell gives the story of an object at the cursor, or at the end, or, of a dead
// one, at its death. What flows into a WebRtcEndpoint goes to its peer, and what
// the peer sends flows out of it (kurento.MediaElement): so it is the one whose
// outflow stops that has lost its peer, and the one whose inflow stops has lost
// what feeds it.
func (b *board) tell(head *boardRow) story {
	at, server := b.time.Cursor, b.of(head)
	if at.IsZero() || at.After(server.end) {
		at = server.end
	}
	gone := ""
	if !head.died.IsZero() && !at.Before(head.died) {
		at = head.died
		gone = "; released " + b.time.Clock.Format(head.died)
	}
	at = at.Add(-time.Microsecond)
	var ice, closed []timeline.Bar
	var in, out flow
	mediaState := timeline.Bar{}
	for _, lane := range head.lanes {
		s, ok := server.source.At(head.object, lane, at, server.end)
		if !ok || s.From.After(at) {
			continue
		}
		kind, rest, _ := strings.Cut(string(lane), "/")
		medium, _, _ := strings.Cut(strings.ToLower(rest), "/")
		switch {
		case kind == "ice" && s.State == "FAILED":
			return story{"ICE failed " + b.since(s.From, at) + gone, view.Trouble}
		case kind == "dtls" && s.State == "FAILED":
			return story{"DTLS failed " + b.since(s.From, at) + gone, view.Trouble}
		case kind == "ice" && !strings.HasSuffix(rest, "/2"):
			ice = append(ice, s)
		case kind == "dtls" && s.State == "CLOSED":
			closed = append(closed, s)
		case kind == "media":
			mediaState = s
		case kind == "flow-in":
			in.add(medium, &s)
		case kind == "flow-out":
			out.add(medium, &s)
		}
	}
	var st story
	if len(ice) > 0 {
		st = b.tellPeer(ice, closed, &mediaState, &in, &out, at)
	} else {
		st = b.tellElement(&in, &out, at)
	}
	if st.text != "" {
		st.text += gone
	}
	return st
}

// tellPeer gives the story of an endpoint with a peer.
func (b *board) tellPeer(ice, closed []timeline.Bar, mediaState *timeline.Bar, in, out *flow, at time.Time) story {
	up := ""
	for _, s := range ice {
		if s.State != "READY" && s.State != "CONNECTED" {
			up = ""
			break
		}
		up = s.State
	}
	switch {
	case len(closed) > 0:
		text := "The other side hung up " + b.since(closed[0].From, at) + ": DTLS closed"
		if len(out.stopped)+len(in.stopped) > 0 {
			text += ", nothing comes from it"
		}
		return story{text, view.Attention}
	case len(out.stopped) > 0 && len(out.flowing) > 0:
		return story{media(out.stopped) + " stopped coming from the peer " + b.since(out.since, at) + "; " + media(out.flowing) + " goes on", view.Trouble}
	case len(out.stopped) > 0:
		text := "Nothing comes from the peer " + b.since(out.since, at)
		if up != "" {
			text += ", yet ICE still says " + up
		}
		if mediaState.State == "DISCONNECTED" {
			text += " (media: DISCONNECTED)"
		}
		return story{text, view.Trouble}
	case len(in.stopped) > 0 && len(in.flowing) > 0:
		return story{media(in.stopped) + " for the peer stopped " + b.since(in.since, at) + "; " + media(in.flowing) + " goes on", view.Attention}
	case len(in.stopped) > 0:
		return story{"Nothing to send to the peer " + b.since(in.since, at) + ": what feeds it stopped", view.Attention}
	case ice[0].State == "CONNECTING" && at.Sub(ice[0].From) > 10*time.Second:
		return story{"ICE has been trying " + b.since(ice[0].From, at), view.Attention}
	case len(out.flowing) > 0 && len(out.silent) > 0:
		return story{"No " + media(out.silent) + " comes from the peer, but " + media(out.flowing), view.Unknown}
	case len(in.flowing) > 0 && len(in.silent) > 0:
		return story{"No " + media(in.silent) + " goes to the peer, but " + media(in.flowing), view.Unknown}
	}
	return story{}
}

// tellElement gives that of any other element.
func (b *board) tellElement(in, out *flow, at time.Time) story {
	switch {
	case len(in.stopped) > 0 && len(in.flowing) > 0:
		return story{media(in.stopped) + " stopped arriving " + b.since(in.since, at) + "; " + media(in.flowing) + " goes on", view.Trouble}
	case len(in.stopped) > 0:
		return story{"Nothing arrives " + b.since(in.since, at), view.Trouble}
	case len(out.stopped) > 0 && len(out.flowing) == 0:
		return story{"Nothing goes out " + b.since(out.since, at), view.Attention}
	}
	return story{}
}

// since writes "since 12:03:44.120 (31 s)".
func (b *board) since(from, at time.Time) string {
	return "since " + b.time.Clock.Format(from) + " (" + lasting(at.Sub(from)) + ")"
}

// lasting writes a duration: "0.4 ms", "312 ms", "4.21 s", "2 min 5 s".
func lasting(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// barWords says all of a bar, for the pointer.
func (b *board) barWords(r *boardRow, x *timeline.Bar) []string {
	title := view.LaneTitle(r.lane)
	times := b.time.Clock.Format(x.From) + " to " + b.time.Clock.Format(x.To)
	if x.Count > 1 {
		return []string{title + ": " + view.Plural(x.Count, "state") + " within " + lasting(x.To.Sub(x.From)), times, "zoom in to see them"}
	}
	words := []string{title + ": " + strings.ReplaceAll(x.State, "_", " ") + " for " + lasting(x.To.Sub(x.From)), times}
	if r.beside != nil {
		return append(words, "as the "+r.beside.Name+" tells it")
	}
	if x.Holds {
		words[0], words[1] = words[0]+" so far", "since "+b.time.Clock.Format(x.From)
	}
	if x.Source == inventory.FromRead {
		words = append(words, "first seen by reading it: it may have begun earlier")
	}
	if x.Late {
		words = append(words, "its event arrived late and was put in order")
	}
	return words
}

func (b *board) tickWords(x *timeline.Tick) []string {
	s := x.Type
	if x.Count > 1 {
		s += " and " + view.Plural(x.Count-1, "more event")
	}
	words := []string{s, b.time.Clock.Format(x.At)}
	if x.Late {
		words = append(words, "arrived late and was put in order")
	}
	return words
}
