package chartpage

import (
	"context"
	"fmt"
	"testing"
	"time"

	"kmscope/stats"
	"kmscope/ui/pages/pagetest"
	"kmscope/wire"
)

// kept is a capture: it feeds a store of its own with all that was sampled.
type kept struct {
	memory *stats.Store
	facts  []wire.Fact
	loads  int
}

func (k *kept) Load(_ context.Context, from, to time.Time) (*stats.Store, error) {
	k.loads++
	part := k.memory.Sibling()
	for _, f := range k.facts {
		if !f.At.Before(from.Add(-30*time.Second)) && !f.At.After(to) {
			part.Feed(f)
		}
	}
	return part, nil
}

// TestOldFiguresComeFromTheCapture fills a small memory, so that its oldest
// samples become sums, and looks at them closely.
func TestOldFiguresComeFromTheCapture(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	k := &kept{memory: b.Stats()}
	b.Captured = k
	b.Stats().SetLimit(stats.MinLimit)
	begin := b.At
	const elements = 24
	var ids []string
	for i := range elements {
		ids = append(ids, fmt.Sprintf("%s/%08d-0000-0000-0000-000000000000_kurento.WebRtcEndpoint", pagetest.Room, i))
		b.Created(ids[i])
	}
	for second := range 2400 {
		at := begin.Add(time.Duration(second) * time.Second)
		for i, id := range ids {
			bytes := second*100_000 + (second*7919+i*104729)%50_000
			f := wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getStats", Object: id, Took: time.Millisecond, At: at, Conn: "1",
				Params: []byte(`{"mediaType":"VIDEO"}`),
				Result: fmt.Appendf(nil, `{"s":{"__type__":"RTCInboundRTPStreamStats","id":"s","type":"inboundrtp","ssrc":"77","timestampMillis":%d,"timestamp":%d,"bytesReceived":%d,"packetsReceived":%d,"packetsLost":0,"jitter":0.003}}`,
					at.UnixMilli(), at.Unix(), bytes, bytes/1000)}
			if i == 0 {
				k.facts = append(k.facts, f)
			}
			b.Stats().Feed(f)
		}
	}
	from, to := begin.Add(time.Minute), begin.Add(2*time.Minute)
	q := chartQuery{session: b, object: ids[0], set: inVideo, from: from, to: to, points: 400}
	points := func(q chartQuery) (int, deeper) {
		charts, _, old := gatherCharts(t.Context(), q, b.Snapshot())
		if len(charts) == 0 || len(charts[0].Lines) == 0 {
			return 0, old
		}
		n := 0
		for _, p := range charts[0].Lines[0].Points {
			if !p.At.Before(from) && p.At.Before(to) {
				n++
			}
		}
		return n, old
	}
	sums, old := points(q)
	if sums > 10 || old.to.IsZero() || old.from.After(from) || old.to.Before(to) {
		t.Fatalf("%d points before reading the capture, missing %v to %v", sums, old.from, old.to)
	}

	p := New()
	b.Catch(&p.work)
	file := make(chan func(), 8)
	p.file.OnUI = func(f func()) { file <- f }
	p.view = b.State
	p.fetch(q, old.from, old.to)
	select {
	case show := <-file:
		show()
	case <-time.After(time.Minute):
		t.Fatal("the capture was not read")
	}
	if q.deep = p.deep; q.deep == nil || q.deep.store == nil {
		t.Fatal("nothing was read")
	}
	whole, old := points(q)
	if whole < 55 {
		t.Errorf("%d points of 60 after reading the capture", whole)
	}
	p.fetch(q, old.from, old.to)
	if k.loads != 1 {
		t.Errorf("the same was read %d times", k.loads)
	}
	p.Shown(false)
	p.work.Stop()

	// Of a time that memory has nothing of at all, elements are ranked all the same:
	// by what was read again, and before that by what is known later.
	early := begin.Add(-time.Hour)
	part := b.Stats().Sibling()
	for second := range 3 {
		at := early.Add(time.Duration(second-3) * time.Second)
		part.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getStats", Object: ids[7], At: at, Params: []byte(`{"mediaType":"VIDEO"}`),
			Result: fmt.Appendf(nil, `{"s":{"id":"s","type":"inboundrtp","ssrc":"77","timestampMillis":%d,"bytesReceived":%d,"packetsReceived":%d}}`, at.UnixMilli(), 1000*second+1, second+1)})
	}
	if got := latest(b, nil, stats.Bitrate, early); len(got) != elements {
		t.Errorf("%d series to look for", len(got))
	}
	if got := latest(b, &archived{session: b, from: early.Add(-time.Minute), to: early, store: part}, stats.Bitrate, early); len(got) != 1 || got[0].Element != ids[7] {
		t.Errorf("%d series were read again", len(got))
	}
	if got := latest(b, nil, stats.Bitrate, time.Time{}); len(got) != elements {
		t.Errorf("%d series now", len(got))
	}
}

func TestMissing(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(1_800_000_000+s), 0) }
	whole := []stats.Zoom{{WholeFromMs: at(100).UnixMilli()}, {}}
	if _, _, ok := missing(stats.Query{From: at(0), To: at(60), MaxPoints: 400}, nil, true); !ok {
		t.Error("what was dropped is not missing")
	}
	if _, _, ok := missing(stats.Query{From: at(0), To: at(60), MaxPoints: 400}, nil, false); ok {
		t.Error("what never was is missing")
	}
	for _, c := range []struct {
		name     string
		from, to int
		points   int
		ok       bool
		until    int
	}{
		{"all old", 0, 60, 400, true, 60},
		{"half old", 60, 160, 100, true, 102},
		{"all whole", 120, 160, 100, false, 0},
		{"coarser than the sums", 0, 160, 10, false, 0},
		{"everything asked for", 0, 160, 0, false, 0},
	} {
		_, to, ok := missing(stats.Query{From: at(c.from), To: at(c.to), MaxPoints: c.points}, whole, true)
		if ok != c.ok || ok && !to.Equal(at(c.until)) {
			t.Errorf("%s: until %v, %v", c.name, to, ok)
		}
	}
}

// held is a capture that is read for as long as a test wants.
type held struct{ began, ended chan bool }

func (h held) Load(ctx context.Context, _, _ time.Time) (*stats.Store, error) {
	h.began <- true
	<-ctx.Done()
	h.ended <- true
	return nil, ctx.Err()
}

// TestUnwantedReadingEnds checks that a person who looks elsewhere is not told of a
// reading any more, and that it ends once they are far from it.
func TestUnwantedReadingEnds(t *testing.T) {
	b := pagetest.New(t)
	h := held{make(chan bool, 1), make(chan bool, 1)}
	b.Captured = h
	p := New()
	b.Catch(&p.file)
	from := b.At
	at := func(a, z int) chartQuery {
		return chartQuery{session: b, from: from.Add(time.Duration(a) * time.Minute), to: from.Add(time.Duration(z) * time.Minute)}
	}
	q := at(0, 10)
	p.fetch(q, q.from, q.to)
	<-h.began
	if !p.reading {
		t.Error("nothing else is to be seen, and nobody says why")
	}
	p.charts = []chart{wave(10, from)}
	b.Settle(func() bool { return p.slow })
	if !p.reading {
		t.Error("nobody says that older figures are being read")
	}
	// Beside it, it goes on: they may come back.
	p.fetch(at(12, 20), time.Time{}, time.Time{})
	if p.reading || p.fetching == nil {
		t.Errorf("beside it: told %v, reading %v", p.reading, p.fetching)
	}
	p.fetch(q, q.from, q.to)
	if !p.reading {
		t.Error("nobody says that older figures are still being read")
	}
	p.fetch(at(60, 70), time.Time{}, time.Time{})
	select {
	case <-h.ended:
	case <-time.After(time.Minute):
		t.Fatal("what nobody wants is still being read")
	}
	if p.reading || p.fetching != nil || len(h.began) != 0 {
		t.Errorf("far from it: told %v, reading %v, begun again %d times", p.reading, p.fetching, len(h.began))
	}
	b.Settle(func() bool { return len(b.Posts) == 0 })
}
