package capture

import (
	"fmt"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"kmscope/rawjson"
)

// The writer must never hold up what it captures. Append puts the record into
// a queue bounded by bytes and returns; one goroutine makes lines of records,
// compresses them into a zstd frame of its own every second or every 256 KiB,
// and writes that with one call. So a crash of the program loses a second at
// most, and whatever is in the file can be read.
//
// When the disk does not take a frame, the goroutine keeps it and tries again
// every second, while the queue fills. When the queue is full, records are
// dropped and counted, and a gap record stands in their place. Rejected: a
// streaming encoder with flushes, whose blocks depend on each other; and
// dropping the oldest of the queue, which would tear holes into what a person
// has seen already.

const (
	frameBytes      = 256 << 10
	frameEvery      = time.Second
	retryEvery      = time.Second
	queueBytes      = 32 << 20
	recordOverhead  = 256 // what a Record costs beside its message
	closeWithin     = 5 * time.Second
	compressWindow  = 512 << 10
	keptFrameBuffer = 4 << 20
)

// WriterOptions are the limits of a Writer; the zero value is good.
type WriterOptions struct {
	// LimitBytes bounds the size of the capture on the disk: it becomes a ring
	// that lets go of its oldest eighth. 0 is no limit.
	LimitBytes int64
	// QueueBytes bounds the memory of what waits for the disk; 0 is 32 MiB.
	QueueBytes int64
}

// WriterState is how a Writer stands.
type WriterState struct {
	// Path is the file that is being written; of a ring, the newest.
	Path string
	// Bytes is the size on the disk, all files of a ring together.
	Bytes int64
	// Records were written so far, also those that a ring let go of.
	Records int64
	// Dropped records are missing: the disk was too slow or refused.
	Dropped int64
	// Since is the moment from which on there are records.
	Since time.Time
	// Kept: it was given a name by Keep, or never was a ring.
	Kept bool
	// Err says in one sentence why the disk does not take records now; nil when
	// it does.
	Err error
}

// clock is what a Writer needs of package time.
type clock struct {
	now   func() time.Time
	after func(time.Duration) <-chan time.Time
}

// Writer writes a capture. All methods may be called from any goroutine.
type Writer struct {
	header Header
	opts   WriterOptions
	clock  clock
	wake   chan struct{} // capacity 1: the queue is not empty any more, or enough for a frame
	asks   chan ask      // Keep and flush
	quit   chan struct{} // closed by Close
	done   chan struct{} // closed when the goroutine ended

	mu      sync.Mutex // guards what follows
	queue   []Record
	queued  int64
	missing int    // dropped since the last record of the queue
	missAt  Record // when the first of them happened
	state   WriterState
	closed  bool
	ended   error

	// What follows belongs to the goroutine.
	out      output
	enc      *zstd.Encoder
	text     []byte // lines of the coming frame
	first    mark   // of the coming frame
	records  int64  // records in text
	written  int64  // records before text
	packed   []byte // a frame that the disk has not taken
	deadline <-chan time.Time
	retry    <-chan time.Time
}

// ask is a request to the goroutine.
type ask struct {
	keep  string // "" is a flush
	reply chan error
}

// Create begins a capture in a new file and starts its goroutine, which ends
// with Close. It fails, in one sentence, when there is such a file already or
// it cannot be written.
func Create(path string, h Header, o WriterOptions) (*Writer, error) {
	return create(path, h, o, clock{time.Now, time.After}, diskFiles{})
}

func create(path string, h Header, o WriterOptions, c clock, files fileSystem) (*Writer, error) {
	if o.QueueBytes <= 0 {
		o.QueueBytes = queueBytes
	}
	if h.Created.IsZero() {
		h.Created = c.now()
	}
	// The default level takes half as much time again, and makes files of statistics
	// larger by 4 %, others smaller by 1 %.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(compressWindow), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("the capture cannot be compressed: %w", err)
	}
	w := &Writer{
		header: h, opts: o, clock: c, enc: enc,
		wake: make(chan struct{}, 1), asks: make(chan ask), quit: make(chan struct{}), done: make(chan struct{}),
		out: output{files: files, path: path, limit: o.LimitBytes, open: map[string]Record{}},
	}
	if err := w.out.create(); err != nil {
		return nil, err
	}
	w.state = WriterState{Path: path, Since: time.UnixMilli(h.Created.UnixMilli()), Kept: o.LimitBytes <= 0}
	w.begin()
	if err := w.out.write(w.pack()); err != nil {
		return nil, w.out.abandon(err)
	}
	w.text, w.packed = w.text[:0], w.packed[:0]
	w.publish(nil)
	go w.run()
	return w, nil
}

// Append hands a record over; it never waits for the disk. The record's
// message must not be changed afterwards. After Close it does nothing.
func (w *Writer) Append(r Record) {
	cost := int64(recordOverhead + len(r.Frame) + len(r.Conn) + len(r.Server) + len(r.Reason) + len(r.Error) + len(r.Note))
	limit := w.opts.QueueBytes
	if r.Dir != DirSend && r.Dir != DirRecv {
		limit += limit / 8 // without these the rest cannot be understood
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	if w.queued+cost > limit {
		if w.missing == 0 {
			w.missAt = Record{TimeMs: r.TimeMs, At: r.At}
		}
		w.missing++
		w.state.Dropped++
		return
	}
	w.closeGap()
	before := w.queued
	w.queue = append(w.queue, r)
	w.queued += cost
	if before == 0 || before < frameBytes && w.queued >= frameBytes {
		w.rouse()
	}
}

// rouse wakes the goroutine. It need not know of each record: it makes lines of them
// when a frame is due, or when there is enough for one.
func (w *Writer) rouse() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// closeGap puts the gap record of what was dropped into the queue. The caller
// holds mu.
func (w *Writer) closeGap() {
	if w.missing == 0 {
		return
	}
	w.queue = append(w.queue, Record{
		Dir: DirGap, TimeMs: w.missAt.TimeMs, At: w.missAt.At, Dropped: w.missing,
		Note: "the disk did not take them in time",
	})
	w.missing = 0
}

// State tells how the capture stands.
func (w *Writer) State() WriterState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// Path is the file that is being written.
func (w *Writer) Path() string { return w.State().Path }

// Keep gives the capture a name. Everything that was captured so far and is
// still there goes into that file, what follows as well, and it is no longer
// limited in size. It waits for the disk. When it fails, in one sentence, the
// capture goes on as before; it does so when there is such a file already.
func (w *Writer) Keep(path string) error {
	return w.ask(ask{keep: path, reply: make(chan error, 1)})
}

// flush writes what is queued.
func (w *Writer) flush() error { return w.ask(ask{reply: make(chan error, 1)}) }

func (w *Writer) ask(a ask) error {
	select {
	case w.asks <- a:
		return <-a.reply
	case <-w.done:
		return fmt.Errorf("the capture is finished already")
	}
}

// Close writes what is queued and closes the file. It waits five seconds for
// the disk at most, and fails, in one sentence, when something is missing.
func (w *Writer) Close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		w.closeGap()
		close(w.quit)
	}
	w.mu.Unlock()
	select {
	case <-w.done:
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.ended
	case <-time.After(closeWithin):
		return fmt.Errorf("%s could not be finished within %v: its end may be missing", w.Path(), closeWithin)
	}
}

// run is the goroutine.
func (w *Writer) run() {
	defer close(w.done)
	for {
		wake := w.wake
		if len(w.packed) > 0 {
			wake = nil // first what the disk refused
		}
		select {
		case <-wake:
			w.begun()
		case <-w.deadline:
			w.take()
			_ = w.emit() // it has published a failure and asked for another try
		case <-w.retry:
			_ = w.emit()
			w.take()
		case a := <-w.asks:
			a.reply <- w.answer(a)
		case <-w.quit:
			w.finish()
			return
		}
	}
}

func (w *Writer) answer(a ask) error {
	if err := w.drain(); err != nil {
		return err
	}
	if a.keep == "" {
		return nil
	}
	if err := w.out.keep(a.keep); err != nil {
		return err
	}
	w.publish(nil)
	return nil
}

// drain writes all that is queued.
func (w *Writer) drain() error {
	for {
		w.take()
		if err := w.emit(); err != nil {
			return err
		}
		w.mu.Lock()
		empty := len(w.queue) == 0
		w.mu.Unlock()
		if empty {
			return nil
		}
	}
}

func (w *Writer) finish() {
	err := w.drain()
	if err != nil {
		w.mu.Lock()
		lost := int64(len(w.queue)) + w.records
		w.state.Dropped += lost
		w.mu.Unlock()
		err = fmt.Errorf("the end of the capture is missing (%d records): %w", lost, err)
	}
	if cerr := w.out.close(); err == nil {
		err = cerr
	}
	w.mu.Lock()
	w.ended, w.queue = err, nil
	w.mu.Unlock()
}

// begun has a frame made of what is queued a second after the first of it came, or at
// once when there is enough for one.
func (w *Writer) begun() {
	w.mu.Lock()
	queued := w.queued
	w.mu.Unlock()
	switch {
	case queued >= frameBytes:
		w.take()
	case w.deadline == nil && queued > 0:
		w.deadline = w.clock.after(frameEvery)
	}
}

// take makes lines of what is queued, and frames of what is enough for one.
func (w *Writer) take() {
	if len(w.packed) > 0 {
		return
	}
	w.mu.Lock()
	queue := w.queue
	w.queue, w.queued = nil, 0
	w.mu.Unlock()
	for i := range queue {
		w.line(&queue[i])
		if len(w.text) < frameBytes {
			continue
		}
		if w.emit() != nil {
			w.giveBack(queue[i+1:])
			return
		}
	}
	if w.records > 0 && w.deadline == nil {
		w.deadline = w.clock.after(frameEvery)
	}
}

// giveBack puts records back in front of the queue.
func (w *Writer) giveBack(rest []Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range rest {
		w.queued += int64(recordOverhead + len(rest[i].Frame))
	}
	w.queue = append(rest[:len(rest):len(rest)], w.queue...)
	w.rouse()
}

// line appends a record to the coming frame.
func (w *Writer) line(r *Record) {
	if !r.whole && (len(r.Frame) > 0 && !rawjson.Valid(r.Frame) || hasLineEnd(r.Frame)) {
		safe := *r
		safe.Frame = message(r.Frame, false)
		r = &safe
	}
	if w.records == 0 {
		w.first = mark{record: w.written, micros: w.moment(r.TimeMs)}
	}
	w.out.note(r)
	w.text = appendLine(w.text, r)
	w.records++
}

// begin puts the header, and the connections that are open, into the coming
// frame, the first of a file.
func (w *Writer) begin() {
	h := w.header
	h.Servers = w.out.servers(h.Servers)
	text, err := appendHeader(w.text[:0], h, w.out.segment)
	if err != nil { // strings and numbers always encode
		return
	}
	w.text = w.out.resume(text, w.out.lastMs)
	w.first = mark{record: w.written, micros: w.moment(w.out.lastMs)}
}

// moment is the wall clock at a TimeMs, in microseconds since 1970.
func (w *Writer) moment(timeMs float64) int64 {
	return w.header.Created.UnixMilli()*1000 + micros(timeMs)
}

// pack compresses the coming frame, with its mark before it.
func (w *Writer) pack() []byte {
	w.packed = w.enc.EncodeAll(w.text, appendMark(w.packed[:0], w.first))
	return w.packed
}

// emit writes the coming frame, or the one that the disk refused.
func (w *Writer) emit() error {
	w.deadline, w.retry = nil, nil
	if len(w.packed) == 0 {
		if len(w.text) == 0 {
			return nil
		}
		w.pack()
	}
	if err := w.out.write(w.packed); err != nil {
		w.retry = w.clock.after(retryEvery)
		w.publish(err)
		return err
	}
	grown := w.records > 0 // a file of nothing but a header is never full
	w.written += w.records
	w.records = 0
	w.text, w.packed = reuse(w.text), reuse(w.packed)
	if grown && w.out.full() {
		if err := w.out.rotate(); err != nil {
			w.publish(err)
			return nil // the file goes on and grows; the next frame tries again
		}
		w.begin()
		return w.emit()
	}
	w.publish(nil)
	return nil
}

// reuse empties a buffer, and lets go of one that a huge message made.
func reuse(b []byte) []byte {
	if cap(b) > keptFrameBuffer {
		return nil
	}
	return b[:0]
}

// publish shows how things stand.
func (w *Writer) publish(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.state
	s.Path, s.Bytes, s.Kept, s.Err = w.out.path, w.out.total(), w.out.limit <= 0, err
	s.Records = w.written
	if oldest := w.out.oldestMs(); oldest != 0 {
		s.Since = moment(w.header.Created.UnixMilli()*1000, oldest)
	}
}
