package serverlog

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmscope/wire"
)

// Alignment is what must be added to the clock of a log's lines to get the
// server's time, as the timestamps of its events tell it.
type Alignment struct {
	Offset time.Duration
	// Votes tells how many pairs of a line and an event agree, Of how many
	// there were. Pairs that do not belong together agree with nobody.
	Votes, Of int
	// Spread is how far apart those are that agree.
	Spread time.Duration
}

// The aligner. Some lines say what an event says: the line that tells of an
// event that is sent holds its timestamp, others name a DTLS state of an
// object, a candidate, a selected pair, an object that is destroyed. Each such
// line with each event of the same words is a vote for one offset. True ones
// agree within milliseconds, whatever the log's zone and the process's start;
// false ones (the same state a second time, the same candidate handed on) are
// scattered. The offset is the median of the fullest 20 ms.

// The bounds of an Aligner.
const (
	maxMarks   = 1 << 17
	maxPerClue = 16
	maxVotes   = 1 << 18
	votesAgree = 20 * time.Millisecond
)

// Aligner estimates the Alignment of a log with the events of a capture: first
// all events (Event), then all lines (See), then Alignment. The zero value is
// ready. One goroutine uses it.
type Aligner struct {
	marks map[string][]time.Duration // server's time since 1970, by clue
	n     int
	votes []time.Duration
}

// Event takes the events of the capture; other facts say nothing.
func (a *Aligner) Event(f wire.Fact) {
	if f.Kind != wire.KindEvent || f.Stamp.IsZero() || a.n >= maxMarks {
		return
	}
	clue := eventClue(&f)
	if clue == "" || len(a.marks[clue]) >= maxPerClue {
		return
	}
	if a.marks == nil {
		a.marks = make(map[string][]time.Duration)
	}
	a.marks[clue] = append(a.marks[clue], time.Duration(f.Stamp.UnixNano()))
	a.n++
}

// See takes a line of the log.
func (a *Aligner) See(l *Line) {
	if !l.Timed || len(a.votes) >= maxVotes {
		return
	}
	if at, ok := toldStamp(l.Text); ok {
		a.votes = append(a.votes, at-l.Clock)
		return
	}
	if clue := lineClue(l.Text); clue != "" {
		for _, at := range a.marks[clue] {
			a.votes = append(a.votes, at-l.Clock)
		}
	}
}

// Alignment gives the offset that most pairs agree on; false when no line says
// what any event says: then the offset must be set by hand.
func (a *Aligner) Alignment() (Alignment, bool) {
	if len(a.votes) == 0 {
		return Alignment{}, false
	}
	v := slices.Clone(a.votes)
	slices.Sort(v)
	from, n := 0, 0
	for i, j := 0, 0; j < len(v); j++ {
		for v[j]-v[i] > votesAgree {
			i++
		}
		if j-i+1 > n {
			from, n = i, j-i+1
		}
	}
	best := v[from : from+n]
	return Alignment{Offset: best[n/2], Votes: n, Of: len(v), Spread: best[n-1] - best[0]}, true
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

// lineClue gives what a line shares with an event; "" for most lines.
func lineClue(text string) string {
	if len(text) > 4096 {
		return ""
	}
	switch {
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

func eventClue(f *wire.Fact) string {
	var d struct {
		ObjectID    string          `json:"objectId"`
		State       string          `json:"state"`
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
	switch f.Type {
	case "DtlsConnectionStateChange":
		return "dtls " + f.Object + " " + strings.Trim(string(d.StreamID), `"`) + " " + strings.Trim(string(d.ComponentID), `"`) + " " + d.State
	case "ObjectDestroyed":
		return "destroyed " + d.ObjectID
	case "NewCandidatePairSelected":
		return "pair " + transport(d.Pair.Local) + " " + transport(d.Pair.Remote)
	case "IceCandidateFound", "OnIceCandidate":
		return "candidate " + transport(d.Candidate.Candidate)
	}
	return ""
}
