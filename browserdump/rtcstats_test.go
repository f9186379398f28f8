package browserdump

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// both reads the two forms that Chromium 156 wrote of the same two connections,
// one right after the other.
func both(t *testing.T) (usual, other *Dump) {
	t.Helper()
	read := func(name string) *Dump {
		f, err := os.Open("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		d, err := Read(f)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	return read("both.dump.json.gz"), read("both.rtcstats.gz")
}

// TestBothForms holds that the two forms of one call say the same.
func TestBothForms(t *testing.T) {
	usual, other := both(t)
	if len(usual.Connections) != 2 || len(other.Connections) != 2 || len(other.Notes) > 0 || other.Browser != "Chromium 156" {
		t.Fatalf("%d and %d connections of %q, notes %q", len(usual.Connections), len(other.Connections), other.Browser, other.Notes)
	}
	for i, u := range usual.Connections {
		o := other.Connections[i]
		if u.ID != o.ID || u.URL != o.URL || u.From.Sub(o.From).Abs() > time.Second {
			t.Errorf("%s of %s from %v, and %s of %s from %v", u.ID, u.URL, u.From, o.ID, o.URL, o.From)
		}
		var descriptions [2][]string
		for k, p := range []*PeerConnection{u, o} {
			for _, d := range p.Descriptions {
				descriptions[k] = append(descriptions[k], string(d.Role)+" "+d.Parsed.Raw)
			}
		}
		if diff := cmp.Diff(descriptions[0], descriptions[1]); diff != "" || len(descriptions[0]) != 2 {
			t.Errorf("%s: %d descriptions: %s", u.ID, len(descriptions[0]), diff)
		}
		if len(u.Candidates) != len(o.Candidates) || len(u.Candidates) == 0 {
			t.Errorf("%s: %d and %d candidates", u.ID, len(u.Candidates), len(o.Candidates))
		}
		for _, lane := range []string{"signalingState", "iceConnectionState", "connectionState"} {
			if a, b := states(u, lane), states(o, lane); a != b || a == "" {
				t.Errorf("%s %s: %q and %q", u.ID, lane, a, b)
			}
		}
		// An entry has the same time in both, to the millisecond.
		at := map[string]time.Time{}
		for _, e := range o.Entries {
			at[e.Type+e.Value] = e.At
		}
		found := 0
		for _, e := range u.Entries {
			if b, ok := at[e.Type+e.Value]; ok {
				if found++; e.At.Sub(b).Abs() > time.Millisecond {
					t.Errorf("%s %s: at %v and %v", u.ID, e.Type, e.At, b)
				}
			}
		}
		if found < 10 {
			t.Errorf("%s: only %d of %d entries are in both", u.ID, found, len(u.Entries))
		}
		sameSeries(t, u, o)
	}
}

// sameSeries compares the figures of the moments that both have.
func sameSeries(t *testing.T, u, o *PeerConnection) {
	t.Helper()
	series := map[string]*Series{}
	for i := range o.Series {
		series[o.Series[i].Stat+" "+o.Series[i].Metric] = &o.Series[i]
	}
	compared := 0
	for _, s := range u.Series {
		x := series[s.Stat+" "+s.Metric]
		if x == nil {
			continue
		}
		// The usual form has words that are digits alone for numbers.
		if x.Kind != s.Kind || x.Unit != s.Unit && len(x.Points) > 0 {
			t.Errorf("%s %s: %s in %q and %s in %q", s.Stat, s.Metric, s.Kind, s.Unit, x.Kind, x.Unit)
		}
		for _, p := range s.Points {
			for _, q := range x.Points {
				if p.At.Sub(q.At).Abs() < time.Millisecond {
					if compared++; math.Abs(p.Value-q.Value) > 1e-6*max(1, math.Abs(p.Value)) {
						t.Errorf("%s %s at %v: %v and %v", s.Stat, s.Metric, p.At, p.Value, q.Value)
					}
				}
			}
		}
	}
	if compared < 300 {
		t.Errorf("%s: only %d figures can be compared", u.ID, compared)
	}
}

// TestRTCStatsIsLenient holds what is not as it should be.
func TestRTCStatsIsLenient(t *testing.T) {
	const head = "RTCStatsDump\n{\"fileFormat\":3}\n[\"create\",null,{\"userAgentData\":{}},1795280832356]\n"
	for _, c := range []struct{ name, text, err, note string }{
		{"another format", "RTCStatsDump\n{\"fileFormat\":9}\n[]\n", "webrtc-internals dump", ""},
		{"no head", "RTCStatsDump\n", "damaged", ""},
		{"a line cut", head + `["create","1-1",{},"u",1]` + "\n[\"close\",", "", "1 lines cannot be read"},
		{"statistics that are none", head + `["getStats","1-1",[1],5]`, "", "1 lines cannot be read"},
		{"objects without a time", head + `["getStats","1-1",{"A":{"type":"codec","n":1,"w":"x","deep":{"a":1}}},5]`, "", ""},
	} {
		d, err := Read(strings.NewReader(c.text))
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil || len(d.Connections) != 1 || !strings.HasPrefix(strings.Join(d.Notes, ""), c.note) {
			t.Errorf("%s: %v, %+v", c.name, err, d)
		}
	}
}

// TestRTCStatsTimes holds that times are counted from line to line, backwards too.
func TestRTCStatsTimes(t *testing.T) {
	d, err := Read(strings.NewReader("RTCStatsDump\n{\"fileFormat\":3}\n" + `["create",null,{},1795280832356]
["create","1-1",{},"http://x/",100.5]
["close","1-1",null,-50]
`))
	if err != nil || len(d.Connections) != 1 || len(d.Connections[0].Entries) != 2 {
		t.Fatalf("%v %+v", err, d)
	}
	base := time.UnixMilli(1795280832356)
	for i, want := range []time.Duration{100500 * time.Microsecond, 50500 * time.Microsecond} {
		if got := d.Connections[0].Entries[i].At.Sub(base); got != want {
			t.Errorf("entry %d at %v, want %v", i, got, want)
		}
	}
}
