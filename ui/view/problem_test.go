package view_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmscope/session"
	"kmscope/ui/view"
)

// What was planted in the recorded incidents is found, and nothing in what is
// healthy.
func TestProblemsOfTheIncidents(t *testing.T) {
	tests := []struct {
		file string
		at   time.Duration // into the capture
		want string        // of the reasons, with the object's name; "" is nothing
	}{
		{"H3-one2many", 40 * time.Second, ""},
		{"H4-player-webm", 40 * time.Second, ""},
		{"H6-recorder", 40 * time.Second, ""},
		{"I02-unreachable-candidates", 40 * time.Second, "3183: ICE failed"},
		{"I03b-dtls-filtered", 40 * time.Second, "loop: ICE is connected, and DTLS has not been"},
		{"I05-audio-only-sent", 40 * time.Second, "peer-a: Sends no video to peer-b, but audio"},
		{"I08-loss20-both", 40 * time.Second, "3b6c: Audio loss in"},
		{"I14-player-missing-file", 40 * time.Second, "537a: 4 errors, the last: INVALID_URI"},
		{"I19-plus-became-blank", 40 * time.Second, "loop: a=ice-ufrag has a blank"},
		{"I22-stun-no-answer", 40 * time.Second, "loop: No server-reflexive candidate, although a STUN server is set"},
		{"I10a-h264-vp8", 40 * time.Second, ""},
		{"I12-recorder-video-only", 40 * time.Second, "sender: Sends no audio to"},
		{"I25-send-cap-100k", 40 * time.Second, ""},
		{"I30-recorder-never-connected", 40 * time.Second, ""},
		{"I18-server-restart", 40 * time.Second, ""},
		{"I34-orphaned-pipeline", 40 * time.Second, "peer-b: "},
	}
	ws, err := session.NewWorkspace(session.Options{NoCapture: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close(context.Background()) })
	w := view.Of(ws)
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			r, err := w.Open(context.Background(), filepath.Join("..", "..", "testdata", "recordings", "incidents", tt.file+".jsonl.zst"), nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Seek(tt.at)
			var x view.Session
			for _, one := range w.Sessions() {
				if r.Plays(one) {
					x = one
				}
			}
			snap := x.Snapshot()
			var all []string
			for _, p := range view.FindProblems(context.Background(), x, snap, time.Time{}) {
				for _, reason := range p.Reasons {
					all = append(all, view.Title(snap, p.Object)+": "+reason.Text)
				}
			}
			text := strings.Join(all, "\n")
			t.Log("\n" + text)
			if tt.want == "" && text != "" || !strings.Contains(text, tt.want) {
				t.Errorf("want %q", tt.want)
			}
			// A report has the newest samples as well, and says which is which.
			told := ""
			doc := view.Report(context.Background(), "test", "", []view.ReportSource{{Session: x, Snapshot: snap}})
			for _, p := range doc.Servers[0].Problems {
				told += strings.Join(p.Reasons, "\n") + "\n"
			}
			if strings.Contains(text, "loss in") != strings.Contains(told, " % (mean of 10 s)") {
				t.Errorf("the report says\n%s", told)
			}
		})
	}
}

// What differs in figures, ages and order alone can wait; a state cannot.
func TestOnlyFiguresDiffer(t *testing.T) {
	trip := func(ms string, l view.Level) view.Reason {
		return view.Reason{Level: l, Text: "Audio round trip " + ms + " ms", Figure: true}
	}
	ice := view.Reason{Level: view.Trouble, Text: "ICE FAILED for 12 s"}
	before := []view.Problem{
		{Object: "a", Level: view.Trouble, Reasons: []view.Reason{ice, trip("812", view.Attention)}},
		{Object: "b", Level: view.Attention, Reasons: []view.Reason{trip("300", view.Attention)}},
	}
	later, late := ice, ice
	later.Text, late.Text = "ICE FAILED for 14 s", "ICE FAILED for 2 min"
	tests := []struct {
		name string
		now  []view.Problem
		want bool
	}{
		{"the same", before, true},
		{"other figures and ages", []view.Problem{
			{Object: "b", Level: view.Trouble, Reasons: []view.Reason{trip("1,100", view.Trouble)}},
			{Object: "a", Level: view.Trouble, Reasons: []view.Reason{later, trip("810", view.Attention)}}}, true},
		{"a figure is well", before[:1], true},
		{"another unit of time", []view.Problem{{Object: "a", Level: view.Trouble, Reasons: []view.Reason{late}}}, false},
		{"a state is well", before[1:], false},
		{"a state is worse", []view.Problem{{Object: "a", Level: view.Attention, Reasons: []view.Reason{{Level: view.Attention, Text: ice.Text}}}}, false},
		{"another object", []view.Problem{{Object: "c", Level: view.Trouble, Reasons: []view.Reason{ice}}}, false},
	}
	for _, tt := range tests {
		if got := view.OnlyFiguresDiffer(before, tt.now); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
