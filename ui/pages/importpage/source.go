package importpage

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"kmscope/browserdump"
	"kmscope/capture"
	"kmscope/timeline/serverlog"
	"kmscope/ui/view"
	"kmscope/wire"
)

// fileKind is what a file is by its content.
type fileKind uint8

const (
	unknownKind fileKind = iota
	captureKind
	logKind
	dumpKind
)

// sniffed is how much of a file tells what it is.
const sniffed = 64 << 10

// kindOf tells from its beginning what a file is. Any goroutine.
func kindOf(path string) fileKind {
	f, err := os.Open(path)
	if err != nil {
		return unknownKind
	}
	defer f.Close()
	file := bufio.NewReader(f)
	var in io.Reader = file
	head, err := file.Peek(4)
	if err == nil && bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
		return captureKind // zstd
	}
	if err == nil && head[0] == 0x1f && head[1] == 0x8b {
		z, err := gzip.NewReader(file)
		if err != nil {
			return byName(path)
		}
		in = z
	}
	text := make([]byte, sniffed)
	n, err := io.ReadFull(in, text)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && n == 0 {
		return byName(path)
	}
	text = bytes.TrimSpace(bytes.TrimPrefix(text[:n], []byte("\ufeff")))
	if k := kindOfText(path, text); k != unknownKind {
		return k
	}
	return byName(path)
}

// dumpKeys stand at the top of a dump of webrtc-internals.
var dumpKeys = []string{`"PeerConnections"`, `"getUserMedia"`, `"UserAgent"`, `"UserAgentData"`}

func kindOfText(path string, text []byte) fileKind {
	if bytes.HasPrefix(text, []byte(browserdump.RTCStatsMagic)) {
		return dumpKind
	}
	if len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		for _, k := range dumpKeys {
			if bytes.Contains(text, []byte(k)) {
				return dumpKind
			}
		}
		if line, _, whole := bytes.Cut(text, []byte("\n")); whole && json.Valid(bytes.TrimSpace(line)) {
			return captureKind
		}
		return unknownKind
	}
	r, err := serverlog.NewReader(path, bytes.NewReader(text))
	if err != nil {
		return unknownKind
	}
	for range 200 {
		l, err := r.Next()
		if err != nil {
			return unknownKind
		}
		if l.Timed {
			return logKind
		}
	}
	return unknownKind
}

// byName tells what a file is meant to be, for who reads it to say what is wrong
// with it.
func byName(path string) fileKind {
	name := strings.ToLower(filepath.Base(path))
	switch filepath.Ext(strings.TrimSuffix(name, ".gz")) {
	case ".json":
		return dumpKind
	case ".log", ".txt":
		return logKind
	}
	if strings.HasSuffix(name, ".gz") {
		return logKind
	}
	return unknownKind
}

// source is an import that is open: a server's log or a browser's dump.
type source struct {
	path string
	// beside is the capture that it was lined up with, "" for none.
	beside string
	// tried is the capture with which it is being lined up by itself, where there
	// was none before.
	tried string
	// base is the offset that was estimated, shift what a person added to it.
	base, shift time.Duration
	// from and to are its first and last moment by its own clock.
	from, to time.Time

	book   *serverlog.Book
	dated  bool
	inUse  sync.RWMutex // held for reading while a search runs
	dump   *browserdump.Dump
	result browserdump.Result

	// parts are what the other pages show of it; replay is the capture of beside
	// where that is an open file, "" where it is being captured.
	parts  []part
	replay string
}

// title is what the choice of imports calls it.
func (s *source) title() string {
	if s.dump != nil {
		return "dump: " + filepath.Base(s.path)
	}
	return "log: " + filepath.Base(s.path)
}

// close gives back what it holds, once no search runs any more. It does not wait.
func (s *source) close() {
	if s.book == nil {
		return
	}
	go func() {
		s.inUse.Lock()
		defer s.inUse.Unlock()
		// It was only read; a copy that cannot be removed is left to the system.
		_ = s.book.Close()
	}()
}

// capturePath is the capture of what the window looks at; "" for none.
func capturePath(v *view.State) string {
	if v == nil || v.Server() == nil {
		return ""
	}
	if r := v.Replay(); r != nil {
		return r.Path()
	}
	return v.Workspace().Capture().Path
}

// replayPath is the same where that is an open file, else "".
func replayPath(v *view.State) string {
	if v == nil || v.Replay() == nil {
		return ""
	}
	return v.Replay().Path()
}

// factsOf gives the facts of a capture, as many as can be read: nothing for "".
func factsOf(ctx context.Context, path string) iter.Seq[wire.Fact] {
	return func(yield func(wire.Fact) bool) {
		if path == "" {
			return
		}
		r, err := capture.Open(path)
		if err != nil {
			return // it is not there yet, or no more: then nothing is lined up
		}
		defer r.Close()
		var d wire.Decoder
		for ctx.Err() == nil {
			rec, err := r.Next()
			if err != nil {
				return
			}
			for _, f := range d.Feed(rec) {
				if !yield(f) {
					return
				}
			}
		}
	}
}

// readSource reads a file and lines it up with a capture. told is called on the
// same goroutine with how far it came. Any goroutine.
func readSource(ctx context.Context, path, beside string, told func(done float64)) (*source, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: choose a file in it", path)
	}
	s := &source{path: path, beside: beside}
	read := s.readLog
	if kindOf(path) == dumpKind {
		read = s.readDump
	}
	if err := read(ctx, told); err != nil {
		return s, err
	}
	if err := s.prepare(ctx); err != nil {
		s.close()
		return s, err
	}
	return s, nil
}

func (s *source) readDump(ctx context.Context, _ func(done float64)) error {
	f, err := os.Open(s.path)
	if err != nil {
		return fmt.Errorf("the dump cannot be opened: %w", err)
	}
	defer f.Close()
	if s.dump, err = browserdump.Read(f); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(s.path), err)
	}
	var server browserdump.Server
	for f := range factsOf(ctx, s.beside) {
		server.Feed(f)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.result = browserdump.Match(s.dump, &server)
	s.from, s.to = s.dump.From, s.dump.To
	return nil
}

func (s *source) readLog(ctx context.Context, told func(done float64)) error {
	var events iter.Seq[wire.Fact]
	var first time.Time
	if s.beside != "" {
		events = func(yield func(wire.Fact) bool) {
			for f := range factsOf(ctx, s.beside) {
				if first.IsZero() {
					first = f.At
				}
				if !yield(f) {
					return
				}
			}
		}
	}
	b, err := serverlog.Import(ctx, s.path, events, told)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(err, b.Close())
	}
	s.book = b
	if b.Len() == 0 {
		return errors.Join(fmt.Errorf("%s holds no message with a time", filepath.Base(s.path)), b.Close())
	}
	if l, err := b.Line(0); err == nil {
		s.dated = l.Dated
	}
	s.base = b.Offset()
	if _, ok := b.Alignment(); !ok && !s.dated && !first.IsZero() {
		// Nothing tells: the beginning of the capture is as good as any moment.
		s.base = first.Sub(b.At(0).Add(-s.base))
		b.SetOffset(s.base)
	}
	s.from, s.to = b.At(0).Add(-s.base), b.At(b.Len()-1).Add(-s.base)
	return nil
}

// setShift moves a source by hand.
func (s *source) setShift(d time.Duration) {
	s.shift = d
	if s.book != nil {
		s.book.SetOffset(s.base + d)
	}
}
