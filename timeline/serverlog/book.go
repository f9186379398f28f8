package serverlog

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"kmscope/wire"
)

// A Book is a log of any size that people leaf through. It is read once; what
// stays in memory is a row of 32 bytes for each message: where it stands, when,
// how bad, of which component and object. The text is read again from the file
// when somebody looks at it. A compressed log cannot be entered in the middle
// and is written out to a temporary file meanwhile.
//
// Lines at the usual levels name no object. They name the GStreamer element
// ("kmswebrtcendpoint0"), and which object that is some events tell
// (MediaTranscodingStateChanged by its bin) and some lines, which name both.
// What is learnt late counts for the lines before, too.
//
// Rejected: keeping the texts (a log of 1 GB has as much of them), and an index
// of every thousandth message (filtering by level would read the file each time).

// The bounds of a Book.
const (
	maxRows  = 4 << 20
	maxWhos  = 1 << 20
	maxSpool = 32 << 30
)

type row struct {
	at        int64
	clock     int64 // nanoseconds
	size      uint32
	number    uint32
	who       uint32 // in whos; 0 is nobody
	component uint16 // in components
	level     Level
}

// Book is an indexed log. After Import any goroutine may use it.
type Book struct {
	name       string
	file       *os.File
	temporary  bool
	rows       []row
	components []string
	whos       []string // object ids, and names of elements until they are resolved
	alignment  Alignment
	aligned    bool
	offset     atomic.Int64
	notes      []string
}

// importer is what is needed while a Book is made.
type importer struct {
	*Book
	componentOf map[string]uint16
	whoOf       map[string]uint32
	objectOf    map[string]string // by name of an element; "" is several
	most        Level             // the most verbose level that is taken
	room        int               // how many rows there may be
	left        int64             // messages that were left out for their level
	told        func(done float64)
}

// Import reads a log file, plain or gzip-compressed, lines it up with the events
// of a capture, and indexes it. It takes a second for every 50 to 100 MB and
// gives up when ctx ends. events gives the facts of the capture, nil for none:
// then there is no Alignment. told, if not nil, is called now and then on the same
// goroutine with the part of the file that was read, from 0 to 1. The error is
// one sentence for the user.
func Import(ctx context.Context, path string, events iter.Seq[wire.Fact], told func(done float64)) (*Book, error) {
	m := newImporter(path)
	m.told = told
	return m.run(ctx, events)
}

func newImporter(path string) *importer {
	return &importer{Book: &Book{name: path, components: []string{""}, whos: []string{""}},
		componentOf: make(map[string]uint16), whoOf: make(map[string]uint32), objectOf: make(map[string]string), most: Memdump, room: maxRows}
}

func (m *importer) run(ctx context.Context, events iter.Seq[wire.Fact]) (*Book, error) {
	var a Aligner
	if events != nil {
		for f := range events {
			a.Event(f)
			m.learn(&f)
		}
	}
	err := m.read(ctx, &a)
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	m.resolve()
	m.alignment, m.aligned = a.Alignment()
	m.offset.Store(int64(m.alignment.Offset))
	return m.Book, nil
}

func (m *importer) read(ctx context.Context, a *Aligner) (err error) {
	f, err := os.Open(m.name)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s cannot be opened: %w; check the name", m.name, os.ErrNotExist)
		}
		return fmt.Errorf("%s cannot be opened: %w", m.name, err)
	}
	m.file = f
	var size int64
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	var in io.Reader = f
	var spool *bufio.Writer
	head := make([]byte, 2)
	if n, _ := f.ReadAt(head, 0); n == 2 && head[0] == 0x1f && head[1] == 0x8b {
		z, err := gzip.NewReader(bufio.NewReaderSize(f, 64<<10))
		if err != nil {
			return fmt.Errorf("%s cannot be decompressed: %w", m.name, err)
		}
		copied, err := os.CreateTemp("", "kmscope-*.log")
		if err != nil {
			return fmt.Errorf("there is no room to decompress %s: %w", m.name, err)
		}
		defer f.Close()
		m.file, m.temporary = copied, true
		spool = bufio.NewWriterSize(copied, 256<<10)
		in = io.TeeReader(io.LimitReader(z, maxSpool), spool)
	}
	r, err := NewReader(m.name, in)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if n%4096 == 0 && m.told != nil && size > 0 {
			at, err := f.Seek(0, io.SeekCurrent)
			if err == nil {
				m.told(float64(at) / float64(size))
			}
		}
		l, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if len(m.rows) == 0 {
				return err
			}
			m.notes = append(m.notes, err.Error())
			break
		}
		a.See(&l)
		m.take(&l, r)
	}
	if m.left > 0 {
		m.notes = append(m.notes, fmt.Sprintf("%s has more than %d messages: %d, the most detailed and the oldest, were left out", m.name, m.room, m.left))
	}
	if spool != nil {
		if err := spool.Flush(); err != nil {
			return fmt.Errorf("there is no room to decompress %s: %w", m.name, err)
		}
	}
	return nil
}

func (m *importer) take(l *Line, r *Reader) {
	if !l.Timed {
		return
	}
	if len(l.Objects) == 1 {
		m.names(element(l.Element), l.Objects[0])
	}
	if len(m.rows) >= m.room {
		m.thin()
	}
	if l.Level > m.most {
		m.left++
		return
	}
	x := row{at: r.lastAt, clock: int64(l.Clock), size: uint32(min(r.lastEnd-r.lastAt, math.MaxUint32)), number: uint32(min(l.Number, math.MaxUint32)), level: l.Level}
	id, ok := m.componentOf[l.Component]
	if !ok && len(m.components) < math.MaxUint16 {
		id = uint16(len(m.components))
		m.components = append(m.components, strings.Clone(l.Component))
		m.componentOf[m.components[id]] = id
	}
	x.component = id
	who := element(l.Element)
	if len(l.Objects) > 0 {
		who = l.Objects[0]
	}
	n, ok := m.whoOf[who]
	if !ok && who != "" && len(m.whos) < maxWhos {
		n = uint32(len(m.whos))
		m.whos = append(m.whos, strings.Clone(who))
		m.whoOf[m.whos[n]] = n
	}
	x.who = n
	m.rows = append(m.rows, x)
}

// thin makes room: the most verbose level goes, or, where all is of one level,
// the older half.
func (m *importer) thin() {
	worst := Plain
	for i := range m.rows {
		worst = max(worst, m.rows[i].level)
	}
	before := len(m.rows)
	if worst > Info {
		m.most = worst - 1
		m.rows = slices.DeleteFunc(m.rows, func(x row) bool { return x.level > m.most })
	} else {
		m.rows = slices.Delete(m.rows, 0, before/2)
	}
	m.left += int64(before - len(m.rows))
}

// element gives the element of Kurento that an inner one belongs to:
// "kmswebrtcendpoint0_kmsagnosticbin2-1:sink", "kmswebrtcendpoint0-sess0".
func element(name string) string {
	if !strings.HasPrefix(name, "kms") {
		return ""
	}
	if i := strings.IndexAny(name, "_:-"); i >= 0 {
		name = name[:i]
	}
	return name
}

// learn takes from an event which object an element is.
func (m *importer) learn(f *wire.Fact) {
	if f.Kind != wire.KindEvent || f.Event() != "MediaTranscodingStateChanged" {
		return
	}
	var d struct {
		Bin string `json:"binName"`
	}
	_ = json.Unmarshal(f.Data, &d) // without a bin it tells nothing
	m.names(element(d.Bin), f.Object)
}

func (m *importer) names(name, object string) {
	if name == "" || object == "" {
		return
	}
	was, known := m.objectOf[name]
	switch {
	case !known && len(m.objectOf) < maxWhos:
		m.objectOf[strings.Clone(name)] = strings.Clone(object)
	case known && was != object:
		m.objectOf[name] = "" // two servers in one log, each counts from 0
	}
}

func (m *importer) resolve() {
	for i, who := range m.whos {
		if strings.HasPrefix(who, "kms") {
			m.whos[i] = m.objectOf[who]
		}
	}
}

// Close closes the file, and removes the decompressed copy.
func (b *Book) Close() error {
	if b.file == nil {
		return nil
	}
	err := b.file.Close()
	if b.temporary {
		err = errors.Join(err, os.Remove(b.file.Name()))
	}
	b.file = nil
	return err
}

// Len is how many messages there are.
func (b *Book) Len() int { return len(b.rows) }

// Notes say in sentences what is missing.
func (b *Book) Notes() []string { return b.notes }

// Alignment gives what the offset was estimated from; false when nothing told.
func (b *Book) Alignment() (Alignment, bool) { return b.alignment, b.aligned }

// Offset is what is added to the clock of the log to get the server's.
func (b *Book) Offset() time.Duration { return time.Duration(b.offset.Load()) }

// SetOffset sets the offset by hand.
func (b *Book) SetOffset(d time.Duration) { b.offset.Store(int64(d)) }

// At is the server's time of a message.
func (b *Book) At(i int) time.Time {
	return time.Unix(0, 0).Add(time.Duration(b.rows[i].clock) + b.Offset())
}

// Level is how important a message is.
func (b *Book) Level(i int) Level { return b.rows[i].level }

// Component is the debug category of a message.
func (b *Book) Component(i int) string { return b.components[b.rows[i].component] }

// Object is the id of the Kurento object that a message is about; "" when it is
// not known. Where a message names several it is the first.
func (b *Book) Object(i int) string { return b.whos[b.rows[i].who] }

// Line reads a whole message from the file.
func (b *Book) Line(i int) (Line, error) {
	x := &b.rows[i]
	r, err := NewReader(b.name, io.NewSectionReader(b.file, x.at, int64(x.size)))
	if err != nil {
		return Line{}, err
	}
	l, err := r.Next()
	if err != nil {
		return Line{}, fmt.Errorf("%s was changed since it was read, import it again: %w", b.name, err)
	}
	l.Number = int64(x.number)
	return l, nil
}

// Components counts the messages of each debug category, by name.
func (b *Book) Components() map[string]int {
	out := make(map[string]int)
	for i := range b.rows {
		out[b.Component(i)]++
	}
	return out
}

// Filter says which messages are wanted; the zero value wants all.
type Filter struct {
	// Level is the most detailed level; Plain is every one.
	Level Level
	// Components are the debug categories; empty is every one.
	Components []string
	// Object is the id of an object; its inner objects are not meant. "" is every
	// message.
	Object string
	// Text is looked for in the message; nil is none. It makes Select read the
	// file.
	Text *regexp.Regexp
}

// Select gives the numbers of the messages that a filter wants, in order. It
// gives up when ctx ends.
func (b *Book) Select(ctx context.Context, f Filter) ([]int32, error) {
	wanted := make([]bool, len(b.components))
	for i, c := range b.components {
		wanted[i] = len(f.Components) == 0 || slices.Contains(f.Components, c)
	}
	whose := make([]bool, len(b.whos))
	for i, w := range b.whos {
		whose[i] = f.Object == "" || w == f.Object
	}
	var out []int32
	for i := range b.rows {
		x := &b.rows[i]
		if (f.Level == Plain || x.level <= f.Level) && wanted[x.component] && whose[x.who] {
			out = append(out, int32(i))
		}
	}
	if f.Text == nil || len(out) == 0 {
		return out, nil
	}
	// One pass from the first that is left to the last.
	from, last := b.rows[out[0]].at, b.rows[out[len(out)-1]]
	r, err := NewReader(b.name, io.NewSectionReader(b.file, from, last.at+int64(last.size)-from))
	if err != nil {
		return nil, err
	}
	found := out[:0]
	for i := 0; i < len(out); {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		l, err := r.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return nil, err
		}
		at := from + r.lastAt
		for i < len(out) && b.rows[out[i]].at < at {
			i++
		}
		if i < len(out) && b.rows[out[i]].at == at {
			if f.Text.MatchString(l.Text) {
				found = append(found, out[i])
			}
			i++
		}
	}
	return found, nil
}
