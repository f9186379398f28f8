package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"kmscope/kmsconn"
	"kmscope/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a server with properties, whose notes go into a log.
type bench struct {
	values map[string]string // by object and property
	fail   map[string]error  // by operation
	dial   error
	calls  []string
	closed int
	log    Log
	at     time.Time
	said   []string
}

func (b *bench) Change(_ context.Context, ops []kmsconn.Op) []kmsconn.Result {
	out := make([]kmsconn.Result, len(ops))
	for i, op := range ops {
		b.calls = append(b.calls, op.Operation)
		key := op.Object + op.Operation[3:]
		old, there := b.values[key]
		switch err := b.fail[op.Operation]; {
		case err != nil:
			out[i].Err = err
		case !there:
			out[i].Err = &kmsconn.Error{Code: kmsconn.CodeObjectNotFound, Message: "Object not found", Op: op.Operation}
		case strings.HasPrefix(op.Operation, "get"):
			out[i].Value = json.RawMessage(old)
		default:
			for _, v := range op.Params.(map[string]any) {
				raw, err := json.Marshal(v)
				if err != nil {
					panic(err)
				}
				b.values[key] = string(raw)
			}
			out[i].Took = 2 * time.Millisecond
		}
	}
	return out
}

func (b *bench) Close(context.Context) error { b.closed++; return nil }

func (b *bench) desk() *Desk {
	b.at = time.UnixMilli(1_000_000)
	return NewDesk(Options{
		Dial:   func(context.Context) (Server, error) { return b, b.dial },
		Schema: func() kmsconn.Schema { return nil },
		Note: func(sentence string, frame json.RawMessage) {
			b.said = append(b.said, sentence)
			b.at = b.at.Add(time.Second)
			var key map[string]json.RawMessage
			if err := json.Unmarshal(frame, &key); err != nil {
				panic(err)
			}
			b.log.Feed(wire.Fact{Kind: wire.KindControl, At: b.at, Conn: "1", Text: sentence, Raw: key[wire.ControlKey]})
		},
	})
}

// rows writes the audit, a line each.
func (b *bench) rows() string {
	var out strings.Builder
	for _, e := range b.log.Entries() {
		fmt.Fprintf(&out, "%s", e.What)
		if e.Command() {
			fmt.Fprintf(&out, " %d %s %s | %s", e.ID, e.Call, e.Text, e.Result())
		}
		if e.Undoes > 0 {
			fmt.Fprintf(&out, " | undoes %d", e.Undoes)
		}
		if e.Undone != "" {
			fmt.Fprintf(&out, " | undone: %s", e.Undone)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

const room = "5d2a0c41-0000-4000-8000-000000000042_kurento.MediaPipeline"

func fresh() *bench {
	return &bench{values: map[string]string{room + "LatencyStats": "false", room + "Name": `"a"`}, fail: map[string]error{}}
}

func TestDesk(t *testing.T) {
	lost := &kmsconn.DownError{}
	no := &kmsconn.Error{Code: kmsconn.CodeMarshall, Type: "MARSHALL_ERROR", Message: "no", Op: "setX"}
	type step struct {
		do  func(context.Context, *bench, *Desk) error
		err string
	}
	set := func(property string, v any) func(context.Context, *bench, *Desk) error {
		return func(ctx context.Context, _ *bench, d *Desk) error { return d.Do(ctx, SetProperty(room, property, v)) }
	}
	on := func(ctx context.Context, _ *bench, d *Desk) error { return d.Set(ctx, true) }
	off := func(ctx context.Context, _ *bench, d *Desk) error { return d.Set(ctx, false) }
	end := func(ctx context.Context, _ *bench, d *Desk) error { return d.End(ctx) }
	fail := func(operation string, err error) func(context.Context, *bench, *Desk) error {
		return func(_ context.Context, b *bench, _ *Desk) error { b.fail[operation] = err; return nil }
	}
	for _, c := range []struct {
		name  string
		steps []step
		audit string
		left  State
		value string
		said  string // the last sentence
	}{
		{"refused while off", []step{{set("latencyStats", true), "read-only"}}, "", State{}, "false", ""},
		{"undone on leaving", []step{{on, ""}, {set("latencyStats", true), ""}, {off, ""}, {set("latencyStats", true), "read-only"}},
			"on\ndone 1 setLatencyStats({\"latencyStats\":true}) latencyStats: false → true | done in 2.0 ms | undone: done\n" +
				"done 2 setLatencyStats({\"latencyStats\":false}) latencyStats: true → false | done in 2.0 ms | undoes 1\noff\n", State{}, "false", "control was turned off: 1 change was undone"},
		{"nothing to change", []step{{on, ""}, {set("latencyStats", false), ""}, {off, ""}}, "on\noff\n", State{}, "false", "control was turned off: no change was in force"},
		{"undone by hand", []step{{on, ""}, {set("latencyStats", true), ""}, {set("latencyStats", false), ""}, {off, ""}},
			"on\ndone 1 setLatencyStats({\"latencyStats\":true}) latencyStats: false → true | done in 2.0 ms | undone: done\n" +
				"done 2 setLatencyStats({\"latencyStats\":false}) latencyStats: true → false | done in 2.0 ms | undoes 1\noff\n", State{}, "false", "control was turned off: no change was in force"},
		{"the newest first", []step{{on, ""}, {set("name", "b"), ""}, {set("name", "c"), ""}, {end, ""}},
			"on\ndone 1 setName({\"name\":\"b\"}) name: \"a\" → \"b\" | done in 2.0 ms | undone: done\n" +
				"done 2 setName({\"name\":\"c\"}) name: \"b\" → \"c\" | done in 2.0 ms | undone: done\n" +
				"done 3 setName({\"name\":\"b\"}) name: \"c\" → \"b\" | done in 2.0 ms | undoes 2\n" +
				"done 4 setName({\"name\":\"a\"}) name: \"b\" → \"a\" | done in 2.0 ms | undoes 1\noff\n", State{}, "false", "control was turned off: 2 changes were undone"},
		{"the server refuses", []step{{on, ""}, {fail("setLatencyStats", no), ""}, {set("latencyStats", true), "no (40001"}, {off, ""}},
			"on\nrefused 1 setLatencyStats({\"latencyStats\":true}) latencyStats: false → true | refused: setX: no (40001 MARSHALL_ERROR)\noff\n", State{}, "false", "control was turned off: no change was in force"},
		{"no answer: it may be in force", []step{{on, ""}, {fail("setLatencyStats", lost), ""}, {set("latencyStats", true), "not connected"}, {fail("setLatencyStats", nil), ""}, {off, ""}},
			"on\nlost 1 setLatencyStats({\"latencyStats\":true}) latencyStats: false → true | no answer: not connected to the server | undone: done\n" +
				"done 2 setLatencyStats({\"latencyStats\":false}) latencyStats: true → false | done in 2.0 ms | undoes 1\noff\n", State{}, "false", "control was turned off: 1 change was undone"},
		{"control stays on while it cannot be undone", []step{{on, ""}, {set("latencyStats", true), ""}, {fail("setLatencyStats", lost), ""}, {off, "control stays on"}},
			"on\ndone 1 setLatencyStats({\"latencyStats\":true}) latencyStats: false → true | done in 2.0 ms | undone: lost\n" +
				"lost 2 setLatencyStats({\"latencyStats\":false}) latencyStats: true → false | no answer: not connected to the server | undoes 1\n", State{On: true, InForce: 1}, "true",
			"our own command 2, undoing 1: MediaPipeline latencyStats: true → false: no answer, not connected to the server"},
		{"the end does not wait for a server", []step{{on, ""}, {set("latencyStats", true), ""}, {fail("setLatencyStats", lost), ""}, {end, "not put back"}, {on, "closed"}, {set("latencyStats", true), "closed"}, {end, ""}},
			"on\ndone 1 setLatencyStats({\"latencyStats\":true}) latencyStats: false → true | done in 2.0 ms | undone: lost\n" +
				"lost 2 setLatencyStats({\"latencyStats\":false}) latencyStats: true → false | no answer: not connected to the server | undoes 1\noff\n", State{}, "true",
			"control was turned off; 1 change was NOT undone"},
		{"an undo that is refused is not tried for ever", []step{{on, ""}, {set("latencyStats", true), ""}, {fail("setLatencyStats", no), ""}, {off, "not put back"}, {off, ""}},
			"on\ndone 1 setLatencyStats({\"latencyStats\":true}) latencyStats: false → true | done in 2.0 ms | undone: refused\n" +
				"refused 2 setLatencyStats({\"latencyStats\":false}) latencyStats: true → false | refused: setX: no (40001 MARSHALL_ERROR) | undoes 1\noff\n", State{}, "true",
			"control was turned off; 1 change was NOT undone"},
		{"what is gone needs no undoing", []step{{on, ""}, {set("latencyStats", true), ""}, {func(_ context.Context, b *bench, _ *Desk) error { clear(b.values); return nil }, ""}, {off, ""}},
			"on\ndone 1 setLatencyStats({\"latencyStats\":true}) latencyStats: false → true | done in 2.0 ms | undone: gone\n" +
				"gone 2 setLatencyStats({\"latencyStats\":false}) latencyStats: true → false | the object was gone | undoes 1\noff\n", State{}, "", "control was turned off: 1 change was undone"},
		{"released before", []step{{on, ""}, {func(_ context.Context, b *bench, _ *Desk) error { clear(b.values); return nil }, ""}, {set("latencyStats", true), "released"}, {off, ""}}, "on\noff\n", State{}, "", "control was turned off: no change was in force"},
		{"no connection for it", []step{{func(_ context.Context, b *bench, _ *Desk) error { b.dial = errors.New("no way"); return nil }, ""}, {on, "not turned on: no way"}, {set("latencyStats", true), "read-only"}}, "", State{}, "false", ""},
		{"twice", []step{{on, ""}, {on, ""}, {off, ""}, {off, ""}}, "on\noff\n", State{}, "false", "control was turned off: no change was in force"},
		{"dangerous", []step{{on, ""}, {func(ctx context.Context, _ *bench, d *Desk) error {
			return d.Do(ctx, Change{op: kmsconn.Invoke(room, "connect", map[string]any{"sink": room}), words: func(json.RawMessage) string { return "connect" }})
		}, "was not sent"}, {off, ""}}, "on\nunsent 1 connect({\"sink\":\"" + room + "\"}) connect | not sent: ", State{}, "false", "control was turned off: no change was in force"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := fresh()
			d := b.desk()
			for i, s := range c.steps {
				err := s.do(t.Context(), b, d)
				if (err == nil) != (s.err == "") || err != nil && !strings.Contains(err.Error(), s.err) {
					t.Errorf("step %d: %v, want %q", i, err, s.err)
				}
			}
			if got := b.rows(); !strings.HasPrefix(got, c.audit) || !strings.HasSuffix(c.audit, ": ") && got != c.audit {
				t.Error(cmp.Diff(strings.Split(c.audit, "\n"), strings.Split(got, "\n")))
			}
			if d.State() != c.left || b.values[room+"LatencyStats"] != c.value {
				t.Errorf("left as %+v with %q", d.State(), b.values[room+"LatencyStats"])
			}
			if n := len(b.said); c.said != "" && (n == 0 || b.said[n-1] != c.said) {
				t.Errorf("said %q", b.said)
			}
			if !d.State().On && b.dial == nil && c.audit != "" && b.closed != 1 {
				t.Errorf("the connection was closed %d times", b.closed)
			}
		})
	}
}

// TestDeskWaitsItsTurn: a change under way is waited for, but no longer than asked.
func TestDeskWaitsItsTurn(t *testing.T) {
	d := fresh().desk()
	d.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range []error{d.Set(ctx, true), d.Do(ctx, SetProperty(room, "latencyStats", true)), d.End(ctx)} {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

func TestLogIsBounded(t *testing.T) {
	var l Log
	for i := range maxEntries + 10 {
		l.Feed(wire.Fact{Kind: wire.KindControl, Raw: fmt.Appendf(nil, `{"what":"done","id":%d,"operation":"setX","params":{"x":%q}}`, i, strings.Repeat("x", i%2*3*maxText/(1+i%1000)))})
	}
	got := l.Entries()
	if len(got) != maxEntries || got[0].ID != 10 || l.Total() != maxEntries+10 || len(got[0].Call) > maxText+10 {
		t.Errorf("%d entries of %d from %d, %d bytes", len(got), l.Total(), got[0].ID, len(got[0].Call))
	}
}

// FuzzLog: captures come from anywhere.
func FuzzLog(f *testing.F) {
	for _, s := range []string{`{"what":"on"}`, `{"what":"done","id":1,"undoes":1,"tookMs":-1e300}`, `{"what":7}`, `[]`, `{"what":"x","params":{"a":[1,"\u0000"]},"operation":"é"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var l Log
		for range 2 {
			l.Feed(wire.Fact{Kind: wire.KindControl, Raw: raw, At: time.UnixMilli(1)})
		}
		for _, e := range l.Entries() {
			if len(e.Text) > maxText+10 || e.Took < 0 || e.Result() == "" {
				t.Errorf("%+v", e)
			}
		}
	})
}
