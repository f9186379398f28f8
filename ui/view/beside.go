package view

import (
	"context"
	"slices"
	"time"

	"kmscope/stats"
	"kmscope/timeline"
)

// What is imported, the dump of a browser or the log of a server, is laid beside
// what is known of a server: on every page, at the same moments, until the import
// is closed. Its own clock was moved to that of the server when it was read. From
// there to the local clock, on which the window stands, it is a little further
// once the server is known better, so it is laid anew when that changes.

// BesideKind is who wrote what is laid beside a server.
type BesideKind uint8

// The kinds.
const (
	Browser BesideKind = iota
	ServerLog
)

// Import is what the window has open beside captures.
type Import struct {
	Kind BesideKind
	// Name is a word or two: "browser 8-1".
	Name string
	// Server is the address of the server that it belongs to; "" is not known.
	Server string
	// Capture is the file of the replay that it was lined up with; "" is what is
	// being captured.
	Capture string
	// Object is the endpoint that a browser's connection leads to, or one that a
	// log names; "" is none.
	Object string
	// Lay makes it, with a time added to the server's. It takes a few
	// milliseconds.
	Lay func(add time.Duration) Laid
	// Narrow makes it with all that it tells of one object, where Lay leaves some
	// of that out; false when it cannot be read any more. It reads a file: not for
	// the interface goroutine. nil: Lay leaves nothing out.
	Narrow func(ctx context.Context, object string, add time.Duration) (Laid, bool)
}

// Laid is an import on the local clock. Nobody changes it.
type Laid struct {
	// Log are its events, Lanes its states and its events as ticks.
	Log   *timeline.Log
	Lanes *timeline.Lanes
	// Series are the figures of Object.
	Series []stats.Series
	// To is its last moment.
	To time.Time
}

// Beside is an import with the server that it is laid beside. Nobody changes it.
type Beside struct {
	*Import
	Laid
	Session Session

	add time.Duration
}

// CanNarrow tells whether there is more to be told of one object.
func (b *Beside) CanNarrow() bool { return b.Import.Narrow != nil }

// Narrowed gives the same with all that it tells of one object; nil when that
// cannot be read any more. Not for the interface goroutine.
func (b *Beside) Narrowed(ctx context.Context, object string) *Beside {
	laid, ok := b.Import.Narrow(ctx, object, b.add)
	if !ok || ctx.Err() != nil {
		return nil
	}
	return &Beside{Import: b.Import, Laid: laid, Session: b.Session, add: b.add}
}

// Besides are all that there are; another one when any of them changed. Nobody
// changes it. Any goroutine.
type Besides struct{ list []*Beside }

// Of gives those of a server. Any goroutine; nil has none.
func (b *Besides) Of(x Session) []*Beside {
	if b == nil {
		return nil
	}
	var out []*Beside
	for _, one := range b.list {
		if one.Session == x {
			out = append(out, one)
		}
	}
	return out
}

// Len counts them. Any goroutine; nil has none.
func (b *Besides) Len() int {
	if b == nil {
		return 0
	}
	return len(b.list)
}

// Any tells whether there are any of a kind. Any goroutine; nil has none.
func (b *Besides) Any(kind BesideKind) bool {
	return b != nil && slices.ContainsFunc(b.list, func(one *Beside) bool { return one.Kind == kind })
}

// laying is an import and how it is laid.
type laying struct {
	Import
	add    time.Duration
	beside *Beside // nil while its server is not there
}

// minMove is by how much a clock must be known better before what hangs on it
// moves.
const minMove = time.Millisecond

// SetImports takes over what is open; what was before is no longer shown.
func (s *State) SetImports(list []Import) {
	if len(list) == 0 && len(s.imports) == 0 {
		return
	}
	s.imports = s.imports[:0:0]
	for _, x := range list {
		s.imports = append(s.imports, laying{Import: x})
	}
	s.besides = nil
	s.changed()
}

// Besides gives what is laid beside the servers of the workspace.
func (s *State) Besides() *Besides {
	moved := s.besides == nil
	for i := range s.imports {
		l := &s.imports[i]
		x := s.sessionOf(&l.Import)
		if x == nil {
			moved = moved || l.beside != nil
			l.beside = nil
			continue
		}
		add := localBy(x)
		if l.beside != nil && l.beside.Session == x && (add-l.add).Abs() < minMove {
			continue
		}
		l.add, moved = add, true
		l.beside = &Beside{Import: &l.Import, Laid: l.Lay(add), Session: x, add: add}
	}
	if !moved {
		return s.besides
	}
	s.besides = &Besides{}
	for i := range s.imports {
		if b := s.imports[i].beside; b != nil {
			s.besides.list = append(s.besides.list, b)
		}
	}
	return s.besides
}

// localBy is what the clock of a server lacks to the local one.
func localBy(x Session) time.Duration {
	if x.Lanes() == nil {
		return 0
	}
	zero := time.Unix(0, 0)
	return x.Lanes().Local(x.URL(), zero).Sub(zero)
}

// sessionOf finds the server that an import belongs to, among those of the
// capture that it was lined up with; nil is none.
func (s *State) sessionOf(m *Import) Session {
	all := slices.DeleteFunc(slices.Clone(s.ws.Sessions()), func(x Session) bool {
		path := ""
		if r := s.replayOf(x); r != nil {
			path = r.Path()
		}
		return path != m.Capture
	})
	if len(all) < 2 {
		return append(all, nil)[0]
	}
	for _, fits := range []func(Session) bool{
		func(x Session) bool { return m.Server != "" && x.URL() == m.Server },
		func(x Session) bool {
			return m.Object != "" && x.Lanes() != nil && len(x.Lanes().Objects(m.Object)) > 0
		},
		func(x Session) bool { return x == s.selection.Session },
	} {
		if i := slices.IndexFunc(all, fits); i >= 0 {
			return all[i]
		}
	}
	return all[0]
}
