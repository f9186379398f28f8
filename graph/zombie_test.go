package graph

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"kmscope/inventory"
)

// TestZombie has pipelines that look left behind, and others that only nearly do.
func TestZombie(t *testing.T) {
	const other = pipeline + "/9999_kurento.PassThrough"
	for _, c := range []struct {
		name  string
		make  func(s *server)
		after time.Duration
		want  string
	}{
		{"empty", func(*server) {}, 61 * time.Second, "empty"},
		{"empty for less than a minute", func(*server) {}, 59 * time.Second, ""},
		{"emptied just now", func(s *server) {
			s.created(webrtc)
			s.ms += 55_000
			s.event(inventory.ManagerID, "ObjectDestroyed", `{"objectId":"`+webrtc+`"}`)
		}, 30 * time.Second, ""},
		{"gone", func(s *server) { s.event(inventory.ManagerID, "ObjectDestroyed", `{"objectId":"`+pipeline+`"}`) }, time.Hour, ""},
		{"unused", func(s *server) {
			s.created(webrtc)
			s.created(other) // of which nothing is known
			s.event(webrtc, "MediaStateChanged", `{"newState":"DISCONNECTED","oldState":"CONNECTED"}`)
			s.flow(webrtc, "In", "VIDEO", "NOT_FLOWING")
		}, 241 * time.Second, "nothing flows"},
		{"unused for less than four minutes", func(s *server) {
			s.created(webrtc)
			s.event(webrtc, "MediaStateChanged", `{"newState":"DISCONNECTED","oldState":"CONNECTED"}`)
			s.ms += 100_000
			s.flow(webrtc, "In", "VIDEO", "NOT_FLOWING")
		}, 200 * time.Second, ""},
		{"connected", func(s *server) {
			s.created(webrtc)
			s.event(webrtc, "MediaStateChanged", `{"newState":"CONNECTED","oldState":"DISCONNECTED"}`)
			s.flow(webrtc, "In", "VIDEO", "NOT_FLOWING")
		}, time.Hour, ""},
		{"flowing", func(s *server) {
			s.created(webrtc)
			s.event(webrtc, "MediaStateChanged", `{"newState":"DISCONNECTED","oldState":"CONNECTED"}`)
			s.flow(webrtc, "In", "VIDEO", "NOT_FLOWING")
			s.created(player)
			s.flow(player, "Out", "AUDIO", "FLOWING")
		}, time.Hour, ""},
		{"unknown", func(s *server) { s.created(webrtc) }, time.Hour, ""},
	} {
		s := newServer()
		s.created(pipeline)
		c.make(s)
		snap := *s.Snapshot()
		snap.At = snap.At.Add(c.after)
		b := &Builder{}
		for range 2 { // with what it remembers, too
			g := b.Build(&snap, Figures{})
			f := g.Frames[0]
			if f.Zombie != c.want || f.ZombieSince.IsZero() != (c.want == "") {
				t.Errorf("%s: %q since %v, want %q", c.name, f.Zombie, f.ZombieSince, c.want)
			}
			q, err := ParseQuery("state:zombie")
			if err != nil {
				t.Fatal(err)
			}
			if got := len(g.Filter(q).Nodes); c.want != "" && got != f.Elements || c.want == "" && got != 0 {
				t.Errorf("%s: %d nodes are found", c.name, got)
			}
			for name, write := range map[string]func(*bytes.Buffer) error{
				"DOT":     func(b *bytes.Buffer) error { return g.WriteDOT(b) },
				"Mermaid": func(b *bytes.Buffer) error { return g.WriteMermaid(b) },
				"SVG":     func(b *bytes.Buffer) error { return Columns(g).WriteSVG(b, false) },
			} {
				var out bytes.Buffer
				if err := write(&out); err != nil {
					t.Fatal(err)
				}
				if has := strings.Contains(out.String(), "zombie"); has != (c.want != "") {
					t.Errorf("%s: %s says zombie: %v", c.name, name, has)
				}
			}
		}
	}
}
