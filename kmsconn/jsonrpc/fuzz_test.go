package jsonrpc

import (
	"encoding/json"
	"testing"
)

// FuzzFrame feeds arbitrary frames to the decoder: it must not panic, and what
// it accepts must be consistent.
func FuzzFrame(f *testing.F) {
	for _, s := range []string{
		``, `{`, `[]`, `42`, `null`, "\x00", `{"id":1}`,
		`{"id":1,"jsonrpc":"2.0","result":{"serverId":"s","sessionId":"x"}}`,
		`{"id":5,"jsonrpc":"2.0","result":null}`,
		`{"id":"7","result":1}`, `{"id":1e3,"result":1}`, `{"id":-1,"error":null,"result":0}`,
		`{"error":{"code":40101,"data":{"type":"MEDIA_OBJECT_NOT_FOUND"},"message":"Object 'nope' not found"},"id":1,"jsonrpc":"2.0"}`,
		`{"error":{"code":-32600,"message":"Invalid"},"id":null,"jsonrpc":"2.0"}`,
		`{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"type":"Error","object":"x","data":{}}}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := decode(data)
		switch m.kind {
		case reply:
			if m.err == nil && !json.Valid(m.result) {
				t.Errorf("a reply with neither result nor error: %q", data)
			}
		case orphanReply:
			if m.err == nil {
				t.Errorf("an orphan without an error: %q", data)
			}
		case notification:
			if m.method == "" || m.params != nil && !json.Valid(m.params) {
				t.Errorf("a notification without a method: %q", data)
			}
		}
		if (m.json || m.kind != garbage) && !json.Valid(data) {
			t.Errorf("invalid JSON was understood: %q", data)
		}
		if m.err != nil {
			_ = m.err.Error()
		}
	})
}
