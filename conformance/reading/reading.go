// Package reading is a second reading of recordings, for tests: small and slow, on
// generic maps, sharing no code with the rooms that it checks. It knows what
// happened from frames alone, so it says what a replay must come to and what a
// graph must show.
package reading

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Reading is what the frames of a recording say, up to a moment.
type Reading struct {
	Objects     map[string]bool   // every id that the server ever named
	Gone        map[string]bool   // those destroyed, released, or of an earlier server process
	Connections map[string]bool   // "source sink media"
	Events      map[string]int    // by type
	Lanes       map[string]string // "id lane" -> last word
	Stats       int               // answers to getStats
	Records     int
	Malformed   int
	Version     string  // of the server, "" where nobody asked
	LastMs      float64 // the last record, in milliseconds from the first
}

type obj = map[string]any

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

// Read reads a recording, packed with zstd, up to a moment in milliseconds from
// its first record; math.Inf(1) is all of it. The error is that of the file, or
// says which line is no record. Any goroutine.
func Read(name string, untilMs float64) (Reading, error) {
	r := Reading{Objects: map[string]bool{}, Gone: map[string]bool{}, Connections: map[string]bool{},
		Events: map[string]int{}, Lanes: map[string]string{}}
	f, err := os.Open(name)
	if err != nil {
		return r, err
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		return r, err
	}
	defer z.Close()
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

	startMs := 0.0
	lines := bufio.NewReaderSize(z, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var rec obj
			if e := json.Unmarshal(line, &rec); e != nil {
				return r, fmt.Errorf("%s, record %d: %w", name, r.Records+1, e)
			}
			now, ok := rec["t"].(float64)
			if !ok {
				return r, fmt.Errorf("%s, record %d has no time", name, r.Records+1)
			}
			if r.Records == 0 {
				startMs = now
			}
			if now-startMs > untilMs {
				return r, nil
			}
			r.Records++
			r.LastMs = now - startMs
			conn := str(rec["conn"])
			frame, isObject := rec["frame"].(obj)
			if rec["frame"] != nil && !isObject || frame["_raw"] != nil {
				r.Malformed++
			} else if isObject {
				key := conn + " " + number(frame["id"])
				switch {
				case rec["dir"] == "send":
					requests[key], sentAt[key] = frame, now
				case frame["method"] == "onEvent":
					value, _ := at(frame, "params", "value").(obj)
					event(value, now)
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
			return r, nil
		}
		if err != nil {
			return r, err
		}
	}
}

// Topology is a graph in the simplest words: what two sides can be compared by.
type Topology struct {
	Nodes map[string]string // id -> "type parent"
	Edges map[string]string // "source sink media" -> true, false or null
	Lanes map[string]string // "id lane" -> word
}

// Topology gives what is alive at the moment up to which was read.
func (r Reading) Topology() Topology {
	want := Topology{map[string]string{}, map[string]string{}, map[string]string{}}
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

// Recordings lists the recordings of the repository whose root is given.
func Recordings(root string) ([]string, error) {
	var all []string
	for _, pattern := range []string{"*.jsonl.zst", "incidents/*.jsonl.zst"} {
		found, err := filepath.Glob(filepath.Join(root, "testdata", "recordings", filepath.FromSlash(pattern)))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) < 40 {
		return nil, fmt.Errorf("found %d recordings in %s, want all of them", len(all), root)
	}
	return all, nil
}
