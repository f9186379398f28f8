package serverlog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// timed are the messages that a Book of a log has.
func timed(lines []Line) []Line {
	return slices.DeleteFunc(slices.Clone(lines), func(l Line) bool { return !l.Timed })
}

// TestImport holds that a Book gives what the Reader gives, of a compressed log
// of a real run and its capture, with the objects and on the capture's axis.
func TestImport(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, name := range []string{"loopback", "events"} {
		t.Run(name, func(t *testing.T) {
			lines, events := run(t, name)
			b, err := Import(t.Context(), beside+name+".log.gz", slices.Values(events), func(done float64) {
				if done < 0 || done > 1 {
					t.Errorf("%v of the file", done)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			want := timed(lines)
			if b.Len() != len(want) || len(b.Notes()) > 0 {
				t.Fatalf("%d messages of %d, %q", b.Len(), len(want), b.Notes())
			}
			a, ok := b.Alignment()
			if !ok || b.Offset() != a.Offset {
				t.Errorf("%+v, %v", a, b.Offset())
			}
			owned := 0
			for i := range want {
				l, err := b.Line(i)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(want[i], l); d != "" {
					t.Fatal(d)
				}
				if b.Level(i) != l.Level || b.Component(i) != l.Component || !b.At(i).Equal(l.At(a.Offset)) {
					t.Fatalf("message %d: %v %s %v", i, b.Level(i), b.Component(i), b.At(i))
				}
				// The lines name no object, but the bins of an event do.
				if strings.HasPrefix(l.Element, "kmswebrtcendpoint0_") {
					owned++
					if !strings.HasSuffix(b.Object(i), "_kurento.WebRtcEndpoint") {
						t.Errorf("%s is of %q", l.Element, b.Object(i))
					}
				}
			}
			if name == "loopback" && owned == 0 {
				t.Error("no line of an element")
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
				t.Errorf("%d temporary files are left, %v", len(left), err)
			}
		})
	}
}

func TestSelect(t *testing.T) {
	file := filepath.Join("testdata", "counted.log")
	want := timed(readFile(t, file))
	b, err := Import(t.Context(), file, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, ok := b.Alignment(); ok {
		t.Error("an alignment with nothing")
	}
	object := ""
	for _, l := range want {
		if len(l.Objects) > 0 && strings.HasSuffix(l.Objects[0], "WebRtcEndpoint") {
			object = l.Objects[0]
		}
	}
	for name, c := range map[string]struct {
		filter Filter
		fits   func(l *Line) bool
	}{
		"all":       {Filter{}, func(*Line) bool { return true }},
		"level":     {Filter{Level: Info}, func(l *Line) bool { return l.Level <= Info }},
		"component": {Filter{Components: []string{"KurentoMediaSet", "none"}}, func(l *Line) bool { return l.Component == "KurentoMediaSet" }},
		"text":      {Filter{Text: regexp.MustCompile("DTLS.*CONNECTED")}, func(l *Line) bool { return regexp.MustCompile("DTLS.*CONNECTED").MatchString(l.Text) }},
		"both": {Filter{Level: Debug, Components: []string{"KurentoMediaSet"}, Text: regexp.MustCompile("Pipeline$")},
			func(l *Line) bool { return l.Component == "KurentoMediaSet" && strings.HasSuffix(l.Text, "Pipeline") }},
		"object": {Filter{Object: object}, func(l *Line) bool {
			// The DTLS lines tell which element it is; others name the element alone.
			return slices.Contains(l.Objects, object) || len(l.Objects) == 0 && sameElement(want, l, object)
		}},
		"nothing": {Filter{Object: "x"}, func(*Line) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := b.Select(t.Context(), c.filter)
			if err != nil {
				t.Fatal(err)
			}
			var fits []int32
			for i := range want {
				if c.fits(&want[i]) {
					fits = append(fits, int32(i))
				}
			}
			if !slices.Equal(got, fits) || len(fits) == 0 && name != "nothing" {
				t.Errorf("%v, want %v", got, fits)
			}
		})
	}
	n := 0
	for _, c := range b.Components() {
		n += c
	}
	if n != len(want) {
		t.Errorf("%d messages have a component", n)
	}
}

// sameElement tells whether another line says that the line's element is the
// object.
func sameElement(all []Line, l *Line, object string) bool {
	if !strings.HasPrefix(l.Element, "kms") {
		return false
	}
	for i := range all {
		if o := &all[i]; len(o.Objects) == 1 && o.Objects[0] == object && element(o.Element) == element(l.Element) {
			return true
		}
	}
	return false
}

// TestTooManyMessages holds that the details go first.
func TestTooManyMessages(t *testing.T) {
	file := filepath.Join("testdata", "counted.log")
	all := timed(readFile(t, file))
	coarse := 0
	for _, l := range all {
		if l.Level <= Info {
			coarse++
		}
	}
	m := newImporter(file)
	m.room = coarse + 3
	b, err := m.run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if b.Len() != coarse || len(b.Notes()) != 1 || !strings.Contains(b.Notes()[0], "left out") {
		t.Errorf("%d messages, want the %d that are no details: %q", b.Len(), coarse, b.Notes())
	}
	m = newImporter(file)
	m.room = 4
	small, err := m.run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer small.Close()
	if small.Len() == 0 || small.Len() > 4 {
		t.Errorf("%d messages", small.Len())
	}
}

func TestImportRefuses(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for want, file := range map[string]string{
		"does not exist":         filepath.Join(dir, "none"),
		"is no log":              write("notes", "hello\n"),
		"cannot be decompressed": write("bad.gz", "\x1f\x8bnothing of the kind"),
		"cannot be read":         dir,
	} {
		if _, err := Import(t.Context(), file, nil, nil); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", want, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Import(ctx, beside+"loopback.log.gz", nil, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("%d temporary files are left, %v", len(left), err)
	}
}
