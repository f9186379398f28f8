package session

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestSeekInBatches holds that all of the model is at the moment that was asked
// for, the timeline included, wherever that lies in what is read ahead.
func TestSeekInBatches(t *testing.T) {
	path := filepath.Join(t.TempDir(), "many.kmscap")
	writeEvents(t, path, 3*batchRecords+100)
	records := readRecords(t, path)
	w, err := NewWorkspace(Options{NoCapture: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	r, err := w.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{len(records) - 1, 0, 1, batchRecords - 1, batchRecords, batchRecords + 1, 3*batchRecords + 7, 700, 699} {
		at := records[i].At
		r.Seek(at.Sub(r.Start()))
		if err := r.Err(); err != nil {
			t.Fatal(err)
		}
		want := new(Models)
		for _, rec := range records {
			if rec.At.After(at) {
				break
			}
			want.Feed(rec)
		}
		m, s := want.Servers()[0].Model, r.Sessions()[0]
		if got := s.Timeline().Range(0, len(records)); !reflect.DeepEqual(got, m.Timeline().Range(0, len(records))) {
			t.Errorf("at record %d: %d entries, want %d", i, len(got), m.Timeline().Len())
		}
		if !reflect.DeepEqual(s.Lanes().All(at), m.Lanes().All(at)) {
			t.Errorf("at record %d: other lanes", i)
		}
		if got, want := s.Snapshot().Counts, m.Snapshot().Counts; got != want {
			t.Errorf("at record %d: %+v, want %+v", i, got, want)
		}
	}
}

// A capture that was cut gives all that is in it, and says that it was cut, from
// wherever it is played.
func TestOpenOfACutCapture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cut.kmscap")
	writeEvents(t, path, 4*batchRecords)
	w, err := NewWorkspace(Options{NoCapture: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	whole, err := w.Open(t.Context(), path)
	if err != nil || whole.Cut() != "" {
		t.Fatalf("%v; the whole one says %q", err, whole.Cut())
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-20); err != nil {
		t.Fatal(err)
	}
	cut, err := w.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if !strings.Contains(cut.Cut(), "the file was cut here") || len(cut.Sessions()) != 1 || cut.Duration() <= 0 {
			t.Errorf("%q, %d servers, %s", cut.Cut(), len(cut.Sessions()), cut.Duration())
		}
		cut.Seek(0)
	}
}

// TestOpenIsStopped holds that who does not want to wait for a capture need not.
func TestOpenIsStopped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "many.kmscap")
	writeEvents(t, path, 20*batchRecords)
	w, err := NewWorkspace(Options{NoCapture: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Open(ctx, path); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "was stopped") {
		t.Error(err)
	}
}
