package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"kmscope/capture"
	"kmscope/inventory"
	"kmscope/kmsconn/kmd"
	"kmscope/wire"
)

// Replay plays a capture file through the very path of a live server. It is
// read from the file as it plays and never held in memory. Seeking back reads
// from the start again: the state at a moment is what all records before it
// say. All methods may be called from any goroutine.
type Replay struct {
	path string
	ws   *Workspace

	commands chan func(*player)
	done     chan struct{}
	cancel   context.CancelFunc

	mu       sync.Mutex
	sessions []*Session
	start    time.Time
	end      time.Time
	position time.Time
	playing  bool
	speed    float64
	err      error
	cut      string
}

// player is the state of the replay's goroutine.
type player struct {
	r      *Replay
	ahead  *ahead
	scribe *scribe
	models *Models
	batch  *batch // that is played, from record at on
	next   int
	ended  bool
	tell   func(share float64) // how much was read, while the file is opened; or nil
	// clock maps now to a moment of the capture while playing.
	from time.Time // wall clock at which playing began
	at   time.Time // moment of the capture at that time
}

// publishEvery bounds how often snapshots are published.
const publishEvery = 50 * time.Millisecond

// Open opens a capture file, reads it whole at once, and leaves it at its end.
// It returns an error in one sentence when the file is no capture; a file that
// was cut gives all that is in it.
func (w *Workspace) Open(ctx context.Context, path string) (*Replay, error) {
	return w.OpenTelling(ctx, path, nil)
}

// OpenTelling is Open that tells how much of the file was read, as a share of 0 to
// 1, at most twenty times a second, on a goroutine of the replay; nil tells nobody.
func (w *Workspace) OpenTelling(ctx context.Context, path string, progress func(share float64)) (*Replay, error) {
	reader, err := capture.Open(path)
	if err != nil {
		return nil, err
	}
	run, cancel := context.WithCancel(context.Background())
	r := &Replay{path: path, ws: w, commands: make(chan func(*player)), done: make(chan struct{}), cancel: cancel, speed: 1}
	p := newPlayer(r, reader)
	p.tell = progress
	first := make(chan error, 1)
	go func() {
		defer close(r.done)
		defer p.close()
		err := p.runTo(ctx, time.Time{})
		p.tell, r.cut = nil, p.models.Cut
		first <- err
		p.loop(run)
	}()
	if err := <-first; err != nil {
		r.stop()
		return nil, err
	}
	if p.empty() {
		r.stop()
		return nil, fmt.Errorf("%s holds no records: it is an empty capture", filepath.Base(path))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		cancel()
		return nil, errClosed
	}
	w.replays = append(w.replays, r)
	return r, nil
}

func (p *player) empty() bool { return p.models.Records == 0 }

// newPlayer begins to read a capture; close ends it.
func newPlayer(r *Replay, reader *capture.Reader) *player {
	return &player{r: r, ahead: readAhead(reader), scribe: newScribe(), models: &Models{}}
}

func (p *player) close() {
	p.settle()
	p.scribe.close()
	_ = p.ahead.close() // it was only read
}

// load gives the batch with the next record; false at the end of the file.
func (p *player) load() (bool, error) {
	for p.batch == nil || p.next == len(p.batch.records) {
		if b := p.batch; b != nil {
			err := b.err
			p.scribe.work <- page{told: b.told[b.kept:], batch: b, spare: p.ahead.spare}
			p.batch = nil
			if err != nil {
				p.ended = true
				if errors.Is(err, io.EOF) {
					err = nil
				}
				return false, err
			}
		}
		if p.ended {
			return false, nil
		}
		p.batch, p.next = <-p.ahead.batches, 0
	}
	return true, nil
}

// settle brings the timeline to where the rest of the model is.
func (p *player) settle() {
	var rest []told
	if b := p.batch; b != nil {
		rest, b.kept = b.told[b.kept:], len(b.told)
	}
	p.scribe.settle(rest)
}

// step applies one record; false at the end of the file.
func (p *player) step(until time.Time) (bool, error) {
	if more, err := p.load(); !more {
		return false, err
	}
	b := p.batch
	rec := &b.records[p.next]
	if !until.IsZero() && rec.At.After(until) {
		return false, nil
	}
	facts := b.of(p.next)
	p.next++
	for _, s := range p.models.Servers() {
		if s.trail.ends(rec.At) {
			p.session(s).past.Add(s.trail.take(s.Model))
		}
	}
	p.models.take(rec, facts, func(m *Model, f *wire.Fact) { b.told = append(b.told, told{m, f}) })
	for _, s := range p.models.Servers() {
		if s.newSchema != nil {
			p.session(s).schema.Store(s.newSchema)
			s.newSchema = nil
		}
		if s.Model.inventory.Changed() {
			s.trail.note(s.Model.inventory.ChangedAt(), &p.session(s).past)
		}
	}
	return true, nil
}

// trail finds the states that a Past keeps while a capture is read: making one
// after every record would take most of the time, and nearly all would be replaced
// by the next.
type trail struct {
	waiting   bool
	at, until time.Time // the change that waits, and when what comes no longer replaces it
}

// note is told of a change.
func (t *trail) note(at time.Time, past *inventory.Past) {
	if t.waiting {
		t.at = at
		return
	}
	if until, ok := past.Room(at); ok {
		*t = trail{waiting: true, at: at, until: until}
	}
}

// ends tells whether the state as it is now must be kept before a record of a
// moment is taken.
func (t *trail) ends(at time.Time) bool {
	return t.waiting && at.After(t.at) && !at.Before(t.until)
}

// take gives the state that waits.
func (t *trail) take(m *Model) *inventory.Snapshot {
	t.waiting = false
	now := m.inventory.Snapshot()
	if now.At.Equal(t.at) {
		return now
	}
	then := *now // nothing but the time changed since
	then.At = t.at
	return &then
}

// session gives the session of a server, and makes it when it is new.
func (p *player) session(s *Server) *Session {
	r := p.r
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.sessions {
		if x.url == s.URL {
			return x
		}
	}
	name := filepath.Base(r.path)
	if s.URL != "" {
		name = s.URL + " in " + name
	}
	x := newSession(r.ws, name, s.URL, s.Model)
	x.link, x.replay = Link{State: Replaying}, r
	r.sessions = append(r.sessions, x)
	r.ws.add(x)
	return x
}

func (p *player) publish() {
	p.settle()
	for _, s := range p.models.Servers() {
		x := p.session(s)
		if s.trail.waiting {
			x.past.Add(s.trail.take(s.Model))
		}
		if s.changed {
			s.changed = false
			x.publish(s.Model)
			x.setLink(func(l *Link) { l.Gaps, l.Undecoded = s.Model.Gaps(), s.Model.Undecoded() })
		}
	}
	r := p.r
	r.mu.Lock()
	if r.start.IsZero() || p.models.First.Before(r.start) {
		r.start = p.models.First
	}
	if p.models.Last.After(r.end) {
		r.end = p.models.Last
	}
	r.position = p.models.Last
	r.mu.Unlock()
	r.ws.notify()
}

// runTo applies all records up to a moment, or to the end when it is zero.
func (p *player) runTo(ctx context.Context, until time.Time) error {
	shown := time.Now()
	for n := 0; ; n++ {
		more, err := p.step(until)
		if err != nil {
			p.publish()
			return err
		}
		if !more {
			p.publish()
			return nil
		}
		if n%256 == 0 {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("reading %s was stopped: %w", filepath.Base(p.r.path), err)
			}
			if time.Since(shown) > publishEvery {
				p.publish()
				if p.tell != nil && p.batch != nil {
					p.tell(p.batch.progress)
				}
				shown = time.Now()
			}
		}
	}
}

// loop plays and takes commands until the replay is closed.
func (p *player) loop(ctx context.Context) {
	tick := time.NewTicker(publishEvery)
	defer tick.Stop()
	for {
		var due <-chan time.Time
		if p.r.Playing() {
			due = tick.C
		}
		select {
		case <-ctx.Done():
			return
		case f := <-p.r.commands:
			f(p)
		case now := <-due:
			p.play(ctx, now)
		}
	}
}

func (p *player) play(ctx context.Context, now time.Time) {
	speed := p.r.currentSpeed()
	var until time.Time
	if speed > 0 {
		until = p.at.Add(time.Duration(float64(now.Sub(p.from)) * speed))
	}
	err := p.runTo(ctx, until)
	r := p.r
	r.mu.Lock()
	if p.ended || err != nil {
		r.playing = false
		r.err = err
	} else if until.After(r.position) {
		r.position = until // silence is part of the capture
	}
	r.mu.Unlock()
}

func (p *player) rewind() error {
	reader, err := capture.Open(p.r.path)
	if err != nil {
		return err
	}
	p.settle()
	err = p.ahead.close()
	p.ahead, p.models, p.batch, p.ended = readAhead(reader), &Models{}, nil, false
	return err
}

// anchor ties the moment of the capture to now.
func (p *player) anchor() {
	p.from = time.Now()
	p.r.mu.Lock()
	p.at = p.r.position
	p.r.mu.Unlock()
}

func (p *player) seek(to time.Time) {
	r := p.r
	r.mu.Lock()
	back := to.Before(r.position) || p.ended
	r.mu.Unlock()
	if back {
		if err := p.rewind(); err != nil {
			r.mu.Lock()
			r.err, r.playing = err, false
			r.mu.Unlock()
			return
		}
	}
	err := p.runTo(context.Background(), to)
	if back { // servers of which nothing was said yet have nothing again
		p.clearUnmentioned()
	}
	r.mu.Lock()
	r.err = err
	r.position = to
	r.mu.Unlock()
	p.anchor()
	r.ws.notify()
}

func (p *player) clearUnmentioned() {
	for _, x := range p.r.Sessions() {
		if !slices.ContainsFunc(p.models.Servers(), func(s *Server) bool { return s.URL == x.url }) {
			x.schema.Store(kmd.Builtin(""))
			x.publish(NewModel(x.url))
		}
	}
}

// command runs f on the replay's goroutine and waits for it.
func (r *Replay) command(f func(*player)) {
	ran := make(chan struct{})
	select {
	case r.commands <- func(p *player) { defer close(ran); f(p) }:
		<-ran
	case <-r.done:
	}
}

// Play goes on from the present position; at the end of the capture, from its start.
func (r *Replay) Play() {
	r.command(func(p *player) {
		if p.ended {
			p.seek(r.Start())
		}
		p.anchor()
		r.mu.Lock()
		r.playing = true
		r.mu.Unlock()
		r.ws.notify()
	})
}

// Pause stops playing; the position stays.
func (r *Replay) Pause() {
	r.mu.Lock()
	r.playing = false
	r.mu.Unlock()
	r.ws.notify()
}

// Playing reports whether the capture plays now.
func (r *Replay) Playing() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.playing
}

// SetSpeed sets how fast it plays: 1 is as it was, 10 ten times as fast, 0 at once.
func (r *Replay) SetSpeed(factor float64) {
	r.command(func(p *player) {
		p.anchor()
		r.mu.Lock()
		r.speed = max(0, factor)
		r.mu.Unlock()
		r.ws.notify()
	})
}

// Speed gives how fast it plays; 0 is at once.
func (r *Replay) Speed() float64 { return r.currentSpeed() }

func (r *Replay) currentSpeed() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.speed
}

// Seek goes to a moment, counted from the start of the capture. It returns
// when the state of that moment is published.
func (r *Replay) Seek(to time.Duration) {
	r.command(func(p *player) { p.seek(r.Start().Add(min(max(0, to), r.Duration()))) })
}

// Start is the time of the first record.
func (r *Replay) Start() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.start
}

// Position is how far into the capture the published state is.
func (r *Replay) Position() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.position.Sub(r.start)
}

// Duration is the time from the first record to the last.
func (r *Replay) Duration() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.end.Sub(r.start)
}

// Path is the file.
func (r *Replay) Path() string { return r.path }

// Err says in one sentence why playing stopped before the end; nil otherwise.
func (r *Replay) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Cut says in one clause why the capture ends before what was captured did: the
// file was cut. It is "" for a whole one.
func (r *Replay) Cut() string { return r.cut }

// Sessions gives a session per server of the capture.
func (r *Replay) Sessions() []*Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sessions)
}

// remove drops a session and says how many are left.
func (r *Replay) remove(s *Session) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	had := len(r.sessions)
	r.sessions = slices.DeleteFunc(r.sessions, func(x *Session) bool { return x == s })
	if had == len(r.sessions) {
		return -1
	}
	return len(r.sessions)
}

func (r *Replay) stop() {
	r.cancel()
	<-r.done
}
