package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"kmscope/browserdump"
	"kmscope/capture"
	"kmscope/timeline"
	"kmscope/wire"
)

// The JSON of browser. The names are part of the program's interface and are
// described in docs/headless.md. Nothing in it is a secret.
type browserJSON struct {
	Browser     string          `json:"browser"`
	Connections []peerJSON      `json:"connections"`
	Clocks      []clockJSON     `json:"clocks"`
	Lanes       []laneJSON      `json:"lanes"`
	Series      []seriesOutJSON `json:"series"`
	Notes       []string        `json:"notes"`
}

type peerJSON struct {
	ID         string         `json:"id"`
	URL        string         `json:"url"`
	Object     *string        `json:"object"`
	Server     string         `json:"server,omitempty"`
	Confidence float64        `json:"confidence"`
	Evidence   []evidenceJSON `json:"evidence"`
	Entries    []logEntryJSON `json:"entries"`
}

type evidenceJSON struct {
	Kind   string `json:"kind"`
	Side   string `json:"side"`
	Values int    `json:"values"`
	Unique int    `json:"unique"`
	Text   string `json:"text"`
}

type logEntryJSON struct {
	AtMs   *float64 `json:"at_ms"`
	Event  string   `json:"event"`
	Text   string   `json:"text"`
	Failed bool     `json:"failed,omitempty"`
}

type clockJSON struct {
	Server   string   `json:"server"`
	OffsetMs float64  `json:"offset_ms"`
	LowMs    *float64 `json:"low_ms"`
	HighMs   *float64 `json:"high_ms"`
	Set      bool     `json:"set,omitempty"`
	Texts    []string `json:"texts"`
}

type seriesOutJSON struct {
	Connection string       `json:"connection"`
	Stat       string       `json:"stat"`
	Kind       string       `json:"kind"`
	Metric     string       `json:"metric"`
	Unit       string       `json:"unit"`
	Points     [][2]float64 `json:"points"`
}

// beside is a dump laid beside a capture.
type beside struct {
	dump   *browserdump.Dump
	result browserdump.Result
	lanes  timeline.Lanes
	clock  monotonic
	offset *time.Duration // as the user gives it
}

func showBrowser(args []string, out, errs io.Writer) error {
	var offset string
	var asJSON bool
	files, err := readArguments("browser", args, []option{textInto("offset", &offset), flagInto("json", &asJSON)})
	if errors.Is(err, errHelp) {
		return help(out)
	}
	if err != nil {
		return err
	}
	if len(files) != 2 {
		return errors.New("browser needs the browser's dump and a capture: kmscope-rec browser DUMP CAPTURE")
	}
	var b beside
	if offset != "" {
		d, err := time.ParseDuration(offset)
		if err != nil {
			return fmt.Errorf("%q is no time to add to the browser's clock: write it like 1.5s or -250ms", offset)
		}
		b.offset = &d
	}
	if err := b.read(files[0], files[1], errs); err != nil {
		return err
	}
	if asJSON {
		return b.writeJSON(out)
	}
	return b.print(out)
}

func (b *beside) read(dump, file string, errs io.Writer) error {
	f, err := os.Open(dump)
	if err != nil {
		return fmt.Errorf("the dump cannot be opened: %w", err)
	}
	b.dump, err = browserdump.Read(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s: %w", dump, err)
	}
	var decoder wire.Decoder
	var server browserdump.Server
	err = eachRecord(file, errs, func(r capture.Record) error {
		b.clock.take(&r)
		for _, f := range decoder.Feed(r) {
			b.lanes.Feed(f)
			server.Feed(f)
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.result = browserdump.Match(b.dump, &server)
	return nil
}

// since puts a time of the browser's clock on the capture's axis; false when it
// is not known how the clocks differ.
func (b *beside) since(p *browserdump.PeerConnection, t time.Time) (float64, bool) {
	offset, ok := b.result.Offset(p)
	if b.offset != nil {
		offset, ok = *b.offset, true
	}
	if !ok || t.IsZero() {
		return 0, false
	}
	url := ""
	if x := b.result.Of(p); x != nil {
		url = x.Server
	} else if len(b.result.Clocks) == 1 {
		url = b.result.Clocks[0].Server
	}
	return b.clock.since(b.lanes.Local(url, t.Add(offset))), true
}

func (b *beside) writeJSON(out io.Writer) error {
	j := browserJSON{Browser: b.dump.Browser, Connections: []peerJSON{}, Clocks: []clockJSON{}, Lanes: []laneJSON{}, Series: []seriesOutJSON{}, Notes: b.dump.Notes}
	if j.Notes == nil {
		j.Notes = []string{}
	}
	for _, p := range b.dump.Connections {
		x := peerJSON{ID: p.ID, URL: p.URL, Evidence: []evidenceJSON{}, Entries: []logEntryJSON{}}
		name := p.ID
		if m := b.result.Of(p); m != nil {
			name = m.Object
			x.Object, x.Server, x.Confidence = &m.Object, m.Server, round(m.Confidence, 6)
			for _, e := range m.Evidence {
				x.Evidence = append(x.Evidence, evidenceJSON{string(e.Kind), side(e.Browser), e.Values, e.Unique, e.Text})
			}
		}
		for _, e := range p.Entries {
			y := logEntryJSON{Event: e.Event, Text: e.Text, Failed: e.Failed}
			if at, ok := b.since(p, e.At); ok {
				y.AtMs = &at
			}
			x.Entries = append(x.Entries, y)
		}
		j.Connections = append(j.Connections, x)
		b.eachLane(p, name, func(l laneJSON) { j.Lanes = append(j.Lanes, l) })
		j.Series = append(j.Series, b.series(p)...)
	}
	for _, c := range b.result.Clocks {
		x := clockJSON{Server: c.Server, OffsetMs: *ms(c.Offset), Texts: c.Texts}
		if b.offset != nil {
			x.OffsetMs, x.Set = *ms(*b.offset), true
		}
		if c.HasLow {
			x.LowMs = ms(c.Low)
		}
		if c.HasHigh {
			x.HighMs = ms(c.High)
		}
		j.Clocks = append(j.Clocks, x)
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(j)
}

func side(browser bool) string {
	if browser {
		return "browser"
	}
	return "server"
}

func round(v float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(v*p) / p
}

func (b *beside) eachLane(p *browserdump.PeerConnection, object string, f func(laneJSON)) {
	for _, l := range p.Lanes(object, 0) {
		x := laneJSON{Object: object, Lane: string(l.Lane)}
		for _, v := range l.Intervals {
			from, okF := b.since(p, v.From)
			to, okT := b.since(p, v.To)
			if okF && okT {
				x.Intervals = append(x.Intervals, intervalJSON{State: v.State, FromMs: from, ToMs: to})
			}
		}
		if len(x.Intervals) > 0 {
			f(x)
		}
	}
}

func (b *beside) series(p *browserdump.PeerConnection) []seriesOutJSON {
	var out []seriesOutJSON
	for i := range p.Series {
		s := &p.Series[i]
		x := seriesOutJSON{Connection: p.ID, Stat: s.Stat, Kind: s.Kind, Metric: s.Metric, Unit: string(s.Unit), Points: [][2]float64{}}
		for _, pt := range s.Points {
			if at, ok := b.since(p, pt.At); ok {
				x.Points = append(x.Points, [2]float64{at, pt.Value})
			}
		}
		if len(x.Points) > 0 {
			out = append(out, x)
		}
	}
	return out
}

// print writes the same for people.
func (b *beside) print(out io.Writer) (err error) {
	w := bufio.NewWriter(out)
	defer func() { err = errors.Join(err, w.Flush()) }()
	name := b.dump.Browser
	if name == "" {
		name = "a browser"
	}
	n := len(b.dump.Connections)
	fmt.Fprintf(w, "%s, %d %s\n", printable(name), n, map[bool]string{true: "peer connection", false: "peer connections"}[n == 1])
	for _, note := range b.dump.Notes {
		fmt.Fprintf(w, "  note: %s\n", printable(note))
	}
	for _, p := range b.dump.Connections {
		fmt.Fprintf(w, "\n%s  %s\n", printable(p.ID), printable(p.URL))
		if m := b.result.Of(p); m != nil {
			word := "probably"
			if m.Sure() {
				word = "certainly"
			}
			fmt.Fprintf(w, "  is %s %s of %s\n", word, printable(m.Object), printable(m.Server))
			printEvidence(w, m)
		} else {
			fmt.Fprintln(w, "  is no endpoint of this capture, as far as it shows: SSRCs, candidates and certificates are others")
			for i := range b.result.Doubtful {
				if m := &b.result.Doubtful[i]; m.Connection == p {
					fmt.Fprintf(w, "  might be %s of %s\n", printable(m.Object), printable(m.Server))
					printEvidence(w, m)
				}
			}
		}
		b.eachLane(p, "", func(l laneJSON) {
			fmt.Fprintf(w, "  %s\n", strings.TrimPrefix(l.Lane, "browser/"))
			for _, v := range l.Intervals {
				fmt.Fprintf(w, "    %12.3f  %s for %.0f ms\n", v.FromMs, printable(v.State), v.ToMs-v.FromMs)
			}
		})
		for _, e := range p.Entries {
			if at, ok := b.since(p, e.At); e.Failed && ok {
				fmt.Fprintf(w, "  failed: %12.3f  %s %s\n", at, printable(e.Event), printable(e.Text))
			}
		}
	}
	for _, c := range b.result.Clocks {
		fmt.Fprintf(w, "\nadd %+.1f ms to the browser's clock to get that of %s%s\n", *ms(c.Offset), printable(c.Server), bounds(&c))
		for _, t := range c.Texts {
			fmt.Fprintf(w, "  %s\n", printable(t))
		}
	}
	if b.offset != nil {
		fmt.Fprintf(w, "\nthe times above are with %+.1f ms, as --offset says\n", *ms(*b.offset))
	}
	return nil
}

func printEvidence(w io.Writer, m *browserdump.Pairing) {
	for _, e := range m.Evidence {
		fmt.Fprintf(w, "    %s\n", printable(e.Text))
	}
}

func bounds(c *browserdump.Clock) string {
	switch {
	case c.HasLow && c.HasHigh:
		return fmt.Sprintf(" (it is between %+.1f and %+.1f ms)", *ms(c.Low), *ms(c.High))
	case c.HasLow:
		return fmt.Sprintf(" (it is at least %+.1f ms)", *ms(c.Low))
	case c.HasHigh:
		return fmt.Sprintf(" (it is at most %+.1f ms)", *ms(c.High))
	}
	return ""
}
