package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"kmscope/capture"
	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/session"
)

const graphUsage = `kmscope-rec graph [--at MS] --svg|--dot|--mermaid|--json [--dark] [-o FILE] FILE

What is alive in a capture, and what is connected to what.

  --at MS           at this time, in milliseconds from the start of the capture;
                    without it, at the end
  --svg             a picture; --dark draws it on a dark ground
  --dot             graphviz' language
  --mermaid         a flowchart of Mermaid
  --json            nodes with their states, and edges
  -o, --output FILE where to write; without it, standard output
`

// graphFormats are the options of which one must be given.
var graphFormats = []string{"svg", "dot", "mermaid", "json"}

type graphOptions struct {
	file, output, format string
	atMs                 float64 // NaN is the end
	dark                 bool
}

func graphArgs(args []string) (graphOptions, error) {
	o := graphOptions{atMs: math.NaN()}
	known := []option{{"at", true, func(value string) error {
		ms, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(ms) || math.IsInf(ms, 0) || ms < 0 {
			return errors.New("it wants milliseconds from the start of the capture, for example --at 1500")
		}
		o.atMs = ms
		return nil
	}}}
	for _, f := range graphFormats {
		known = append(known, option{f, false, func(string) error {
			if o.format != "" && o.format != f {
				return fmt.Errorf("graph writes one format at a time, and --%s was named already", o.format)
			}
			o.format = f
			return nil
		}})
	}
	known = append(append(known, flagInto("dark", &o.dark)), fileInto(&o.output)...)
	words, err := readArguments("graph", args, known)
	if err != nil {
		return o, err
	}
	switch {
	case o.format == "":
		return o, errors.New("say what graph should write: --svg, --dot, --mermaid or --json")
	case o.dark && o.format != "svg":
		return o, errors.New("--dark is for --svg only")
	case len(words) > 1:
		return o, errors.New("graph takes one file, not several")
	case len(words) == 0:
		return o, errors.New("graph needs a capture file: kmscope-rec graph --" + o.format + " FILE")
	}
	o.file = words[0]
	return o, nil
}

func drawGraph(args []string, out, errs io.Writer) error {
	o, err := graphArgs(args)
	if errors.Is(err, errHelp) {
		_, err := io.WriteString(out, graphUsage)
		return err
	}
	if err != nil {
		return err
	}
	if o.output != "" && sameFile(o.output, o.file) {
		return fmt.Errorf("%s is the capture itself; choose another file for the graph", o.output)
	}
	servers, err := serversAt(o.file, o.atMs, errs)
	if err != nil {
		return err
	}
	var b bytes.Buffer // a graph that fails half-way is not written at all
	if err := writeGraph(&b, o, servers); err != nil {
		return err
	}
	if o.output == "" {
		_, err := out.Write(b.Bytes())
		return err
	}
	if err := os.WriteFile(o.output, b.Bytes(), 0o644); err != nil { //nolint:gosec // a picture is for others too
		return fmt.Errorf("the graph cannot be written: %w", err)
	}
	return nil
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// serversAt gives what is known of every server of a capture at a time from its
// start, on the capture's own clock, or at its end.
func serversAt(file string, atMs float64, errs io.Writer) ([]*session.Server, error) {
	var m session.Models
	begun, startMs := false, 0.0
	err := eachRecord(file, errs, func(r capture.Record) error {
		if r.Dir == capture.DirUndecoded || r.Inserted() { // they have no time
			return nil
		}
		if !begun {
			begun, startMs = true, r.TimeMs
		}
		// Formats hold microseconds: sums of floats may miss by less.
		if !(r.TimeMs-startMs > atMs+0.0005) { // always so when atMs is NaN
			m.Feed(r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m.Servers(), nil
}

// nameServer has the pipelines of a graph say of which server they are.
func nameServer(g *graph.Graph, address string) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return
	}
	for i := range g.Frames {
		if f := &g.Frames[i]; f.ID != "" {
			f.Label = u.Host + " · " + strings.TrimPrefix(f.Label, "MediaPipeline ")
		}
	}
}

func writeGraph(w io.Writer, o graphOptions, servers []*session.Server) error {
	snaps, graphs := make([]*inventory.Snapshot, len(servers)), make([]*graph.Graph, len(servers))
	for i, s := range servers {
		snaps[i] = s.Snapshot()
		graphs[i], _ = graph.BuildAlive(snaps[i], graph.FiguresAt(s.Stats(), time.Time{}))
		if len(servers) > 1 {
			nameServer(graphs[i], snaps[i].Server.URL)
		}
	}
	if o.format == "json" {
		d := graph.Describe(snaps...)
		for _, s := range servers {
			d = d.With(graph.FiguresAt(s.Stats(), time.Time{}))
		}
		return d.WriteJSON(w)
	}
	g := graph.Merge(graphs...)
	switch o.format {
	case "svg":
		// In columns, not with graphviz: that would make every start of this
		// program a second slower where nothing is cached.
		return graph.Columns(g.FitText()).WriteSVG(w, o.dark)
	case "dot":
		return g.WriteDOT(w)
	}
	return g.WriteMermaid(w)
}
