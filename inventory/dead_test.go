package inventory

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"kmscope/wire"
)

func destroyed(at int, id string) wire.Fact {
	return event(at, at, "ObjectDestroyed", ManagerID, `{"objectId":"`+id+`"}`)
}

func element(pipeline string, n int) string {
	return fmt.Sprintf("%s/%08d-0000_kurento.WebRtcEndpoint", pipeline, n)
}

// TestTheNewestDeadStay has elements come and go in a pipeline that lives.
func TestTheNewestDeadStay(t *testing.T) {
	r := NewReducer("")
	const all = 3 * MaxDead
	for n := range all {
		r.Apply(created(n, element(pipeID, n)))
		r.Apply(destroyed(n, element(pipeID, n)))
		if dead := len(r.dead); dead < min(n+1, MaxDead) || dead > MaxDead+MaxDead/8 {
			t.Fatalf("after %d deaths %d dead are kept", n+1, dead)
		}
	}
	s := r.Snapshot()
	for n := range all {
		kept := s.Object(element(pipeID, n)) != nil
		if n >= all-MaxDead && !kept || n < all-MaxDead-MaxDead/8 && kept {
			t.Fatalf("kept is %v of number %d of %d", kept, n, all)
		}
	}
	if s.Counts.Dead != len(r.dead) || s.Counts.Pipelines != 1 || s.Seen["WebRtcEndpoint"] != all {
		t.Errorf("%+v, %v seen", s.Counts, s.Seen)
	}
	if n := len(s.Object(pipeID).Children); n != s.Counts.Dead {
		t.Errorf("the pipeline has %d children, %d are known", n, s.Counts.Dead)
	}
	// Late news of what was forgotten: nothing comes back to life.
	late := element(pipeID, all-MaxDead-MaxDead/4)
	r.Apply(destroyed(all, late))
	r.Apply(created(all, late))
	r.Apply(event(all, all, "MediaStateChanged", late, `{"newState":"CONNECTED"}`))
	r.Apply(call(all, all, late, "getName", "", `"ghost"`))
	r.Apply(created(all, late+"/99999999-0000_kurento.HubPort"))
	if after := r.Snapshot(); after.Object(late) != nil || after.Counts != s.Counts || after.Seen["WebRtcEndpoint"] != all {
		t.Errorf("late news changed %+v to %+v", s.Counts, after.Counts)
	}
	// A published state keeps what it had.
	for n := range MaxDead {
		r.Apply(created(all+n, element(pipeID, all+n)))
		r.Apply(destroyed(all+n, element(pipeID, all+n)))
	}
	if last := element(pipeID, all-1); s.Object(last) == nil || r.Snapshot().Object(element(pipeID, all+MaxDead-1)) == nil {
		t.Error("a snapshot changed afterwards")
	}
}

// TestDeadPipelinesGoWhole has pipelines come and go with what is in them.
func TestDeadPipelinesGoWhole(t *testing.T) {
	r := NewReducer("")
	pipeline := func(i int) string { return fmt.Sprintf("%08d-1111_kurento.MediaPipeline", i) }
	const pipelines, each = MaxDead / 4, 9
	for i := range pipelines {
		for n := range each {
			r.Apply(created(i, element(pipeline(i), n)))
		}
		r.Apply(destroyed(i, pipeline(i)))
	}
	s := r.Snapshot()
	if d := s.Counts.Dead; d < MaxDead || d > MaxDead+MaxDead/8+each {
		t.Errorf("%d dead are kept", d)
	}
	for i, p := range s.Pipelines {
		if i > 0 && len(p.Objects) != each+1 { // the oldest may be on its way out
			t.Errorf("the dead pipeline %s has %d objects", p.ID, len(p.Objects))
		}
	}
	if len(r.pipes) != len(s.Pipelines) || s.Pipeline(pipeline(0)) != nil || s.Pipeline(pipeline(pipelines-1)) == nil {
		t.Errorf("%d of %d pipelines are kept", len(s.Pipelines), len(r.pipes))
	}
}

// TestRestartOfALargeServer kills more at once than are kept: the pipeline and
// the newest of its elements stay to be seen.
func TestRestartOfALargeServer(t *testing.T) {
	r := NewReducer("")
	connect := func(at int, server string) wire.Fact {
		return wire.Fact{Kind: wire.KindCall, At: ms(at), Method: "connect", ServerID: server}
	}
	r.Apply(connect(0, "one"))
	for n := range 3 * MaxDead {
		r.Apply(created(1, element(pipeID, n)))
	}
	if s := r.Snapshot(); s.Counts.Dead != 0 || s.Counts.Elements != 3*MaxDead {
		t.Fatalf("%+v", s.Counts)
	}
	r.Apply(connect(2, "two"))
	s := r.Snapshot()
	if s.Counts.Dead != MaxDead || s.Counts.Elements != 0 || s.Object(pipeID) == nil || s.Object(element(pipeID, 3*MaxDead-1)) == nil {
		t.Errorf("%+v", s.Counts)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one's finalizers let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestPastIsBounded keeps states that differ much, and weighs them.
func TestPastIsBounded(t *testing.T) {
	r := NewReducer("")
	var p Past
	before := heap()
	value := make([]byte, 2000)
	for i := range value {
		value[i] = 'x'
	}
	for i := range 2500 {
		for n := range 12 {
			id := element(pipeID, (i+n)%100)
			r.Apply(call(100*i, 100*i, id, "getUri", "", fmt.Sprintf(`"%d %s"`, i, value)))
			r.Apply(event(100*i, 100*i, "MediaFlowInStateChanged", id, fmt.Sprintf(`{"mediaType":"VIDEO","padName":"default","state":"%d"}`, i)))
		}
		p.Add(r.Snapshot())
		if p.sum > pastBytes {
			t.Fatalf("after %d states: %d bytes", i, p.sum)
		}
	}
	if p.spacing == pastSpacing || len(p.snaps) < 100 {
		t.Errorf("%d states are kept at %v", len(p.snaps), p.spacing)
	}
	var sum int64
	for i := 1; i+1 < len(p.snaps); i++ {
		sum += weight(p.snaps[i], p.snaps[i-1])
	}
	if sum != p.sum {
		t.Errorf("the states weigh %d bytes, %d are accounted for", sum, p.sum)
	}
	took := heap() - before
	t.Logf("%d states, %v apart: %d bytes accounted for, %d taken", len(p.snaps), p.spacing, p.sum, took)
	if took > p.sum*3/2 || took < p.sum/2 {
		t.Errorf("%d bytes are accounted for, %d taken", p.sum, took)
	}
	if got := p.At(ms(100 * 2499)); got == nil || got.Object(element(pipeID, 0)) == nil {
		t.Error("the newest state is lost")
	}
	// One state of which nothing can be left out.
	var two Past
	two.sum = pastBytes + 1
	two.Add(&Snapshot{At: time.Unix(0, 0)})
	two.Add(&Snapshot{At: time.Unix(1<<40, 0)})
	if len(two.snaps) != 2 {
		t.Errorf("%d of two states are left", len(two.snaps))
	}
	runtime.KeepAlive(r)
}
