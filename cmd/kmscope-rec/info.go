package main

import (
	"encoding/json"
	"fmt"
	"io"
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

func info(args []string, out io.Writer) error {
	file, asJSON, err := oneFile("info", args)
	if err != nil {
		return err
	}
	var m session.Models
	if err := eachRecord(file, func(r capture.Record) error { m.Feed(r); return nil }); err != nil {
		return err
	}
	sum := summarise(&m)
	if asJSON {
		return json.NewEncoder(out).Encode(sum)
	}
	return printInfo(out, sum, &m)
}

func summarise(m *session.Models) infoJSON {
	sum := infoJSON{Records: m.Records, Undecoded: m.Undecoded, Gaps: m.Gaps, Servers: []serverJSON{}}
	sum.DurationMs = float64(m.Last.Sub(m.First).Microseconds()) / 1000
	for _, s := range m.Servers() {
		snap := s.Snapshot()
		x := serverJSON{
			URL: s.URL, Version: snap.Server.Version, Objects: snap.Seen, Alive: map[string]int{},
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

func printInfo(out io.Writer, sum infoJSON, m *session.Models) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	row("records", "%d", sum.Records)
	row("undecoded", "%d", sum.Undecoded)
	row("gaps", "%d", sum.Gaps)
	row("from", "%s", m.First.UTC().Format(time.RFC3339Nano))
	row("duration", "%s", time.Duration(sum.DurationMs*float64(time.Millisecond)).Round(time.Millisecond))
	for _, s := range sum.Servers {
		name := s.URL
		if name == "" {
			name = "(not named)"
		}
		fmt.Fprintln(w)
		row("server", "%s", name)
		row("  version", "%s", orUnknown(s.Version))
		row("  objects", "%s", counts(s.Objects))
		row("  alive at the end", "%s", counts(s.Alive))
		row("  connections at the end", "%d", len(s.Connections))
		row("  events", "%s", counts(s.Events))
		row("  samples of statistics", "%d", s.StatsSamples)
	}
	return w.Flush()
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
		parts = append(parts, fmt.Sprintf("%d %s", m[k], k))
	}
	return strings.Join(parts, ", ")
}
