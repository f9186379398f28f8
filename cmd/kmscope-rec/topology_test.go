package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kmscope/conformance/reading"
)

// read is the second reading up to a moment.
func read(t *testing.T, name string, untilMs float64) reading.Reading {
	t.Helper()
	r, err := reading.Read(name, untilMs)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// printed runs the program and reads what it prints.
func printed(t *testing.T, args ...string) reading.Topology {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), append([]string{"graph", "--json"}, args...), &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("status %d: %s", code, errs.String())
	}
	var doc struct {
		Nodes []struct {
			ID, Type, Parent string
			States           map[string]string
			LatencyMs        *float64
		}
		Edges []struct {
			Source, Sink, Media string
			Flowing             *bool
			RateBps             *float64
		}
	}
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	got := reading.Topology{Nodes: map[string]string{}, Edges: map[string]string{}, Lanes: map[string]string{}}
	for _, n := range doc.Nodes {
		if got.Nodes[n.ID] != "" {
			t.Errorf("%s is there twice", n.ID)
		}
		if n.States == nil {
			t.Errorf("%s has null for states", n.ID)
		}
		got.Nodes[n.ID] = n.Type + " " + n.Parent
		for lane, word := range n.States {
			if !strings.HasPrefix(lane, "transcoding/") && lane != "recorder" { // the second reading has none
				got.Lanes[n.ID+" "+lane] = word
			}
		}
	}
	for _, e := range doc.Edges {
		k := e.Source + " " + e.Sink + " " + e.Media
		if got.Edges[k] != "" {
			t.Errorf("%s is there twice", k)
		}
		got.Edges[k] = "null"
		if e.Flowing != nil {
			got.Edges[k] = fmt.Sprint(*e.Flowing)
		}
	}
	return got
}

// TestGraphsAgainstIndependentReader compares the graph of every recording, at
// its end and at three moments inside, with the second reading.
func TestGraphsAgainstIndependentReader(t *testing.T) {
	names, err := reading.Recordings(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	var flows sync.Map // words seen, so that no word goes untested
	t.Cleanup(func() {
		for _, word := range []string{"true", "false", "null"} {
			if _, ok := flows.Load(word); !ok {
				t.Errorf("no edge of any recording is %s", word)
			}
		}
	})
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".jsonl.zst"), func(t *testing.T) {
			t.Parallel()
			end := read(t, name, math.Inf(1))
			if d := cmp.Diff(end.Topology(), printed(t, name)); d != "" {
				t.Errorf("at the end (-want +got):\n%s", d)
			}
			for _, part := range []float64{0.3, 0.55, 0.8} {
				at := fmt.Sprintf("%.2f", end.LastMs*part)
				var ms float64
				if _, err := fmt.Sscan(at, &ms); err != nil {
					t.Fatal(err)
				}
				want := read(t, name, ms).Topology()
				for _, word := range want.Edges {
					flows.Store(word, true)
				}
				if d := cmp.Diff(want, printed(t, "--at", at, name)); d != "" {
					t.Errorf("after %s ms (-want +got):\n%s", at, d)
				}
			}
		})
	}
}
