package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"kmscope/capture"
	"kmscope/session"
	"kmscope/timeline"
	"kmscope/wire"
)

// The JSON of timeline. The names are part of the program's interface and are
// described in docs/headless.md.
type laneJSON struct {
	Object    string         `json:"object"`
	Lane      string         `json:"lane"`
	Intervals []intervalJSON `json:"intervals"`
}

type intervalJSON struct {
	State  string  `json:"state"`
	FromMs float64 `json:"from_ms"`
	ToMs   float64 `json:"to_ms"`
	// Late is set when the event came after the one that follows it.
	Late bool `json:"late,omitempty"`
}

// monotonic puts records on the capture's own clock, which no change of the
// wall clock moves: their At becomes TimeMs after 1970. Where a file was
// appended to and its clock begins again, it goes on from there.
type monotonic struct {
	shift, last time.Duration
	wall        time.Time
	first       time.Time
}

func (c *monotonic) take(r *capture.Record) {
	t := time.Duration(math.Round(r.TimeMs*1000))*time.Microsecond + c.shift
	if !c.first.IsZero() && t < c.last-time.Second {
		by := c.last + max(0, r.At.Sub(c.wall)) - t
		c.shift, t = c.shift+by, t+by
	}
	c.last, c.wall = max(c.last, t), r.At
	r.At = time.UnixMicro(0).Add(t)
	if c.first.IsZero() || r.At.Before(c.first) {
		c.first = r.At
	}
}

// end is the time of the last record.
func (c *monotonic) end() time.Time { return time.UnixMicro(0).Add(c.last) }

// since gives the milliseconds from the first record, to the microsecond.
func (c *monotonic) since(t time.Time) float64 {
	return math.Round(float64(t.Sub(c.first).Microseconds())) / 1000
}

func showTimeline(args []string, out, errs io.Writer) error {
	file, asJSON, err := fileAndJSON("timeline", args)
	if errors.Is(err, errHelp) {
		return help(out)
	}
	if err != nil {
		return err
	}
	var m session.Models
	var decoder wire.Decoder
	var lanes timeline.Lanes
	var clock monotonic
	err = eachRecord(file, errs, func(r capture.Record) error {
		clock.take(&r)
		if !asJSON {
			m.Feed(r)
		}
		for _, f := range decoder.Feed(r) {
			lanes.Feed(f)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !asJSON {
		return printTimeline(out, &m, &lanes, &clock)
	}
	list := []laneJSON{}
	for _, l := range lanes.All(clock.end()) {
		x := laneJSON{Object: l.Object, Lane: string(l.Lane)}
		for _, v := range l.Intervals {
			x.Intervals = append(x.Intervals, intervalJSON{v.State, clock.since(v.From), clock.since(v.To), v.Late})
		}
		list = append(list, x)
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(list)
}

// printTimeline writes every event with what it changed, in order, a line each.
func printTimeline(out io.Writer, m *session.Models, lanes *timeline.Lanes, clock *monotonic) (err error) {
	type row struct {
		at     time.Time
		server int
		timeline.Entry
	}
	var rows []row
	servers := m.Servers()
	for i, s := range servers {
		log := s.Timeline()
		for _, e := range log.Range(0, log.Len()) {
			at := e.At
			switch {
			case !e.Stamp.IsZero():
				at = lanes.Local(s.URL, e.Stamp)
			case at.Equal(e.Arrived.Truncate(time.Millisecond)):
				at = e.Arrived // it has no other time
			}
			if at.After(e.Arrived) {
				at = e.Arrived
			}
			rows = append(rows, row{at, i, e})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	w := bufio.NewWriterSize(out, 64<<10)
	defer func() { err = errors.Join(err, w.Flush()) }()
	names := make([]func(string) string, len(servers))
	for i, s := range servers {
		snap := s.Snapshot()
		names[i] = func(id string) string {
			if o := snap.Object(id); o != nil {
				return o.Label()
			}
			return id
		}
	}
	for i := range rows {
		r := &rows[i]
		who := "-"
		if r.Object != "" {
			who = names[r.server](r.Object)
		}
		if len(servers) > 1 {
			who = strings.TrimSpace(servers[r.server].URL + " " + who)
		}
		note := ""
		if r.Severity >= timeline.Warning {
			note = strings.ToUpper(r.Severity.String()) + " "
		}
		late := ""
		if r.Late {
			late = " (arrived late)"
		}
		if _, err := fmt.Fprintf(w, "%12.3f %-24s %s%s%s\n", clock.since(r.at), printable(who), note, printable(r.Text), late); err != nil {
			return err
		}
	}
	return nil
}
