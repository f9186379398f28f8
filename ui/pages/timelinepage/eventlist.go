package timelinepage

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/timeline"
	"kmscope/ui/view"
)

// eventQuery is all that the table of events depends on.
type eventQuery struct {
	session  view.Session
	scope    string // object whose events (and its descendants') are shown; "" is all
	filter   string
	severity timeline.Severity
	total    uint64 // of the log
	names    uint64 // generation of the snapshot that gives names
}

// eventList is the rows of the table: indexes into the log, good for as long
// as nothing is put in between; drops at the front are counted in.
type eventList struct {
	log     *timeline.Log
	rows    []int
	dropped uint64 // entries dropped at the front when the rows were found
	kept    int    // entries in the log then
	took    time.Duration
}

// findEvents selects the rows. Any goroutine.
func findEvents(ctx context.Context, q eventQuery, f view.Filter, snap *inventory.Snapshot) *eventList {
	began := time.Now()
	log := q.session.Timeline()
	l := &eventList{log: log, kept: log.Len()}
	l.dropped = log.Total() - uint64(l.kept)
	tf := timeline.Filter{Object: q.scope, MinSeverity: q.severity}
	names := map[string]string{}
	for from := 0; from < l.kept && ctx.Err() == nil; from += view.EntryChunk {
		for i, e := range log.Range(from, min(from+view.EntryChunk, l.kept)) {
			if !tf.Match(&e) {
				continue
			}
			if !f.Empty() {
				name, ok := names[e.Object]
				if !ok {
					name = view.ObjectName(snap, e.Object)
					names[e.Object] = name
				}
				if !f.Match(e.Text, e.Type, name, e.Object) {
					continue
				}
			}
			l.rows = append(l.rows, from+i)
		}
	}
	l.took = time.Since(began)
	return l
}

// entry reads row i as the log has it now; ok is false when it was dropped.
func (l *eventList) entry(i int) (timeline.Entry, bool) {
	if l == nil || i < 0 || i >= len(l.rows) {
		return timeline.Entry{}, false
	}
	at := l.rows[i] - int(l.log.Total()-uint64(l.log.Len())-l.dropped)
	got := l.log.Range(at, at+1)
	if at < 0 || len(got) == 0 {
		return timeline.Entry{}, false
	}
	return got[0], true
}

// find gives the row of an entry by its number, near where it was; -1 is none.
func (l *eventList) find(seq uint64, near int) int {
	if l == nil {
		return -1
	}
	for d := 0; d < 2000; d++ {
		for _, i := range []int{near - d, near + d} {
			if e, ok := l.entry(i); ok && e.Seq == seq {
				return i
			}
		}
	}
	return -1
}

// tsv writes entries as a table for other programs: a head, then one line each.
// Tabs and line breaks in texts become spaces.
func tsv(entries []timeline.Entry, clock view.Clock, name func(string) string) string {
	clean := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	var b strings.Builder
	b.WriteString("time\tobject\ttype\twhat changed\tseverity\tid\n")
	for i := range entries {
		e := &entries[i]
		for _, s := range []string{clock.Format(e.At), name(e.Object), e.Type, e.Text, severityWord(e.Severity)} {
			b.WriteString(clean.Replace(s))
			b.WriteByte('\t')
		}
		b.WriteString(clean.Replace(e.Object))
		b.WriteByte('\n')
	}
	return b.String()
}

// eventJSON is an entry as it is copied.
type eventJSON struct {
	Time     time.Time `json:"time"` // local clock
	Arrived  time.Time `json:"arrived"`
	Object   string    `json:"object,omitempty"`
	Name     string    `json:"name,omitempty"`
	Type     string    `json:"type"`
	Text     string    `json:"text"`
	Severity string    `json:"severity"`
	Late     bool      `json:"late,omitempty"`
	Raw      any       `json:"raw,omitempty"`
}

// asJSON writes entries as a JSON array, secrets masked.
func asJSON(log *timeline.Log, entries []timeline.Entry, name func(string) string) string {
	out := make([]eventJSON, 0, len(entries))
	for i := range entries {
		e := &entries[i]
		j := eventJSON{Time: e.At, Arrived: e.Arrived, Object: e.Object, Type: e.Type, Text: e.Text, Severity: severityWord(e.Severity), Late: e.Late}
		if e.Object != "" {
			j.Name = name(e.Object)
		}
		if raw := log.Raw(e.Seq); len(raw) > 0 {
			j.Raw = masked(raw)
		}
		out = append(out, j)
	}
	return view.PrettyJSON(out)
}

func severityWord(s timeline.Severity) string {
	switch s {
	case timeline.Notice:
		return "notice"
	case timeline.Warning:
		return "warning"
	case timeline.Error:
		return "error"
	}
	return "info"
}

// masked decodes a frame with every secret replaced; text that is no JSON stays
// text.
func masked(raw json.RawMessage) any {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return view.Mask("", string(raw))
	}
	return maskAll("", v)
}

func maskAll(key string, v any) any {
	switch v := v.(type) {
	case string:
		return view.Mask(key, v)
	case []any:
		for i := range v {
			v[i] = maskAll(key, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = maskAll(k, v[k])
		}
	}
	return v
}

// maxRawRunes bounds the pane below the table.
const maxRawRunes = 20_000

// rawText is what the pane shows of an entry.
func rawText(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "No message belongs to this row: it was written by the tool, or the message is kept in the capture only."
	}
	s := view.PrettyJSON(masked(raw))
	if r := []rune(s); len(r) > maxRawRunes {
		s = string(r[:maxRawRunes]) + "\n… " + view.Thousands(len(r)-maxRawRunes) + " more characters: copy the row to have all."
	}
	return s
}
