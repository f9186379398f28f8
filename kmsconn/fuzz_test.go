package kmsconn

import (
	"encoding/json"
	"testing"

	"kmscope/kmsconn/jsonrpc"
)

// FuzzReply feeds arbitrary JSON to everything here that reads what a server
// sends: nothing of it may panic, and a transaction never gives more results
// than were asked for.
func FuzzReply(f *testing.F) {
	f.Add([]byte(`{"value":{"type":"ObjectCreated","object":"manager_ServerManager","data":{"object":"a_kurento.MediaPipeline"}}}`))
	f.Add([]byte(`{"sessionId":"s","value":[{"id":0,"result":{"sessionId":"s","value":null}},{"id":1,"error":{"code":40101,"data":{"type":"X"},"message":"m"}}]}`))
	ops := []Op{Describe("a_kurento.MediaPipeline"), Invoke("a_kurento.MediaPipeline/b_kurento.PassThrough", "getName", nil)}
	f.Fuzz(func(t *testing.T, data []byte) {
		w := &Watcher{inbox: inbox{wake: make(chan struct{}, 1)}}
		c := &Client{opts: Options{Observer: Observer{OnEvent: w.onManagerEvent}}}
		c.onEvent("onEvent", data)
		w.onManagerEvent(Event{Type: "ObjectDestroyed", Object: Manager, Data: data})
		created, destroyed, _ := w.inbox.take()
		for _, id := range append(created, destroyed...) {
			_, _ = typeOf(id), rootOf(id)
		}
		if results, err := transactionResults(data, ops, 0); err == nil && len(results) > len(ops) {
			t.Errorf("%d results", len(results))
		}
		var reply transactionReply
		if reply.read(data, 2) == nil {
			for _, r := range reply.Value {
				if r.value != nil && string(r.value) != string(valueOf(r.Result)) {
					t.Errorf("%q: the value %q, want %q", data, r.value, valueOf(r.Result))
				}
			}
		}
		if json.Valid(data) {
			if v := valueOf(data); v == nil {
				t.Errorf("no value in %q", data)
			}
		}
		_ = newError(&jsonrpc.RPCError{Data: data}, "x", "y").Error()
		_ = CheckOp(Invoke("a_kurento.Mixer", "connect", json.RawMessage(data)), nil)
		_, _ = Target{URL: string(data)}.Address()
		_ = Target{URL: string(data)}.Shown()
	})
}
