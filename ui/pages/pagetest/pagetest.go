// Package pagetest is a server whose facts a test feeds, and the window state over it,
// for the tests of the pages.
package pagetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"kmscope/control"
	"kmscope/inventory"
	"kmscope/kmsconn/kmd"
	"kmscope/negotiation"
	"kmscope/session"
	"kmscope/stats"
	"kmscope/timeline"
	"kmscope/ui/page"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
	"kmscope/wire"
)

// Bench is a server whose facts a test feeds, and the window state over it.
type Bench struct {
	t       testing.TB
	Reducer *inventory.Reducer
	past    inventory.Past
	store   *stats.Store
	Log     *timeline.Log
	lanes   timeline.Lanes
	steps   negotiation.Log
	At      time.Time
	record  int64
	State   *view.State
	Off     bool // no session at all
	// Others are further sessions of the workspace.
	Others []view.Session
	// Named is what the server is called; "" is "server".
	Named string
	// Captured is what Archive gives.
	Captured stats.Archive
	// CapturePath is the file that is being written; "" is none.
	CapturePath string
	// Controlled is what Control gives.
	Controlled control.State
	Posts      chan func()
}

// New makes a server without objects under a dark theme.
func New(t testing.TB) *Bench {
	t.Helper()
	a := test.NewApp()
	a.Settings().SetTheme(theme.New(theme.AlwaysDark))
	t.Cleanup(func() { test.NewApp() })
	b := &Bench{t: t, Reducer: inventory.NewReducer("ws://server"), store: stats.NewStore(), Log: timeline.NewLog(0),
		At: time.Date(2026, 11, 21, 12, 3, 0, 0, time.UTC)}
	b.State = view.NewState(b)
	b.State.SetClock(view.Clock{Mode: view.UTC})
	return b
}

// Feed applies a fact a tenth of a second after the last one.
func (b *Bench) Feed(f wire.Fact) {
	b.At = b.At.Add(100 * time.Millisecond)
	b.record++
	f.Record, f.At, f.Conn = b.record, b.At, "1"
	if f.Kind == wire.KindEvent && f.Stamp.IsZero() {
		f.Stamp = b.At
	}
	if f.Bytes == 0 {
		f.Bytes = len(f.Data) + len(f.Result)
	}
	b.Reducer.Apply(f)
	b.past.Add(b.Reducer.Snapshot())
	b.store.Feed(f)
	b.store.Count(b.Reducer.Census())
	b.Log.Feed(f)
	b.lanes.Feed(f)
	b.steps.Feed(f)
}

// The objects that Bench.Room makes: a pipeline with two endpoints.
const (
	Room  = "11111111-0000-0000-0000-000000000000_kurento.MediaPipeline"
	Alice = Room + "/aaaaaaaa-0000-0000-0000-000000000000_kurento.WebRtcEndpoint"
	Bob   = Room + "/bbbbbbbb-0000-0000-0000-000000000000_kurento.WebRtcEndpoint"
)

// Created feeds the ObjectCreated event of an object.
func (b *Bench) Created(id string) {
	b.Feed(wire.Fact{Kind: wire.KindEvent, Type: "ObjectCreated", Object: inventory.ManagerID,
		Data: []byte(fmt.Sprintf(`{"source":%q,"type":"ObjectCreated","object":%q,"objectId":%q}`, inventory.ManagerID, id, id))})
}

// Sampled feeds the answer of one getStats.
func (b *Bench) Sampled(id string, bytes int) {
	ms := b.At.UnixMilli()
	b.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getStats", Object: id, Took: time.Millisecond, Params: []byte(`{"mediaType":"VIDEO"}`),
		Result: []byte(fmt.Sprintf(`{"s":{"__type__":"RTCInboundRTPStreamStats","id":"s","type":"inboundrtp","ssrc":"77","timestampMillis":%d,"timestamp":%d,"bytesReceived":%d,"packetsReceived":%d,"packetsLost":0,"jitter":0.003}}`,
			ms, ms/1000, bytes, bytes/1000))})
}

// Room fills the server with a pipeline of two endpoints.
func (b *Bench) Room() {
	for _, id := range []string{Room, Alice, Bob} {
		b.Created(id)
	}
	b.Feed(wire.Fact{Kind: wire.KindEvent, Type: "MediaFlowInStateChanged", Object: Alice,
		Data: []byte(fmt.Sprintf(`{"source":%q,"type":"MediaFlowInStateChanged","state":"FLOWING","padName":"default","mediaType":"VIDEO"}`, Alice))})
	b.Feed(wire.Fact{Kind: wire.KindEvent, Type: "Error", Object: Bob,
		Data: []byte(fmt.Sprintf(`{"source":%q,"type":"Error","errorCode":1,"description":"it broke"}`, Bob))})
	for i := range 30 {
		b.At = b.At.Add(time.Second)
		b.Sampled(Alice, 100_000*i)
	}
}

// Bench is the session and the workspace as well.

// Name implements view.Session.
func (b *Bench) Name() string { return cmp.Or(b.Named, "server") }

// URL implements view.Session.
func (b *Bench) URL() string { return "ws://server" }

// Live implements view.Session.
func (b *Bench) Live() bool { return true }

// Snapshot implements view.Session.
func (b *Bench) Snapshot() *inventory.Snapshot { return b.Reducer.Snapshot() }

// SnapshotAt implements view.Session.
func (b *Bench) SnapshotAt(t time.Time) *inventory.Snapshot { return b.past.At(t) }

// Since implements view.Session.
func (b *Bench) Since() time.Time { return b.past.First() }

// Stats implements view.Session.
func (b *Bench) Stats() *stats.Store { return b.store }

// Archive implements view.Session: Capture, if a test set it.
func (b *Bench) Archive() stats.Archive { return b.Captured }

// Timeline implements view.Session.
func (b *Bench) Timeline() *timeline.Log { return b.Log }

// Lanes implements view.Session.
func (b *Bench) Lanes() *timeline.Lanes { return &b.lanes }

// Schema implements view.Session.
func (b *Bench) Schema() *kmd.Schema { return kmd.Builtin("") }

// Link implements view.Session.
func (b *Bench) Link() view.Link { return view.Link{State: view.Connected} }

// Focus implements view.Session.
func (b *Bench) Focus(...string) {}
func (b *Bench) Read(string)     {}

// Guarded implements view.Session.
func (b *Bench) Guarded(string, string) string { return "" }

// Negotiation implements view.Session.
func (b *Bench) Negotiation() *negotiation.Log { return &b.steps }

// Dump implements view.Session: there is none.
func (b *Bench) Dump(context.Context, string, string) (string, error) {
	return "", errors.New("the capture holds no dump of this object up to here")
}

// SetControl implements view.Session.
func (b *Bench) SetControl(_ context.Context, on bool) error {
	b.Controlled.On = on
	return nil
}

// Control implements view.Session.
func (b *Bench) Control() control.State { return b.Controlled }

// Audit implements view.Session: nothing was changed.
func (b *Bench) Audit() *control.Log { return new(control.Log) }

// Dumps implements view.Session: there are none.
func (b *Bench) Dumps(context.Context) ([]session.CapturedDump, error) { return nil, nil }

// SetLatencyStats implements view.Session.
func (b *Bench) SetLatencyStats(context.Context, string, bool) error { return nil }

// Sampling implements view.Workspace.
func (b *Bench) Sampling() time.Duration { return time.Second }

// SetSampling implements view.Workspace.
func (b *Bench) SetSampling(time.Duration) {}

// Dismiss implements view.Session.
func (b *Bench) Dismiss(string) {}

// Attach implements view.Workspace.
func (b *Bench) Attach(context.Context, view.Target) (view.Session, error) { return b, nil }

// Open implements view.Workspace.
func (b *Bench) Open(context.Context, string, func(float64)) (view.Replay, error) { return nil, nil }

// Replays implements view.Workspace.
func (b *Bench) Replays() []view.Replay { return nil }

// Remove implements view.Workspace.
func (b *Bench) Remove(context.Context, view.Session) error { return nil }

// Changed implements view.Workspace.
func (b *Bench) Changed() <-chan struct{} { return nil }

// Capture implements view.Workspace.
func (b *Bench) Capture() view.Capture { return view.Capture{Path: b.CapturePath} }

// Record implements view.Workspace.
func (b *Bench) Record(string) error { return nil }

// Close implements view.Workspace.
func (b *Bench) Close(context.Context) error { return nil }

// Sessions implements view.Workspace.
func (b *Bench) Sessions() []view.Session {
	if b.Off {
		return nil
	}
	return append([]view.Session{b}, b.Others...)
}

// Settle runs what a worker posts, as the interface goroutine would, until
// done.
func (b *Bench) Settle(done func() bool) {
	b.t.Helper()
	deadline := time.After(10 * time.Second)
	for !done() {
		select {
		case f := <-b.Posts:
			f()
		case <-deadline:
			b.t.Fatal("the page never got there")
		}
	}
}

// Catch has a worker post to the test, which is the interface goroutine.
func (b *Bench) Catch(w *surface.Worker) {
	b.Posts = make(chan func(), 8)
	ch := b.Posts
	w.OnUI = func(f func()) { ch <- f }
}

// Window shows a page in a test window.
func Window(p page.Page, w, h float32) fyne.Window {
	win := test.NewWindow(p.Content())
	win.SetPadded(false)
	win.Resize(fyne.NewSize(w, h))
	return win
}

// Press clicks on a surface.
func Press(s *surface.Surface, at fyne.Position, button desktop.MouseButton) {
	e := &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: at}, Button: button}
	s.MouseDown(e)
	s.MouseUp(e)
}

// StateEvent feeds an event of a lane, whole frame included.
func (b *Bench) StateEvent(object, kind, fields string) {
	data := fmt.Sprintf(`{"source":%q,"type":%q,%s}`, object, kind, fields)
	b.Feed(wire.Fact{Kind: wire.KindEvent, Type: kind, Object: object, Data: []byte(data),
		Raw: []byte(fmt.Sprintf(`{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"data":%s,"object":%q,"type":%q}}}`, data, object, kind))})
}

// Viewers lets n viewers join the room, all fed by alice.
func (b *Bench) Viewers(n int) {
	for i := range n {
		id := fmt.Sprintf("%s/%08x-0000-0000-0000-000000000000_kurento.WebRtcEndpoint", Room, i)
		b.Created(id)
		b.Feed(wire.Fact{Kind: wire.KindEvent, Type: "ElementConnected", Object: Alice,
			Data: []byte(fmt.Sprintf(`{"source":%q,"type":"ElementConnected","sink":%q,"mediaType":"VIDEO","sourceMediaDescription":"default","sinkMediaDescription":"default"}`, Alice, id))})
	}
}

// Fits fails where something of a page ends beyond its right edge. What scrolls may be
// wider than what is seen of it.
func Fits(t *testing.T, p page.Page) {
	t.Helper()
	width := p.Content().Size().Width
	var look func(o fyne.CanvasObject, x float32)
	look = func(o fyne.CanvasObject, x float32) {
		if !o.Visible() {
			return
		}
		x += o.Position().X
		switch c := o.(type) {
		case *fyne.Container:
			for _, child := range c.Objects {
				look(child, x)
			}
			return
		case *container.Split:
			look(c.Leading, x)
			if c.Horizontal {
				x += c.Size().Width - c.Trailing.Size().Width
			}
			look(c.Trailing, x-c.Trailing.Position().X)
			return
		}
		if end := x + o.Size().Width; end > width+0.5 {
			t.Errorf("in %v: a %T ends at %v", width, o, end)
		}
	}
	look(p.Content(), -p.Content().Position().X)
}
