package serverlog

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/wire"
)

// Alignment is what must be added to the clock of a log's lines to get the
// server's time, as the timestamps of its events tell it.
type Alignment struct {
	Offset time.Duration
	// Votes tells how many pairs of a line and an event agree, Of how many
	// there were. Pairs that do not belong together agree with nobody.
	Votes, Of int
	// Spread is how far apart those are that agree, to 10 ms.
	Spread time.Duration
	// Rival is how many pairs agree on the next best offset that is more than a
	// second away.
	Rival int
	// Doubtful is set where the rival is nearly as strong: a server that does the
	// same again and again. The offset should then be looked at, and set by hand.
	Doubtful bool
}

// The aligner. Some lines say what an event says, and each such line with each
// event of the same words is a vote for one offset. True ones agree within
// milliseconds, whatever the log's zone and the process's start; false ones are
// scattered. The offset is the mean of the heaviest 20 ms. Three strengths:
//   - The line that tells of an event that is sent holds its timestamp.
//   - A line names what the event names: the DTLS state of an object, a
//     candidate, a selected pair, an object that is destroyed, an inner bin.
//   - A line is written whenever such an event comes, and names nothing: the
//     constructor of an element, the warning that no STUN server is set just
//     before gathering. These are all that a log at the usual levels has. With n
//     events they give n true votes in one place and n*n false ones in n*n.
//
// Votes are counted in buckets as they come; when these get too many, those with
// the fewest votes go, which the true one never is for long. Rejected: keeping
// all votes (the log of a week has more of them than memory), and only those of
// the beginning (the capture may be of the log's end).

// The bounds of an Aligner.
const (
	maxMarks    = 1 << 17
	maxPerClue  = 16
	maxPerAlike = 256
	maxBuckets  = 1 << 17
	bucket      = 10 * time.Millisecond
	rivalFrom   = time.Second
)

// The weights of votes.
const (
	weighsTold  = 32
	weighsNamed = 8
	weighsAlike = 1
)

// Aligner estimates the Alignment of a log with the events of a capture: first
// all events (Event), then all lines (See), then Alignment. The zero value is
// ready. One goroutine uses it.
type Aligner struct {
	marks   map[string][]time.Duration // server's time since 1970, by clue
	n       int
	buckets map[int64]*votes // by offset
	least   int              // weight of what was dropped last
	of      int
}

// votes are those of one bucket.
type votes struct {
	n, weight int
	sum       float64 // of the places within the bucket, weighted
}

// Event takes the events of the capture; other facts say nothing.
func (a *Aligner) Event(f wire.Fact) {
	if f.Kind != wire.KindEvent || f.Stamp.IsZero() {
		return
	}
	named, alike := eventClues(&f)
	a.put(named, maxPerClue, f.Stamp)
	a.put(alike, maxPerAlike, f.Stamp)
}

func (a *Aligner) put(clue string, most int, stamp time.Time) {
	if clue == "" || a.n >= maxMarks || len(a.marks[clue]) >= most {
		return
	}
	if a.marks == nil {
		a.marks = make(map[string][]time.Duration)
	}
	a.marks[clue] = append(a.marks[clue], time.Duration(stamp.UnixNano()))
	a.n++
}

// See takes a line of the log.
func (a *Aligner) See(l *Line) {
	if !l.Timed {
		return
	}
	if at, ok := toldStamp(l.Text); ok {
		a.vote(at-l.Clock, weighsTold)
		return
	}
	if clue := lineClue(l); clue != "" {
		for _, at := range a.marks[clue] {
			a.vote(at-l.Clock, weighsNamed)
		}
	}
	if clue := alikeClue(l); clue != "" {
		for _, at := range a.marks[clue] {
			a.vote(at-l.Clock, weighsAlike)
		}
	}
}

func (a *Aligner) vote(offset time.Duration, weight int) {
	if a.buckets == nil {
		a.buckets = make(map[int64]*votes)
	}
	k := int64(offset / bucket)
	if offset < 0 {
		k--
	}
	b := a.buckets[k]
	if b == nil {
		for len(a.buckets) >= maxBuckets {
			a.thin()
		}
		b = &votes{}
		a.buckets[k] = b
	}
	a.of++
	b.n++
	b.weight += weight
	b.sum += float64(weight) * float64(offset-time.Duration(k)*bucket)
}

// thin drops the weakest buckets.
func (a *Aligner) thin() {
	a.least++
	for k, b := range a.buckets {
		if b.weight <= a.least {
			delete(a.buckets, k)
		}
	}
}

// window is two buckets side by side.
func (a *Aligner) window(k int64) (v votes, from, to int64) {
	from, to = k, k
	if b := a.buckets[k]; b != nil {
		v = *b
	}
	if b := a.buckets[k+1]; b != nil {
		v.n += b.n
		v.weight += b.weight
		v.sum += b.sum + float64(b.weight)*float64(bucket)
		to = k + 1
	}
	return v, from, to
}

// Alignment gives the offset that most pairs agree on; false when no line says
// what any event says: then the offset must be set by hand.
func (a *Aligner) Alignment() (Alignment, bool) {
	var best votes
	var at, from, to int64
	for k := range a.buckets {
		for _, k := range []int64{k - 1, k} {
			v, f, t := a.window(k)
			if v.weight > best.weight || v.weight == best.weight && (t-f < to-from || t-f == to-from && k < at) {
				best, at, from, to = v, k, f, t
			}
		}
	}
	if best.weight == 0 {
		return Alignment{}, false
	}
	out := Alignment{Votes: best.n, Of: a.of, Spread: time.Duration(to-from+1) * bucket,
		Offset: time.Duration(at)*bucket + time.Duration(best.sum/float64(best.weight))}
	rival := 0
	for k := range a.buckets {
		if d := time.Duration(k-at) * bucket; d.Abs() <= rivalFrom {
			continue
		}
		if v, _, _ := a.window(k); v.weight > rival {
			rival, out.Rival = v.weight, v.n
		}
	}
	out.Doubtful = rival*4 > best.weight*3
	return out, true
}

// toldStamp reads the timestamp of an event that a line says is being sent.
func toldStamp(text string) (time.Duration, bool) {
	const key = `"timestampMillis":"`
	if !strings.Contains(text[:min(len(text), 128)], `"onEvent"`) {
		return 0, false
	}
	_, rest, ok := strings.Cut(text, key)
	if !ok {
		return 0, false
	}
	digits, _, ok := strings.Cut(rest, `"`)
	ms, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || ms <= 0 || ms > 7258118400000 { // the year 2200
		return 0, false
	}
	return time.Duration(ms) * time.Millisecond, true
}

// lineClue gives what a line names that an event names too; "" for most lines.
func lineClue(l *Line) string {
	text := l.Text
	if len(text) > 4096 {
		return ""
	}
	switch {
	case strings.HasPrefix(text, "Add probe: DISCONT"):
		if bin, _, ok := strings.Cut(l.Element, ":"); ok && bin != "''" {
			return "bin " + bin
		}
	case strings.HasPrefix(text, "MediaTranscoding"):
		return "bin " + after(text, "bin: ")
	case strings.HasPrefix(text, "DTLS connection state change"):
		return "dtls " + after(text, "source: ") + " " + after(text, "stream: ") + " " + after(text, "comp: ") + " " + after(text, "state: ")
	case strings.HasPrefix(text, "Destroying "):
		if _, id, ok := strings.Cut(text, " -> "); ok {
			return "destroyed " + id
		}
	case strings.HasPrefix(text, "New candidate pair selected"):
		return "pair " + transport(after(text, "local: ")) + " " + transport(after(text, "remote: "))
	}
	if _, c, ok := strings.Cut(text, "'candidate:"); ok {
		c, _, _ = strings.Cut(c, "'")
		return "candidate " + transport("candidate:"+c)
	}
	return ""
}

// alikeClue gives the kind of event that a line comes with; "" for most lines.
func alikeClue(l *Line) string {
	switch {
	case strings.HasSuffix(l.Function, "Impl") && strings.HasPrefix(l.Component, "Kurento") && strings.HasSuffix(l.Component, l.Function):
		// A constructor: KurentoWebRtcEndpointImpl, WebRtcEndpointImpl.
		return "created " + strings.TrimSuffix(l.Function, "Impl")
	case strings.HasPrefix(l.Text, "STUN server not configured"), strings.HasPrefix(l.Text, "[IceGatheringStarted]"),
		strings.HasPrefix(l.Text, "Added local address"):
		return "gathering"
	case strings.HasPrefix(l.Element, "nicesrc") && strings.HasPrefix(l.Text, "Creating random stream-id"),
		strings.HasPrefix(l.Text, "Started transport for media"):
		return "session"
	case strings.HasPrefix(l.Element, "nicesink") && strings.HasPrefix(l.Text, "stream-start event"):
		return "dtls connecting"
	case strings.HasPrefix(l.Text, "[IceComponentStateChanged]"):
		return iceClue(after(l.Text, "state: "), after(l.Text, "stream_id: "), after(l.Text, "component_id: "))
	case strings.HasPrefix(l.Text, "[IceGatheringDone]"):
		return "gathering done"
	case strings.HasPrefix(l.Text, "MediaFlow"), strings.HasPrefix(l.Text, "MediaTranscoding"):
		if name, state, ok := strings.Cut(l.Text, ": "); ok && len(l.Text) < 256 {
			state, _, _ = strings.Cut(state, ",")
			return flowClue(name, state, after(l.Text, "type: "))
		}
	}
	return ""
}

func iceClue(state, stream, component string) string {
	if state = strings.ToLower(state); state == "gathering" {
		return state // some levels tell it without the component
	}
	return "ice " + state + " " + stream + " " + component
}

func flowClue(name, state, media string) string {
	return strings.TrimSuffix(name, "d") + " " + state + " " + strings.ToLower(media)
}

// after gives what follows a key up to the next comma, without quotes.
func after(text, key string) string {
	_, v, ok := strings.Cut(text, key)
	if !ok {
		return ""
	}
	if strings.HasPrefix(v, "'") {
		v, _, _ = strings.Cut(v[1:], "'")
		return v
	}
	v, _, _ = strings.Cut(v, ",")
	return strings.TrimSpace(v)
}

// transport gives foundation, component, protocol, priority, address and port
// of a candidate: logs and events differ in what follows.
func transport(candidate string) string {
	f := strings.Fields(strings.TrimPrefix(candidate, "candidate:"))
	if len(f) < 6 {
		return ""
	}
	return strings.ToLower(strings.Join(f[:6], " "))
}

// eventClues gives the clue that a line with the same names has, and that of the
// lines that come with all events of this kind.
func eventClues(f *wire.Fact) (named, alike string) {
	var d struct {
		Object      string          `json:"object"`
		ObjectID    string          `json:"objectId"`
		State       string          `json:"state"`
		BinName     string          `json:"binName"`
		MediaType   string          `json:"mediaType"`
		StreamID    json.RawMessage `json:"streamId"`
		ComponentID json.RawMessage `json:"componentId"`
		Candidate   struct {
			Candidate string `json:"candidate"`
		} `json:"candidate"`
		Pair struct {
			Local  string `json:"localCandidate"`
			Remote string `json:"remoteCandidate"`
		} `json:"candidatePair"`
	}
	_ = json.Unmarshal(f.Data, &d) // a field of another type leaves the rest
	switch f.Event() {
	case "DtlsConnectionStateChange":
		if d.State == "CONNECTING" {
			alike = "dtls connecting"
		}
		return "dtls " + f.Object + " " + strings.Trim(string(d.StreamID), `"`) + " " + strings.Trim(string(d.ComponentID), `"`) + " " + d.State, alike
	case "ObjectCreated":
		return "", "created " + inventory.TypeOf(d.Object)
	case "ObjectDestroyed":
		return "destroyed " + d.ObjectID, ""
	case "NewCandidatePairSelected":
		return "pair " + transport(d.Pair.Local) + " " + transport(d.Pair.Remote), ""
	case "IceCandidateFound":
		return "candidate " + transport(d.Candidate.Candidate), ""
	case "IceComponentStateChanged":
		return "", iceClue(d.State, strings.Trim(string(d.StreamID), `"`), strings.Trim(string(d.ComponentID), `"`))
	case "IceGatheringDone":
		return "", "gathering done"
	case "MediaSessionStarted":
		return "", "session"
	case "MediaTranscodingStateChanged":
		if d.BinName != "" {
			named = "bin " + d.BinName
		}
		return named, flowClue(f.Type, d.State, d.MediaType)
	case "MediaFlowInStateChanged", "MediaFlowOutStateChanged":
		return "", flowClue(f.Type, d.State, d.MediaType)
	}
	return "", ""
}
