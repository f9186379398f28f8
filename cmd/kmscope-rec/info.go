package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"kmscope/capture"
	"kmscope/session"
)

// infoJSON is what info --json prints. The names are part of the program's
// interface.
type infoJSON struct {
	Records    int          `json:"records"`
	Undecoded  int          `json:"undecoded"`
	Gaps       int          `json:"gaps"`
	DurationMs float64      `json:"duration_ms"`
	Servers    []serverJSON `json:"servers"`
}

type serverJSON struct {
	URL     string `json:"url"`
	Version string `json:"version"`
	// Objects counts by type all that were ever seen, Alive those at the end.
	Objects      map[string]int   `json:"objects"`
	Alive        map[string]int   `json:"alive"`
	Connections  []connectionJSON `json:"connections"`
	Events       map[string]int   `json:"events"`
	StatsSamples int              `json:"stats_samples"`
}

type connectionJSON struct {
	Source string `json:"source"`
	Sink   string `json:"sink"`
	Media  string `json:"media"`
}

func info(args []string, out, errs io.Writer) error {
	file, asJSON, err := fileAndJSON("info", args)
	if errors.Is(err, errHelp) {
		return help(out)
	}
	if err != nil {
		return err
	}
	var m session.Models
	var span extent
	err = eachRecord(file, errs, func(r capture.Record) error {
		m.Feed(r)
		span.take(r)
		return nil
	})
	if err != nil {
		return err
	}
	sum := summarise(&m, span)
	if asJSON {
		return json.NewEncoder(out).Encode(sum)
	}
	return printInfo(out, sum, span.at)
}

// extent is how many records the file holds, and the time from the first to the
// last on the capture's own clock, which no change of the wall clock moves. A
// gap that the Reader inserted is no record of the file, and a line that is
// none has no time.
type extent struct {
	records     int
	first, last float64
	at          time.Time // of the first
	any         bool
}

func (e *extent) take(r capture.Record) {
	if r.Inserted() {
		return
	}
	e.records++
	if r.Dir == capture.DirUndecoded {
		return
	}
	if !e.any || r.TimeMs < e.first {
		e.first, e.at = r.TimeMs, r.At
	}
	if !e.any || r.TimeMs > e.last {
		e.last = r.TimeMs
	}
	e.any = true
}

// durationMs rounds to microseconds, which is what the format holds.
func (e *extent) durationMs() float64 { return math.Round((e.last-e.first)*1000) / 1000 }

func summarise(m *session.Models, span extent) infoJSON {
	sum := infoJSON{Records: span.records, Undecoded: m.Undecoded, Gaps: m.Gaps, DurationMs: span.durationMs(), Servers: []serverJSON{}}
	for _, s := range m.Servers() {
		snap := s.Snapshot()
		x := serverJSON{
			URL: s.URL, Version: snap.Server.Version, Objects: orEmpty(snap.Seen), Alive: map[string]int{},
			Connections: []connectionJSON{}, Events: s.Timeline().Counts(), StatsSamples: s.Stats().Samples(),
		}
		for _, p := range snap.Pipelines {
			for _, o := range p.Objects {
				if o.Alive() {
					x.Alive[o.Type]++
				}
			}
			for _, c := range p.Connections {
				x.Connections = append(x.Connections, connectionJSON{c.Source, c.Sink, string(c.Media)})
			}
		}
		sum.Servers = append(sum.Servers, x)
	}
	return sum
}

func printInfo(out io.Writer, sum infoJSON, from time.Time) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	row("records", "%d", sum.Records)
	row("undecoded", "%d", sum.Undecoded)
	row("gaps", "%d", sum.Gaps)
	if !from.IsZero() {
		row("from", "%s", from.UTC().Format(time.RFC3339Nano))
	}
	row("duration", "%s", time.Duration(sum.DurationMs*float64(time.Millisecond)).Round(time.Millisecond))
	for _, s := range sum.Servers {
		name := s.URL
		if name == "" {
			name = "(not named)"
		}
		fmt.Fprintln(w)
		row("server", "%s", printable(name))
		row("  version", "%s", printable(orUnknown(s.Version)))
		row("  objects", "%s", counts(s.Objects))
		row("  alive at the end", "%s", counts(s.Alive))
		row("  connections at the end", "%d", len(s.Connections))
		row("  events", "%s", counts(s.Events))
		row("  samples of statistics", "%d", s.StatsSamples)
	}
	return w.Flush()
}

// orEmpty makes {} of what would be null.
func orEmpty(m map[string]int) map[string]int {
	if m == nil {
		return map[string]int{}
	}
	return m
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func counts(m map[string]int) string {
	if len(m) == 0 {
		return "none"
	}
	var parts []string
	for _, k := range sortedKeys(m) {
		parts = append(parts, fmt.Sprintf("%d %s", m[k], printable(k)))
	}
	return strings.Join(parts, ", ")
}
