package session

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"kmscope/capture"
	"kmscope/inventory"
)

// The independent reader: a second, small and slow reading of a recording, on
// generic maps, sharing no code with the rooms that it checks. It knows what
// happened from frames alone, so it says what a replay must end with.

type reading struct {
	Objects     map[string]bool   // every id that the server ever named
	Gone        map[string]bool   // those destroyed, released, or of an earlier server process
	Connections map[string]bool   // "source sink media"
	Events      map[string]int    // by type
	Lanes       map[string]string // "id lane" -> final word
	Stats       int
	Records     int
	Malformed   int
	Version     string
}

type obj = map[string]any

var idPattern = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}_[a-z]+\.\w+(?:/[0-9a-f]{8}-[0-9a-f-]{27}_[a-z]+\.\w+)*`)

func str(v any) string { s, _ := v.(string); return s }

func at(v any, path ...string) any {
	for _, p := range path {
		m, _ := v.(obj)
		v = m[p]
	}
	return v
}

func number(v any) string {
	b, _ := json.Marshal(v)
	return strings.Trim(string(b), `"`)
}

func readIndependently(t *testing.T, name string) reading {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()

	r := reading{Objects: map[string]bool{}, Gone: map[string]bool{}, Connections: map[string]bool{},
		Events: map[string]int{}, Lanes: map[string]string{}}
	requests := map[string]obj{}
	sentAt := map[string]float64{}
	type stamped struct {
		ms      string
		arrived float64
	}
	newest := map[string]stamped{} // by "id lane"
	rank := map[string]string{"GATHERING": "1", "CONNECTING": "2", "CONNECTED": "3", "READY": "4"}
	serverID := ""

	name2 := func(ids ...string) {
		for _, id := range ids {
			for id != "" {
				r.Objects[id] = true
				i := strings.LastIndex(id, "/")
				if i < 0 {
					break
				}
				id = id[:i]
			}
		}
	}
	die := func(id string) {
		for o := range r.Objects {
			if o == id || strings.HasPrefix(o, id+"/") {
				r.Gone[o] = true
				for c := range r.Connections {
					if ends := strings.Fields(c); ends[0] == o || ends[1] == o {
						delete(r.Connections, c)
					}
				}
			}
		}
	}
	connect := func(source, sink, media string) {
		for c := range r.Connections {
			if ends := strings.Fields(c); ends[1] == sink && ends[2] == media {
				delete(r.Connections, c)
			}
		}
		if !r.Gone[source] && !r.Gone[sink] {
			r.Connections[source+" "+sink+" "+media] = true
		}
	}

	event := func(v obj, arrived float64) {
		typ, id := str(v["type"]), str(v["object"])
		d, _ := v["data"].(obj)
		r.Events[typ]++
		ms := str(d["timestampMillis"])
		lane, word := "", ""
		switch typ {
		case "ObjectCreated":
			name2(str(d["object"]))
		case "ObjectDestroyed":
			name2(str(d["objectId"]))
			die(str(d["objectId"]))
		case "ElementConnected":
			connect(str(d["source"]), str(d["sink"]), str(d["mediaType"]))
		case "ElementDisconnected":
			delete(r.Connections, str(d["source"])+" "+str(d["sink"])+" "+str(d["mediaType"]))
		case "IceComponentStateChanged":
			lane, word = "ice/"+number(d["streamId"])+"/"+number(d["componentId"]), str(d["state"])
			ms += rank[word]
		case "DtlsConnectionStateChange":
			lane, word = "dtls/"+str(d["streamId"])+"/"+str(d["componentId"]), str(d["state"])
		case "MediaStateChanged":
			lane, word = "media", str(d["newState"])
		case "ConnectionStateChanged":
			lane, word = "connection", str(d["newState"])
		case "MediaFlowInStateChanged", "MediaFlowOutStateChanged":
			kind := map[string]string{"MediaFlowInStateChanged": "flow-in", "MediaFlowOutStateChanged": "flow-out"}[typ]
			lane, word = kind+"/"+str(d["mediaType"]), str(d["state"])
			if pad := str(d["padName"]); pad != "default" {
				lane += "/" + pad
			}
		case "UriEndpointStateChanged":
			lane, word = "uri", str(d["state"])
		}
		if typ != "ObjectCreated" && typ != "ObjectDestroyed" {
			name2(id)
		}
		if lane != "" && !r.Gone[id] {
			if old := newest[id+" "+lane]; ms >= old.ms {
				r.Lanes[id+" "+lane] = word
				newest[id+" "+lane] = stamped{ms, arrived}
			}
		}
	}

	var reply func(q obj, result any, now, asked float64)
	reply = func(q obj, result any, now, asked float64) {
		method, p := str(q["method"]), obj{}
		if m, ok := q["params"].(obj); ok {
			p = m
		}
		id, op := str(p["object"]), str(p["operation"])
		value := at(result, "value")
		args, _ := p["operationParams"].(obj)
		switch method {
		case "transaction":
			ops, _ := p["operations"].([]any)
			answers, _ := value.([]any)
			made := map[string]string{}
			for i, a := range answers {
				if at(a, "error") != nil || i >= len(ops) {
					continue
				}
				text, _ := json.Marshal(ops[i])
				for ref, id := range made {
					text = []byte(strings.ReplaceAll(string(text), "newref:"+ref, id))
				}
				var inner obj
				_ = json.Unmarshal(text, &inner)
				if str(inner["method"]) == "create" {
					made[number(inner["id"])] = str(at(a, "result", "value"))
				}
				reply(inner, at(a, "result"), now, asked)
			}
			return
		case "connect":
			if s := str(at(result, "serverId")); s != "" && s != serverID {
				if serverID != "" {
					for o := range r.Objects {
						die(o)
					}
				}
				serverID = s
			}
			return
		case "create":
			name2(str(value))
			return
		case "release":
			die(id)
			return
		case "describe", "invoke":
			if id != "manager_ServerManager" {
				name2(id)
			}
		default:
			return
		}
		list, _ := value.([]any)
		read := func(lane, word string) {
			if n := newest[id+" "+lane]; n.arrived <= asked && !r.Gone[id] {
				r.Lanes[id+" "+lane] = word
			}
		}
		switch op {
		case "getInfo":
			r.Version = str(at(value, "version"))
		case "getStats":
			r.Stats++
		case "getPipelines", "getChildren":
			for _, v := range list {
				name2(str(v))
			}
		case "connect", "disconnect":
			if args["source"] != nil { // Dispatcher.connect joins ports inside the hub
				return
			}
			media := []string{"AUDIO", "VIDEO", "DATA"}
			if m := str(args["mediaType"]); m != "" {
				media = []string{m}
			}
			for _, m := range media {
				if op == "connect" {
					connect(id, str(args["sink"]), m)
				} else {
					delete(r.Connections, id+" "+str(args["sink"])+" "+m)
				}
			}
		case "getSourceConnections", "getSinkConnections":
			side := map[string]int{"getSourceConnections": 1, "getSinkConnections": 0}[op]
			if args["mediaType"] == nil {
				for c := range r.Connections {
					if strings.Fields(c)[side] == id {
						delete(r.Connections, c)
					}
				}
			}
			for _, v := range list {
				name2(str(at(v, "source")), str(at(v, "sink")))
				connect(str(at(v, "source")), str(at(v, "sink")), str(at(v, "type")))
			}
		case "getMediaState":
			read("media", str(value))
		case "getConnectionState":
			read("connection", str(value))
		case "getState":
			read("uri", str(value))
		case "isMediaFlowingIn", "isMediaFlowingOut":
			word := "NOT_FLOWING"
			if value == true {
				word = "FLOWING"
			}
			read(map[string]string{"isMediaFlowingIn": "flow-in/", "isMediaFlowingOut": "flow-out/"}[op]+str(args["mediaType"]), word)
		case "getIceConnectionState", "getDtlsConnectionState":
			kind := map[string]string{"getIceConnectionState": "ice/", "getDtlsConnectionState": "dtls/"}[op]
			for _, v := range list {
				read(kind+number(at(v, "streamId"))+"/"+number(at(v, "componentId")), str(at(v, "state")))
			}
		}
	}

	lines := bufio.NewReaderSize(z, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var rec obj
			if e := json.Unmarshal(line, &rec); e != nil {
				t.Fatalf("%s: %v", name, e)
			}
			r.Records++
			conn, now := str(rec["conn"]), rec["t"].(float64)
			frame, isObject := rec["frame"].(obj)
			if rec["frame"] != nil && !isObject || frame["_raw"] != nil {
				r.Malformed++
			} else if isObject {
				key := conn + " " + number(frame["id"])
				switch {
				case rec["dir"] == "send":
					requests[key], sentAt[key] = frame, now
				case frame["method"] == "onEvent":
					event(at(frame, "params", "value").(obj), now)
				case frame["result"] != nil && requests[key] != nil:
					reply(requests[key], frame["result"], now, sentAt[key])
				case frame["error"] != nil && requests[key] != nil:
					id := str(at(requests[key], "params", "object"))
					if r.Objects[id] && strings.Contains(str(at(frame, "error", "message")), "'"+id+"' not found") {
						die(id)
					}
				}
				if rec["dir"] == "recv" {
					delete(requests, key)
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return r
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func recordings(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.jsonl.zst", "incidents/*.jsonl.zst"} {
		found, err := filepath.Glob(filepath.Join("..", "testdata", "recordings", pattern))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	if len(all) < 40 {
		t.Fatalf("found %d recordings, want all of them", len(all))
	}
	return all
}

func feedAll(t testing.TB, name string) *Models {
	t.Helper()
	r, err := capture.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	m := &Models{}
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return m
		}
		if err != nil {
			t.Fatal(err)
		}
		m.Feed(rec)
	}
}

// TestRecordingsAgainstIndependentReader replays every recording and compares
// what the rooms know at its end with the independent reading.
func TestRecordingsAgainstIndependentReader(t *testing.T) {
	for _, name := range recordings(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".jsonl.zst"), func(t *testing.T) {
			t.Parallel()
			want := readIndependently(t, name)
			m := feedAll(t, name)
			if m.Records != want.Records {
				t.Errorf("%d records, want %d", m.Records, want.Records)
			}
			if m.Undecoded != want.Malformed {
				t.Errorf("%d undecoded records, want %d", m.Undecoded, want.Malformed)
			}
			if n := len(m.Servers()); n != 1 {
				t.Fatalf("%d servers, want 1", n)
			}
			s := m.Servers()[0]
			got := reading{Objects: map[string]bool{}, Gone: map[string]bool{}, Connections: map[string]bool{},
				Lanes: map[string]string{}, Events: s.Timeline().Counts(), Stats: s.Stats().Samples(),
				Records: want.Records, Malformed: want.Malformed, Version: s.Snapshot().Server.Version}
			for _, p := range s.Snapshot().Pipelines {
				for _, o := range p.Objects {
					got.Objects[o.ID] = true
					if !o.Alive() {
						got.Gone[o.ID] = true
					}
					for lane, st := range o.States {
						l := string(lane)
						if !strings.HasPrefix(l, "transcoding/") && lane != inventory.LaneRecorder {
							got.Lanes[o.ID+" "+l] = st.Value
						}
					}
				}
				for _, c := range p.Connections {
					got.Connections[c.Source+" "+c.Sink+" "+string(c.Media)] = true
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("the replay ends otherwise than the independent reading (-want +got):\n%s", d)
			}
			byType := map[string]int{}
			for id := range want.Objects {
				byType[inventory.TypeOf(id)]++
			}
			if d := cmp.Diff(byType, s.Snapshot().Seen); d != "" {
				t.Errorf("objects ever seen (-want +got):\n%s", d)
			}
		})
	}
}

// TestIDsAreComplete holds that no object that a reply or event names by id
// escapes the inventory.
func TestIDsAreComplete(t *testing.T) {
	for _, name := range recordings(t) {
		m := feedAll(t, name)
		known := map[string]bool{}
		for _, s := range m.Servers() {
			for _, p := range s.Snapshot().Pipelines {
				for _, o := range p.Objects {
					known[o.ID] = true
				}
			}
		}
		r, err := capture.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		missing := map[string]bool{}
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if rec.Dir != capture.DirRecv || strings.Contains(string(rec.Frame), `"error":{`) {
				continue
			}
			for _, id := range idPattern.FindAllString(string(rec.Frame), -1) {
				if !known[id] {
					missing[id] = true
				}
			}
		}
		r.Close()
		if len(missing) > 0 {
			t.Errorf("%s: %d ids are not known: %v", name, len(missing), slices.Sorted(maps.Keys(missing))[:1])
		}
	}
}
