package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The independent reading of lanes: a second, slow one on generic maps, which
// shares no code with the rooms that it checks. It gathers all that was ever
// said of a lane, and only then puts it in order.

type object = map[string]any

type saying struct {
	word        string
	stamp       float64 // 0 is none
	at, asked   float64 // asked is -1 for an event
	rank, index int
}

type laneReading struct {
	lanes map[string][]saying // by "object lane"
	died  map[string]float64  // by object, capture's clock
	first float64
	last  float64
	skew  float64
}

func dig(v any, path ...string) any {
	for _, p := range path {
		m, _ := v.(object)
		v = m[p]
	}
	return v
}

func word(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case float64:
		return fmt.Sprint(x)
	}
	return ""
}

func readLanes(t *testing.T, file string) laneReading {
	t.Helper()
	r := laneReading{lanes: map[string][]saying{}, died: map[string]float64{}, first: math.NaN(), skew: math.Inf(1)}
	type destroyed struct {
		id    string
		stamp float64
	}
	var told []destroyed
	guessed := map[string]float64{} // deaths on the capture's clock
	requests := map[string]object{}
	serverID := ""
	rank := map[string]int{"GATHERING": 1, "CONNECTING": 2, "CONNECTED": 3, "READY": 4}
	index := 0
	say := func(id, lane string, s saying) {
		if lane == "" || s.word == "" {
			return
		}
		index++
		s.index = index
		r.lanes[id+" "+lane] = append(r.lanes[id+" "+lane], s)
	}
	guess := func(id string, t float64) {
		if _, ok := guessed[id]; !ok && id != "" {
			guessed[id] = t
		}
	}

	event := func(v object, now float64) {
		id, d := word(v["object"]), v["data"]
		stamp, _ := strconv.ParseFloat(word(dig(d, "timestampMillis")), 64) // 0 where there is none
		if stamp > 0 {
			r.skew = min(r.skew, now-stamp)
		}
		get := func(k string) string { return word(dig(d, k)) }
		pad := func(lane, key string) string {
			if p := get(key); p != "" && p != "default" {
				return lane + "/" + p
			}
			return lane
		}
		s := saying{stamp: stamp, at: now, asked: -1, word: get("state")}
		switch typ := word(v["type"]); typ {
		case "ObjectDestroyed":
			told = append(told, destroyed{get("objectId"), stamp})
		case "IceComponentStateChanged":
			s.rank = rank[s.word]
			say(id, "ice/"+get("streamId")+"/"+get("componentId"), s)
		case "DtlsConnectionStateChange":
			say(id, "dtls/"+get("streamId")+"/"+get("componentId"), s)
		case "MediaStateChanged", "ConnectionStateChanged":
			s.word = get("newState")
			say(id, map[byte]string{'M': "media", 'C': "connection"}[typ[0]], s)
		case "MediaFlowInStateChanged":
			say(id, pad("flow-in/"+get("mediaType"), "padName"), s)
		case "MediaFlowOutStateChanged":
			say(id, pad("flow-out/"+get("mediaType"), "padName"), s)
		case "MediaTranscodingStateChanged":
			say(id, pad("transcoding/"+get("mediaType"), "binName"), s)
		case "UriEndpointStateChanged":
			say(id, "uri", s)
		case "Recording", "Paused", "Stopped":
			s.word = strings.ToUpper(typ)
			say(id, "recorder", s)
		}
	}

	var reply func(q object, result any, now, asked float64)
	reply = func(q object, result any, now, asked float64) {
		p := q["params"]
		id, value := word(dig(p, "object")), dig(result, "value")
		switch word(q["method"]) {
		case "transaction":
			ops, _ := dig(p, "operations").([]any)
			answers, _ := value.([]any)
			made := map[string]string{}
			for i, a := range answers {
				if i >= len(ops) || dig(a, "error") != nil {
					continue
				}
				raw, _ := json.Marshal(ops[i])
				for ref, id := range made {
					raw = []byte(strings.ReplaceAll(string(raw), `"newref:`+ref+`"`, `"`+id+`"`))
				}
				var op object
				_ = json.Unmarshal(raw, &op)
				if op["method"] == "create" {
					made[word(op["id"])] = word(dig(a, "result", "value"))
				}
				reply(op, dig(a, "result"), now, asked)
			}
		case "connect":
			if s := word(dig(result, "serverId")); s != "" {
				if serverID != "" && s != serverID {
					for k := range r.lanes {
						guess(strings.Fields(k)[0], now)
					}
				}
				serverID = s
			}
		case "release":
			guess(id, now)
		case "invoke":
			list, _ := value.([]any)
			one := func(lane string, w string) { say(id, lane, saying{word: w, at: now, asked: asked}) }
			media := word(dig(p, "operationParams", "mediaType"))
			yes, _ := value.(bool)
			not := map[bool]string{false: "NOT_", true: ""}[yes]
			switch word(dig(p, "operation")) {
			case "getMediaState":
				one("media", word(value))
			case "getConnectionState":
				one("connection", word(value))
			case "getState":
				one("uri", word(value))
			case "isMediaFlowingIn":
				one("flow-in/"+media, not+"FLOWING")
			case "isMediaFlowingOut":
				one("flow-out/"+media, not+"FLOWING")
			case "isMediaTranscoding":
				one("transcoding/"+media, not+"TRANSCODING")
			case "getIceConnectionState", "getDtlsConnectionState":
				head := map[string]string{"getIceConnectionState": "ice/", "getDtlsConnectionState": "dtls/"}[word(dig(p, "operation"))]
				for _, x := range list {
					one(head+word(dig(x, "streamId"))+"/"+word(dig(x, "componentId")), word(dig(x, "state")))
				}
			}
		}
	}

	sent := map[string]float64{}
	for _, line := range linesOf(t, file) {
		var rec object
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		now := rec["t"].(float64)
		if math.IsNaN(r.first) {
			r.first = now
		}
		r.last = max(r.last, now)
		frame, ok := rec["frame"].(object)
		if !ok {
			continue
		}
		key := word(rec["conn"]) + " " + word(frame["id"])
		switch {
		case rec["dir"] == "send":
			requests[key], sent[key] = frame, now
		case frame["method"] == "onEvent":
			event(dig(frame, "params", "value").(object), now)
		case rec["dir"] == "recv" && requests[key] != nil:
			q := requests[key]
			delete(requests, key)
			if e := dig(frame, "error", "message"); e != nil {
				if id := word(dig(q, "params", "object")); strings.Contains(word(e), "'"+id+"' not found") {
					guess(id, now)
				}
				continue
			}
			reply(q, frame["result"], now, sent[key])
		}
	}
	// The server's own word on a death is better than a guess, and what is
	// above an object takes it along.
	for k := range r.lanes {
		id := strings.Fields(k)[0]
		for up := id; up != ""; up = up[:max(strings.LastIndex(up, "/"), 0)] {
			if g, ok := guessed[up]; ok {
				if old, ok := r.died[id]; !ok || g < old {
					r.died[id] = g
				}
			}
		}
		for _, d := range slices.Backward(told) {
			if d.id == id {
				r.died[id] = d.stamp + r.skew
			}
		}
	}
	return r
}

// intervals works out a lane from all that was said of it.
func (r *laneReading) intervals(key string) []intervalJSON {
	type step struct {
		saying
		place float64
	}
	end := r.last
	if d, ok := r.died[strings.Fields(key)[0]]; ok {
		end = d
	}
	var events, all []step
	for _, s := range r.lanes[key] {
		if s.asked < 0 {
			events = append(events, step{s, s.stamp + r.skew})
		}
	}
	slices.SortFunc(events, func(a, b step) int {
		for _, d := range []float64{a.stamp - b.stamp, float64(a.rank - b.rank), float64(a.index - b.index)} {
			if d != 0 {
				return int(math.Copysign(1, d))
			}
		}
		return 0
	})
	for i, e := range events {
		e.index = i
		all = append(all, e)
	}
	for _, s := range r.lanes[key] {
		if s.asked < 0 {
			continue
		}
		before := -1
		for i := range events {
			if events[i].place <= s.at {
				before = i
			}
		}
		if before < 0 || events[before].at <= s.asked {
			s.index += 1 << 20 // after the events of its moment
			all = append(all, step{s, s.at})
		}
	}
	slices.SortFunc(all, func(a, b step) int {
		if a.place != b.place {
			return int(math.Copysign(1, a.place-b.place))
		}
		return a.index - b.index
	})
	var out []intervalJSON
	for _, s := range all {
		if s.place > end || len(out) > 0 && out[len(out)-1].State == s.word {
			continue
		}
		if len(out) > 0 {
			out[len(out)-1].ToMs = s.place - r.first
		}
		out = append(out, intervalJSON{State: s.word, FromMs: s.place - r.first})
	}
	if len(out) > 0 {
		out[len(out)-1].ToMs = end - r.first
	}
	return out
}

// TestLanesAgainstIndependentReading compares timeline --json of every
// recording with the independent reading: the same lanes, the same states, and
// times and durations within a hundredth of a millisecond.
func TestLanesAgainstIndependentReading(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "recordings")
	files, err := filepath.Glob(filepath.Join(root, "*.zst"))
	if err != nil {
		t.Fatal(err)
	}
	incidents, err := filepath.Glob(filepath.Join(root, "incidents", "*.zst"))
	if err != nil {
		t.Fatal(err)
	}
	if files = append(files, incidents...); len(files) < 40 {
		t.Fatalf("found %d recordings, want all of them", len(files))
	}
	total := 0
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r := readLanes(t, file)
			want := map[string][]intervalJSON{}
			for k := range r.lanes {
				if list := r.intervals(k); len(list) > 0 {
					want[k] = list
					total += len(list)
				}
			}
			got := map[string][]intervalJSON{}
			for _, l := range lanesOf(t, file) {
				got[l.Object+" "+l.Lane] = l.Intervals
			}
			if a, b := slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)); !slices.Equal(a, b) {
				t.Fatalf("the lanes are\n%s\nwant\n%s", strings.Join(b, "\n"), strings.Join(a, "\n"))
			}
			for k, w := range want {
				g := got[k]
				same := len(g) == len(w)
				for i := 0; same && i < len(w); i++ {
					const near = 0.01
					same = g[i].State == w[i].State && math.Abs(g[i].FromMs-w[i].FromMs) < near && math.Abs(g[i].ToMs-w[i].ToMs) < near
				}
				if !same {
					t.Errorf("%s:\n got %+v\nwant %+v", k, g, w)
				}
			}
		})
	}
	if total < 1000 {
		t.Errorf("%d intervals in all recordings, want a thousand and more", total)
	}
}

func lanesOf(t *testing.T, file string) []laneJSON {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"timeline", "--json", file}, &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
	var got []laneJSON
	dec := json.NewDecoder(&out)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

// shuffled writes a recording in which the event that comes with one state of
// ICE stream 1 component 1 is exchanged with that of the next.
func shuffled(t *testing.T, file, first, second string) string {
	t.Helper()
	lines := linesOf(t, file)
	find := func(state string) int {
		return slices.IndexFunc(lines, func(l string) bool {
			return strings.Contains(l, `"componentId":1,`) && strings.Contains(l, `"state":"`+state+`"`) && strings.Contains(l, `"IceComponentStateChanged"`)
		})
	}
	frame := func(l string) (head, rest string) {
		i := strings.Index(l, `"frame":`)
		return l[:i], l[i:]
	}
	a, b := find(first), find(second)
	if a < 0 || b < a {
		t.Fatalf("%s and %s are at %d and %d", first, second, a, b)
	}
	headA, restA := frame(lines[a])
	headB, restB := frame(lines[b])
	lines[a], lines[b] = headA+restB, headB+restA
	out := filepath.Join(t.TempDir(), "shuffled.jsonl")
	if err := os.WriteFile(out, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLateEventsGetTheirPlace exchanges READY and CONNECTED of a recording,
// which the server gave the same millisecond: the lanes are the same as before,
// and a note says that one came late.
func TestLateEventsGetTheirPlace(t *testing.T) {
	file := filepath.Join("..", "..", "testdata", "recordings", "02-webrtc-loopback.jsonl.zst")
	mixed := shuffled(t, file, "CONNECTED", "READY")
	want, got := lanesOf(t, file), lanesOf(t, mixed)
	late := 0
	for i := range got {
		for j := range got[i].Intervals {
			v := &got[i].Intervals[j]
			if v.Late {
				late++
				if got[i].Lane != "ice/1/1" || v.State != "CONNECTED" {
					t.Errorf("%s of %s came late", v.State, got[i].Lane)
				}
				v.Late = false
			}
		}
	}
	if late != 1 {
		t.Errorf("%d late states, want one", late)
	}
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(got)
	if !bytes.Equal(a, b) {
		t.Errorf("the lanes are\n%s\nwant\n%s", b, a)
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"timeline", mixed}, &out, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	text := out.String()
	connected := strings.Index(text, "CONNECTING -> CONNECTED after 1.0 s (arrived late)")
	ready := strings.Index(text, "CONNECTED -> READY after 0 ms\n")
	if connected < 0 || ready < connected {
		t.Errorf("READY is told before CONNECTED:\n%s", text)
	}
}

// TestKilledPeerReadsClearly takes a recording whose peer went away without a
// word: ICE and the connection say nothing of it to the end, only flow and media
// do, in this order.
func TestKilledPeerReadsClearly(t *testing.T) {
	file := filepath.Join("..", "..", "testdata", "recordings", "01-inventory-pion.jsonl.zst")
	last := map[string]intervalJSON{}
	for _, l := range lanesOf(t, file) {
		last[l.Lane] = l.Intervals[len(l.Intervals)-1]
	}
	stopped := last["flow-in/VIDEO"].FromMs
	for lane, state := range map[string]string{
		"ice/1/1": "READY", "connection": "CONNECTED", "media": "DISCONNECTED", "flow-in/VIDEO": "NOT_FLOWING", "flow-in/AUDIO": "NOT_FLOWING",
	} {
		v := last[lane]
		if v.State != state {
			t.Errorf("%s ends with %s, want %s", lane, v.State, state)
		}
		if quiet := lane == "ice/1/1" || lane == "connection"; quiet != (v.FromMs < stopped) {
			t.Errorf("%s is %s from %.3f ms on, the flow stopped at %.3f ms", lane, v.State, v.FromMs, stopped)
		}
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"timeline", file}, &out, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	rest := out.String()
	for _, want := range []string{
		"connection: DISCONNECTED -> CONNECTED", "media: DISCONNECTED -> CONNECTED",
		"WARNING video in: FLOWING -> NOT FLOWING", "WARNING media: CONNECTED -> DISCONNECTED",
	} {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("after what came before, nothing says %q:\n%s", want, rest)
		}
		rest = after
	}
}
