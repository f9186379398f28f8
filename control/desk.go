package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"kmscope/kmsconn"
)

// ErrReadOnly tells that a change was refused because the desk is off.
var ErrReadOnly = errors.New("this server is read-only here: turn control on for it first, with the switch in the tool bar")

// errOver tells that the desk was ended.
var errOver = errors.New("the session is closed")

// maxInForce bounds what one desk remembers to take back.
const maxInForce = 1000

// Server is what a Desk needs of a connection; *kmsconn.Reader has it.
type Server interface {
	// Change makes calls in order and leaves no reference behind.
	Change(ctx context.Context, ops []kmsconn.Op) []kmsconn.Result
	Close(ctx context.Context) error
}

// Options of a Desk. All fields are needed.
type Options struct {
	// Dial makes the connection for changes, when the desk is turned on.
	Dial func(ctx context.Context) (Server, error)
	// Schema is the newest description of the server, for the guard list.
	Schema func() kmsconn.Schema
	// Note takes the record of what happened, in order: a sentence, and the
	// frame that Log understands. It must not block.
	Note func(sentence string, frame json.RawMessage)
}

// State is how a desk stands. The zero State is "off".
type State struct {
	On bool
	// InForce counts the changes that will be taken back.
	InForce int
}

// Desk is where changes of one server are made. All methods may be called from
// any goroutine; those with a context wait for each other and for the server.
type Desk struct {
	o     Options
	state atomic.Pointer[State]
	turn  chan struct{} // whoever has it owns what follows

	server  Server // nil while off
	inForce []done // oldest first
	last    int    // number of the newest command
	over    bool
}

// done is a change that is, or may be, in force.
type done struct {
	id     int
	change Change
	before json.RawMessage
}

// NewDesk makes a desk that is off.
func NewDesk(o Options) *Desk {
	d := &Desk{o: o, turn: make(chan struct{}, 1)}
	d.publish()
	return d
}

// State tells how the desk stands. It does not wait.
func (d *Desk) State() State { return *d.state.Load() }

func (d *Desk) publish() { d.state.Store(&State{On: d.server != nil, InForce: len(d.inForce)}) }

func (d *Desk) take(ctx context.Context) error {
	select {
	case d.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("another change of this server is still under way: %w", ctx.Err())
	}
}

func (d *Desk) release() {
	d.publish()
	<-d.turn
}

// Set turns the desk on or off. Turning it off takes back what it changed; when
// that is not known to have worked because the server does not answer, the desk
// stays on, so that it can be tried again. An error is one sentence.
func (d *Desk) Set(ctx context.Context, on bool) error {
	if err := d.take(ctx); err != nil {
		return err
	}
	defer d.release()
	switch {
	case d.over:
		return errOver
	case on == (d.server != nil):
		return nil
	case !on:
		return d.leave(ctx, false)
	}
	server, err := d.o.Dial(ctx)
	if err != nil {
		return fmt.Errorf("control was not turned on: %w", err)
	}
	d.server = server
	d.note("control was turned on: this tool may now change the server", note{What: On})
	return nil
}

// End takes back what the desk changed and turns it off for good. It waits for a
// change that is under way, until ctx ends.
func (d *Desk) End(ctx context.Context) error {
	if err := d.take(ctx); err != nil {
		return err
	}
	defer d.release()
	d.over = true
	if d.server == nil {
		return nil
	}
	return d.leave(ctx, true)
}

// leave undoes, the newest first, and turns the desk off; unless final, it stays
// on where something may still be in force.
func (d *Desk) leave(ctx context.Context, final bool) error {
	var errs []error
	undone, kept := 0, []done(nil)
	for i := len(d.inForce) - 1; i >= 0; i-- {
		switch x := d.inForce[i]; d.undo(ctx, x, &errs) {
		case Done, Gone:
			undone++
		case Refused, Unsent:
		default:
			kept = append([]done{x}, kept...)
		}
	}
	d.inForce = kept
	if len(kept) > 0 && !final {
		return fmt.Errorf("%w; control stays on: turn it off again when the server answers, or disconnect", errors.Join(errs...))
	}
	d.inForce = nil
	left := len(errs)
	d.note(leaving(undone, left), note{What: Off, Undone: undone, Left: left})
	errs = append(errs, d.server.Close(ctx))
	d.server = nil
	return errors.Join(errs...)
}

// leaving says how the desk was turned off.
func leaving(undone, left int) string {
	s := "control was turned off"
	switch {
	case undone == 0 && left == 0:
		return s + ": no change was in force"
	case undone == 1:
		s += ": 1 change was undone"
	case undone > 1:
		s += fmt.Sprintf(": %d changes were undone", undone)
	}
	switch {
	case left == 1:
		s += "; 1 change was NOT undone"
	case left > 1:
		s += fmt.Sprintf("; %d changes were NOT undone", left)
	}
	return s
}

// undo takes one change back.
func (d *Desk) undo(ctx context.Context, x done, errs *[]error) What {
	back := x.change.back(x.before)
	r, _ := d.send(ctx, back)
	what := outcome(r.Err)
	n := describe(back, x.change.want, r, what)
	n.Undoes = x.id
	d.command(n)
	if what != Done && what != Gone {
		*errs = append(*errs, fmt.Errorf("%s of a %s was not put back to what it was: %w", strings.TrimPrefix(back.op.Operation, "set"), class(back.op.Object), r.Err))
	}
	return what
}

// Do makes a change: ErrReadOnly while the desk is off, and nothing where the
// server has it already. What was sent is in the audit, however it ended. An
// error is one sentence.
func (d *Desk) Do(ctx context.Context, c Change) error {
	if err := d.take(ctx); err != nil {
		return err
	}
	defer d.release()
	switch {
	case d.over:
		return errOver
	case d.server == nil:
		return ErrReadOnly
	case len(d.inForce) >= maxInForce:
		return fmt.Errorf("%d changes of this server wait to be undone: turn control off first", maxInForce)
	}
	if err := kmsconn.CheckOp(c.op, d.o.Schema()); err != nil {
		d.command(describe(c, nil, kmsconn.Result{Err: err}, Unsent))
		return err
	}
	before := d.server.Change(ctx, []kmsconn.Op{c.read})[0]
	if before.Err != nil {
		return failed(c, before.Err)
	}
	if same(before.Value, c.want) {
		return nil
	}
	r, _ := d.send(ctx, c)
	what := outcome(r.Err)
	n := describe(c, before.Value, r, what)
	if i := d.newest(c.key()); i >= 0 && what == Done && same(d.inForce[i].before, c.want) {
		n.Undoes = d.inForce[i].id // by hand
		d.inForce = append(d.inForce[:i], d.inForce[i+1:]...)
	} else if what == Done || what == Lost {
		n.Undoable = true
		d.inForce = append(d.inForce, done{id: d.last + 1, change: c, before: before.Value})
	}
	d.command(n)
	if what != Done {
		return failed(c, r.Err)
	}
	return nil
}

// newest finds the last change in force of what key names; -1 when there is none.
func (d *Desk) newest(key string) int {
	for i := len(d.inForce) - 1; i >= 0; i-- {
		if d.inForce[i].change.key() == key {
			return i
		}
	}
	return -1
}

// send makes the call, and reads again what it changed, for the model.
func (d *Desk) send(ctx context.Context, c Change) (made, read kmsconn.Result) {
	r := d.server.Change(ctx, []kmsconn.Op{c.op, c.read})
	return r[0], r[1]
}

func failed(c Change, err error) error {
	if kmsconn.IsNotFound(err) {
		return fmt.Errorf("the server does not know this %s any more: it has been released", class(c.op.Object))
	}
	return fmt.Errorf("%s was not changed: %w", strings.TrimPrefix(c.op.Operation, "set"), err)
}

// outcome tells how a call ended.
func outcome(err error) What {
	var (
		refused *kmsconn.Error
		guarded *kmsconn.GuardError
	)
	switch {
	case err == nil:
		return Done
	case kmsconn.IsNotFound(err):
		return Gone
	case errors.As(err, &refused):
		return Refused
	case errors.As(err, &guarded):
		return Unsent
	}
	return Lost
}

// describe makes the note of a command.
func describe(c Change, before json.RawMessage, r kmsconn.Result, what What) note {
	n := note{What: what, Object: c.op.Object, Operation: c.op.Operation, Text: c.words(before), TookMs: float64(r.Took) / float64(time.Millisecond)}
	if raw, err := json.Marshal(c.op.Params); err == nil {
		n.Params = raw
	}
	if r.Err != nil {
		n.Problem = r.Err.Error()
	}
	return n
}

// command numbers a command and writes it down.
func (d *Desk) command(n note) {
	d.last++
	n.ID = d.last
	d.note(n.sentence(), n)
}

func (d *Desk) note(sentence string, n note) { d.o.Note(sentence, n.frame()) }

// class gives the class that an object's id names.
func class(id string) string {
	own := id[strings.LastIndexByte(id, '/')+1:]
	return own[strings.LastIndexAny(own, "._")+1:]
}
