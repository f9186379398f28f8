package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"kmscope/capture"
	"kmscope/inventory"
	"kmscope/metrics"
	"kmscope/stats"
	"kmscope/wire"
)

// statsOptions are what stats was asked for.
type statsOptions struct {
	file   string
	format string // csv, jsonl or openmetrics
	metric *regexp.Regexp
}

func statsArgs(args []string) (statsOptions, error) {
	var o statsOptions
	flags := true
	for i := 0; i < len(args); i++ {
		a := args[i]
		name, value, inOne := strings.Cut(a, "=")
		switch {
		case flags && a == "--":
			flags = false
		case flags && (a == "--csv" || a == "--jsonl" || a == "--openmetrics"):
			if o.format != "" && o.format != a[2:] {
				return o, errors.New("stats writes one format at a time: --csv, --jsonl or --openmetrics")
			}
			o.format = a[2:]
		case flags && name == "--metric":
			if !inOne {
				if i++; i >= len(args) {
					return o, errors.New("--metric needs a regular expression, for example --metric '^(bitrate|loss)$'")
				}
				value = args[i]
			}
			var err error
			if o.metric, err = regexp.Compile(value); err != nil {
				return o, fmt.Errorf("--metric %s is no regular expression: %w", value, err)
			}
		case flags && (a == "--help" || a == "-help" || a == "-h"):
			return o, errHelp
		case flags && strings.HasPrefix(a, "-") && a != "-":
			return o, fmt.Errorf("stats has no option %s; it has --csv, --jsonl, --openmetrics and --metric", a)
		case o.file != "":
			return o, errors.New("stats takes one file, not several")
		default:
			o.file = a
		}
	}
	if o.file == "" {
		return o, errors.New("stats needs a capture file: kmscope-rec stats --csv FILE")
	}
	if o.format == "" {
		return o, errors.New("say how stats shall write: --csv, --jsonl or --openmetrics")
	}
	return o, nil
}

// exportStats writes every figure of a capture. It holds the state of the
// servers, not their history.
func exportStats(args []string, out, errs io.Writer) (err error) {
	o, err := statsArgs(args)
	if errors.Is(err, errHelp) {
		return help(out)
	}
	if err != nil {
		return err
	}
	var write func(server, name string, v *stats.Value) error
	var finish func() error
	switch o.format {
	case "openmetrics":
		x, err := metrics.NewExport(out)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, x.Close()) }()
		write, finish = x.Write, x.Finish
	default:
		format := stats.CSV
		if o.format == "jsonl" {
			format = stats.JSONLines
		}
		t := stats.NewTable(out, format)
		write, finish = t.Write, t.Flush
	}
	e := exporter{write: write, wanted: wanted(o.metric)}
	if err := eachRecord(o.file, errs, e.take); err != nil {
		return err
	}
	return finish()
}

// wanted asks the expression once per name.
func wanted(re *regexp.Regexp) func(string) bool {
	if re == nil {
		return func(string) bool { return true }
	}
	known := make(map[string]bool)
	return func(metric string) bool {
		yes, ok := known[metric]
		if !ok {
			yes = re.MatchString(metric)
			known[metric] = yes // the names are those of the catalogue
		}
		return yes
	}
}

// exporter follows the servers of a capture.
type exporter struct {
	write   func(server, name string, v *stats.Value) error
	wanted  func(metric string) bool
	decoder wire.Decoder
	servers []*followed
	byConn  map[string]*followed
}

// followed is one server: what it says in figures, and how its elements are
// called.
type followed struct {
	url   string
	flow  *stats.Flow
	names *inventory.Reducer
	known *inventory.Snapshot // the newest of names
}

func (e *exporter) take(r capture.Record) error {
	for _, f := range e.decoder.Feed(r) {
		if r.Conn == "" { // a gap concerns all
			for _, s := range e.servers {
				if err := e.feed(s, f); err != nil {
					return err
				}
			}
			continue
		}
		if err := e.feed(e.server(r), f); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporter) feed(s *followed, f wire.Fact) error {
	s.names.Apply(f)
	values := s.flow.Feed(f)
	s.flow.Count(s.names.Census())
	element, name := "", ""
	for i := range values {
		v := &values[i]
		if !e.wanted(v.Metric) {
			continue
		}
		if v.Element != element {
			element, name = v.Element, s.name(v.Element)
		}
		if err := e.write(s.url, name, v); err != nil {
			return err
		}
	}
	return nil
}

func (s *followed) name(element string) string {
	if s.known == nil || s.names.Changed() {
		s.known = s.names.Snapshot()
	}
	if o := s.known.Object(element); o != nil {
		return o.Name
	}
	return ""
}

// server finds the server of a record's connection: what an open record says,
// else the only server known, else the nameless one.
func (e *exporter) server(r capture.Record) *followed {
	named := r.Server != "" && (r.Dir == capture.DirOpen || r.Dir == capture.DirError)
	if s := e.byConn[r.Conn]; s != nil && (!named || s.url == r.Server) {
		return s
	}
	if e.byConn == nil {
		e.byConn = make(map[string]*followed)
	}
	var found *followed
	if !named && len(e.servers) == 1 {
		found = e.servers[0]
	}
	for _, s := range e.servers {
		if s.url == r.Server && found == nil {
			found = s
		}
	}
	if found == nil {
		found = &followed{url: r.Server, flow: stats.NewFlow(), names: inventory.NewReducer(r.Server)}
		e.servers = append(e.servers, found)
	}
	e.byConn[r.Conn] = found
	return found
}
