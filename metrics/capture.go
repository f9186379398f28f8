package metrics

import (
	"errors"
	"fmt"
	"io"

	"kmscope/capture"
	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/wire"
)

// Format is how Figures are written; its text is the ending of the file's name,
// but for OpenMetrics.
type Format string

// The formats. The first two are those of stats.Table, the third is that of
// Export.
const (
	CSV         Format = "csv"
	JSONLines   Format = "jsonl"
	OpenMetrics Format = "openmetrics"
)

// Figures writes every figure of the records of a capture. It holds the state of
// the servers, not their history. One goroutine owns it.
type Figures struct {
	write   func(server, name string, v *stats.Value) error
	finish  func() error
	close   func() error
	wanted  func(metric string) bool
	decoder wire.Decoder
	servers []*followed
	byConn  map[string]*followed
}

// NewFigures begins a text. wanted tells by their names which metrics to write;
// nil is all. Close it in any case.
func NewFigures(out io.Writer, format Format, wanted func(metric string) bool) (*Figures, error) {
	f := &Figures{wanted: wanted, close: func() error { return nil }}
	if f.wanted == nil {
		f.wanted = func(string) bool { return true }
	}
	switch format {
	case CSV, JSONLines:
		kind := stats.CSV
		if format == JSONLines {
			kind = stats.JSONLines
		}
		t := stats.NewTable(out, kind)
		f.write, f.finish = t.Write, t.Flush
	case OpenMetrics:
		x, err := NewExport(out)
		if err != nil {
			return nil, err
		}
		f.write, f.finish, f.close = x.Write, x.Finish, x.Close
	default:
		return nil, fmt.Errorf("figures are not written as %q; there are %s, %s and %s", format, CSV, JSONLines, OpenMetrics)
	}
	return f, nil
}

// WriteCapture writes every figure of a capture file, also of one that is being
// written. A file that is cut gives what is in it. It ends with the first error
// of out, which it asks with a write of nothing every few hundred records. Any
// goroutine.
func WriteCapture(path string, out io.Writer, format Format) (err error) {
	r, err := capture.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	x, err := NewFigures(out, format, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	for n := 0; ; n++ {
		if n%256 == 0 {
			if _, err := out.Write(nil); err != nil {
				return err
			}
		}
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return x.Finish()
		}
		if err != nil {
			return err
		}
		if err := x.Take(rec); err != nil {
			return err
		}
	}
}

// Finish writes what is left. Nothing may be taken afterwards.
func (e *Figures) Finish() error { return e.finish() }

// Close gives back what the text needed while it was made.
func (e *Figures) Close() error { return e.close() }

// followed is one server: what it says in figures, and how its elements are
// called.
type followed struct {
	url   string
	flow  *stats.Flow
	names *inventory.Reducer
	known *inventory.Snapshot // the newest of names
}

// Take writes the figures that a record brings.
func (e *Figures) Take(r capture.Record) error {
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

func (e *Figures) feed(s *followed, f wire.Fact) error {
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
func (e *Figures) server(r capture.Record) *followed {
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
