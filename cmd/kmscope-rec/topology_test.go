package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// A second, small and slow reading of a recording, on generic maps, sharing no
// code with the rooms: it says from frames alone what a graph must show.

type reading struct {
	Objects     map[string]bool   // every id that the server ever named
	Gone        map[string]bool   // those destroyed, released, or of an earlier server process
	Connections map[string]bool   // "source sink media"
	Lanes       map[string]string // "id lane" -> word
	LastMs      float64
}

type obj = map[string]any

func text(v any) string { s, _ := v.(string); return s }

func field(v any, path ...string) any {
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

func readTopology(t *testing.T, name string, untilMs float64) reading {
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

	r := reading{Objects: map[string]bool{}, Gone: map[string]bool{}, Connections: map[string]bool{}, Lanes: map[string]string{}}
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
		typ, id := text(v["type"]), text(v["object"])
		d, _ := v["data"].(obj)
		ms := text(d["timestampMillis"])
		lane, word := "", ""
		switch typ {
		case "ObjectCreated":
			name2(text(d["object"]))
		case "ObjectDestroyed":
			name2(text(d["objectId"]))
			die(text(d["objectId"]))
		case "ElementConnected":
			connect(text(d["source"]), text(d["sink"]), text(d["mediaType"]))
		case "ElementDisconnected":
			delete(r.Connections, text(d["source"])+" "+text(d["sink"])+" "+text(d["mediaType"]))
		case "IceComponentStateChanged":
			lane, word = "ice/"+number(d["streamId"])+"/"+number(d["componentId"]), text(d["state"])
			ms += rank[word]
		case "DtlsConnectionStateChange":
			lane, word = "dtls/"+text(d["streamId"])+"/"+text(d["componentId"]), text(d["state"])
		case "MediaStateChanged":
			lane, word = "media", text(d["newState"])
		case "ConnectionStateChanged":
			lane, word = "connection", text(d["newState"])
		case "MediaFlowInStateChanged", "MediaFlowOutStateChanged":
			kind := map[string]string{"MediaFlowInStateChanged": "flow-in", "MediaFlowOutStateChanged": "flow-out"}[typ]
			lane, word = kind+"/"+text(d["mediaType"]), text(d["state"])
			if pad := text(d["padName"]); pad != "default" {
				lane += "/" + pad
			}
		case "UriEndpointStateChanged":
			lane, word = "uri", text(d["state"])
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
		method, p := text(q["method"]), obj{}
		if m, ok := q["params"].(obj); ok {
			p = m
		}
		id, op := text(p["object"]), text(p["operation"])
		value := field(result, "value")
		args, _ := p["operationParams"].(obj)
		switch method {
		case "transaction":
			ops, _ := p["operations"].([]any)
			answers, _ := value.([]any)
			made := map[string]string{}
			for i, a := range answers {
				if field(a, "error") != nil || i >= len(ops) {
					continue
				}
				raw, _ := json.Marshal(ops[i])
				for ref, id := range made {
					raw = []byte(strings.ReplaceAll(string(raw), "newref:"+ref, id))
				}
				var inner obj
				_ = json.Unmarshal(raw, &inner)
				if text(inner["method"]) == "create" {
					made[number(inner["id"])] = text(field(a, "result", "value"))
				}
				reply(inner, field(a, "result"), now, asked)
			}
			return
		case "connect":
			if s := text(field(result, "serverId")); s != "" && s != serverID {
				if serverID != "" {
					for o := range r.Objects {
						die(o)
					}
				}
				serverID = s
			}
			return
		case "create":
			name2(text(value))
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
		case "getPipelines", "getChildren":
			for _, v := range list {
				name2(text(v))
			}
		case "connect", "disconnect":
			if args["source"] != nil { // Dispatcher.connect joins ports inside the hub
				return
			}
			media := []string{"AUDIO", "VIDEO", "DATA"}
			if m := text(args["mediaType"]); m != "" {
				media = []string{m}
			}
			for _, m := range media {
				if op == "connect" {
					connect(id, text(args["sink"]), m)
				} else {
					delete(r.Connections, id+" "+text(args["sink"])+" "+m)
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
				name2(text(field(v, "source")), text(field(v, "sink")))
				connect(text(field(v, "source")), text(field(v, "sink")), text(field(v, "type")))
			}
		case "getMediaState":
			read("media", text(value))
		case "getConnectionState":
			read("connection", text(value))
		case "getState":
			read("uri", text(value))
		case "isMediaFlowingIn", "isMediaFlowingOut":
			word := "NOT_FLOWING"
			if value == true {
				word = "FLOWING"
			}
			read(map[string]string{"isMediaFlowingIn": "flow-in/", "isMediaFlowingOut": "flow-out/"}[op]+text(args["mediaType"]), word)
		case "getIceConnectionState", "getDtlsConnectionState":
			kind := map[string]string{"getIceConnectionState": "ice/", "getDtlsConnectionState": "dtls/"}[op]
			for _, v := range list {
				read(kind+number(field(v, "streamId"))+"/"+number(field(v, "componentId")), text(field(v, "state")))
			}
		}
	}

	begun, startMs := false, 0.0
	lines := bufio.NewReaderSize(z, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var rec obj
			if e := json.Unmarshal(line, &rec); e != nil {
				t.Fatalf("%s: %v", name, e)
			}
			conn, now := text(rec["conn"]), rec["t"].(float64)
			if !begun {
				begun, startMs = true, now
			}
			if now-startMs > untilMs {
				break
			}
			r.LastMs = now - startMs
			frame, isObject := rec["frame"].(obj)
			if isObject && frame["_raw"] == nil {
				key := conn + " " + number(frame["id"])
				switch {
				case rec["dir"] == "send":
					requests[key], sentAt[key] = frame, now
				case frame["method"] == "onEvent":
					event(field(frame, "params", "value").(obj), now)
				case frame["result"] != nil && requests[key] != nil:
					reply(requests[key], frame["result"], now, sentAt[key])
				case frame["error"] != nil && requests[key] != nil:
					id := text(field(requests[key], "params", "object"))
					if r.Objects[id] && strings.Contains(text(field(frame, "error", "message")), "'"+id+"' not found") {
						die(id)
					}
				}
				if rec["dir"] == "recv" {
					delete(requests, key)
				}
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// topology is a graph as both sides of the comparison say it.
type topology struct {
	Nodes map[string]string // id -> "type parent"
	Edges map[string]string // "source sink media" -> true, false or null
	Lanes map[string]string // "id lane" -> word
}

// topology gives what is alive.
func (r reading) topology() topology {
	want := topology{map[string]string{}, map[string]string{}, map[string]string{}}
	for id := range r.Objects {
		if r.Gone[id] {
			continue
		}
		parent, own := "", id
		if i := strings.LastIndex(id, "/"); i >= 0 {
			parent, own = id[:i], id[i+1:]
		}
		want.Nodes[id] = own[strings.LastIndex(own, ".")+1:] + " " + parent
	}
	for c := range r.Connections {
		ends := strings.Fields(c)
		word, said := r.Lanes[ends[1]+" flow-in/"+ends[2]]
		if !said {
			word = r.Lanes[ends[0]+" flow-out/"+ends[2]]
		}
		want.Edges[c] = map[string]string{"FLOWING": "true", "NOT_FLOWING": "false", "": "null"}[word]
	}
	for k, word := range r.Lanes {
		if !r.Gone[strings.Fields(k)[0]] {
			want.Lanes[k] = word
		}
	}
	return want
}

// printed runs the program and reads what it prints.
func printed(t *testing.T, args ...string) topology {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), append([]string{"graph", "--json"}, args...), &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("status %d: %s", code, errs.String())
	}
	var doc struct {
		Nodes []struct {
			ID, Type, Parent string
			States           map[string]string
		}
		Edges []struct {
			Source, Sink, Media string
			Flowing             *bool
		}
	}
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	got := topology{map[string]string{}, map[string]string{}, map[string]string{}}
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
	var names []string
	for _, pattern := range []string{"*.jsonl.zst", "incidents/*.jsonl.zst"} {
		found, err := filepath.Glob(filepath.Join("..", "..", "testdata", "recordings", pattern))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	if len(names) < 40 {
		t.Fatalf("found %d recordings, want all of them", len(names))
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
			end := readTopology(t, name, 1e12)
			if d := cmp.Diff(end.topology(), printed(t, name)); d != "" {
				t.Errorf("at the end (-want +got):\n%s", d)
			}
			for _, part := range []float64{0.3, 0.55, 0.8} {
				at := fmt.Sprintf("%.2f", end.LastMs*part)
				var ms float64
				if _, err := fmt.Sscan(at, &ms); err != nil {
					t.Fatal(err)
				}
				want := readTopology(t, name, ms).topology()
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
