package wire

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"kmscope/capture"
)

const (
	askedTwo = `{"operations":[{"id":0,"jsonrpc":"2.0","method":"invoke","params":{"object":"a","operation":"getStats","operationParams":{"mediaType":"AUDIO"}}},` +
		`{"id":1,"jsonrpc":"2.0","method":"describe","params":{"object":"b"}}],"sessionId":"s"}`
	gaveTwo = `{"id":1,"jsonrpc":"2.0","result":{"sessionId":"s","value":[{"id":0,"jsonrpc":"2.0","result":{"sessionId":"s","value":{"x":{"y":[1]}}}},` +
		`{"id":1,"jsonrpc":"2.0","result":null}]}}`
)

// ways gives what a reply says, read in the usual form and in general; usual is
// false where it is not in that form.
func ways(t *testing.T, method, params, reply string) (fast, slow []Fact, usual bool) {
	t.Helper()
	at := time.UnixMilli(5)
	ask := capture.Record{Dir: capture.DirSend, Conn: "c", At: at, Frame: json.RawMessage(`{"id":1,"method":"` + method + `","params":` + params + `}`)}
	r := capture.Record{Dir: capture.DirRecv, Conn: "c", At: at.Add(7), Index: 3, Frame: json.RawMessage(reply)}
	var a, b Decoder
	a.Feed(ask)
	b.Feed(ask)
	if a.conns["c"] == nil {
		return nil, nil, false // no request
	}
	a.out = a.out[:0]
	waiting := len(a.conns["c"].pending)
	if usual = a.usualReply(&r); !usual {
		if len(a.out) > 0 || len(a.conns["c"].pending) != waiting {
			t.Fatalf("%s: what is not usual had a consequence", reply)
		}
		return nil, nil, false
	}
	b.out = b.out[:0]
	var m message
	if !m.read(r.Frame) || m.Method != nil || m.Result == nil && m.Error == nil {
		t.Fatalf("%s: the usual form of what is no reply", reply)
	}
	b.reply(r, m)
	return a.out, b.out, true
}

func TestUsualReply(t *testing.T) {
	for _, c := range []struct {
		method, params, reply string
		usual                 bool
	}{
		{"transaction", askedTwo, gaveTwo, true},
		{"transaction", askedTwo, " " + gaveTwo + "\n", true},
		{"invoke", `{"object":"a","operation":"getStats"}`, `{"id":1,"jsonrpc":"2.0","result":{"sessionId":"s","value":{"x":1}}}`, true},
		{"invoke", `{"object":"a","operation":"getStats"}`, `{"id":"1","result":{"value":null,"sessionId":"s\u0041"}}`, true},
		{"closeSession", `{}`, `{"id":1,"jsonrpc":"2.0","result":null}`, true},
		{"closeSession", `{}`, `{"id":1,"jsonrpc":"2.0","result":{"sessionId":"s"}}`, true},
		{"closeSession", `{}`, `{"id":1,"jsonrpc":"2.0","result":[1]}`, true},
		{"connect", `{}`, `{"id":1,"result":{"sessionId":"s","serverId":"x"}}`, false},
		{"invoke", `{}`, `{"result":{"value":1},"id":1}`, false},
		{"invoke", `{}`, `{"id":2,"result":{"value":1}}`, false},
		{"invoke", `{}`, `{"id":1,"result":{"value":1},"result":{"value":2}}`, false},
		{"invoke", `{}`, `{"id":1,"result":{"value":1,"value":2}}`, false},
		{"invoke", `{}`, `{"id":1,"result":{"value":1}}}`, false},
		{"invoke", `{}`, `{"id":1,"error":{"code":1}}`, false},
		{"invoke", `{}`, `{"id":1,"method":"onEvent","result":{"value":1}}`, false},
		{"invoke", `{}`, `{"id":1,"result":{"sessionId":5,"value":1}}`, false},
		{"transaction", askedTwo, `{"id":1,"result":{"sessionId":"s","value":null}}`, false},
		{"transaction", askedTwo, `{"id":1,"result":{"sessionId":"s","value":[{"id":0,"error":{"code":40101,"message":"no"}}]}}`, false},
		{"transaction", askedTwo, `{"id":1,"result":{"sessionId":"s","value":[5]}}`, false},
		{"transaction", askedTwo, `{"id":1,"result":{"sessionId":"s","value":[{"id":0,"result":{"value":1}}]},"x":1}`, false},
	} {
		fast, slow, usual := ways(t, c.method, c.params, c.reply)
		if usual != c.usual {
			t.Errorf("%s: usual is %v", c.reply, usual)
		}
		if !reflect.DeepEqual(fast, slow) {
			t.Errorf("%s:\n%+v\nin general\n%+v", c.reply, fast, slow)
		}
	}
}

// FuzzUsualReply holds the two ways of reading a reply, and the transaction that it
// answers, together.
func FuzzUsualReply(f *testing.F) {
	f.Add("transaction", askedTwo, gaveTwo)
	f.Add("invoke", `{"object":"a","operation":"getName"}`, `{"id":1,"result":{"sessionId":"s","value":"\u00e9"}}`)
	f.Add("transaction", `{"operations":[{"method":"create"},{"method":"invoke","params":{"object":"newref:0","operation":"x"}}]}`,
		`{"id":1,"result":{"value":[{"id":0,"result":{"value":"p"}},{"id":1,"result":{"value":[]}}]}}`)
	f.Add("transaction", strings.Replace(askedTwo, `"b"`, `5`, 1), strings.Replace(gaveTwo, `"id":1`, `"id":"1"`, 1))
	f.Add("transaction", `{"operations":[{"method":"transaction","params":{"object":"a"}},{"params":[]},{"method":null},7]}`, gaveTwo)
	f.Add("transaction", `{"operations":[{"method":"invoke","params":{"object":"a","object":"b"},"params":{}}],"operations":[]}`, gaveTwo)
	f.Fuzz(func(t *testing.T, method, params, reply string) {
		if !json.Valid([]byte(params)) || strings.ContainsAny(method, "\"\\") {
			return
		}
		if fast, slow, usual := ways(t, method, params, reply); usual && !reflect.DeepEqual(fast, slow) {
			t.Errorf("%s %s %s:\n%+v\nin general\n%+v", method, params, reply, fast, slow)
		}
		var d Decoder
		ops, usual := d.usualOperations(nil, json.RawMessage(params))
		if !usual {
			return
		}
		want := operations(nil, json.RawMessage(params))
		if len(ops) != len(want) {
			t.Fatalf("%s: %d operations, want %d", params, len(ops), len(want))
		}
		for i := range ops {
			a, b := ops[i], want[i]
			if (a.Method == nil) != (b.Method == nil) || a.Method != nil && *a.Method != *b.Method || string(a.Params) != string(b.Params) {
				t.Errorf("%s: operation %d is %+v, want %+v", params, i, a, b)
			}
			var target requestParams
			if target.read(b.Params); a.split && !reflect.DeepEqual(a.target, target) {
				t.Errorf("%s: operation %d is for %+v, want %+v", params, i, a.target, target)
			}
		}
	})
}

// TestUsualReplies holds that nearly all results of real servers are in the usual
// form, and that they say what they say in general.
func TestUsualReplies(t *testing.T) {
	paths, err := filepath.Glob("../testdata/recordings/*.jsonl.zst")
	if err != nil {
		t.Fatal(err)
	}
	usual, others := 0, 0
	for _, path := range paths {
		f, err := capture.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var fast, general Decoder
		for {
			r, err := f.Next()
			if err != nil {
				break
			}
			odd := r
			if result := r.Dir == capture.DirRecv && bytes.Contains(r.Frame, []byte(`"result":`)); result {
				// A member that no server sends makes it unusual.
				odd.Frame = append(bytes.Clone(r.Frame[:len(r.Frame)-1]), `,"x":0}`...)
				fast.out = fast.out[:0]
				if fast.usualReply(&r) {
					usual++
					fast.out[0].Bytes = len(r.Frame)
				} else {
					others++
					fast.Feed(r)
				}
			} else {
				fast.Feed(r)
			}
			want := general.Feed(odd)
			if len(want) != len(fast.out) {
				t.Fatalf("%s, record %d: %d facts, in general %d", path, r.Index, len(fast.out), len(want))
			}
			for i, a := range fast.out {
				if b := want[i]; a.summary() != b.summary() || a.SessionID != b.SessionID || a.Record != b.Record || a.Conn != b.Conn || !a.At.Equal(b.At) {
					t.Fatalf("%s, record %d: %s\nin general %s", path, r.Index, a.summary(), b.summary())
				}
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if usual < 4000 || others > usual/10 {
		t.Errorf("%d results are as usual, %d are not", usual, others)
	}
}
