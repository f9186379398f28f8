package kmsconn

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTransactionReply holds the walk over a reply to what encoding/json gives.
func TestTransactionReply(t *testing.T) {
	for _, s := range []string{
		`{"sessionId":"s","value":[{"id":0,"jsonrpc":"2.0","result":{"sessionId":"s","value":1}},{"id":1,"result":null}]}`,
		`{"value":[{"id":0,"result":1},{"id":1,"error":{"code":40101,"data":{"type":"X"},"message":"m"}}]}`,
		`{"value":[{"id":"0","result":1}]}`, `{"value":[{"id":0.5}]}`, `{"value":[null,7]}`, `{"value":[{"result":1}]}`,
		`{"value":[{"id":0,"error":null,"result":2}]}`, `{"value":[{"id":0,"error":"text"}]}`,
		`{"value":[]}`, `{"value":null}`, `{"value":{}}`, `{}`, `[]`, `null`, ``, `{"value":[{"id":0}`,
	} {
		var got, want transactionReply
		err := got.read(json.RawMessage(s), 2)
		wantErr := json.Unmarshal([]byte(s), &want)
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%s: %v, encoding/json says %v", s, err, wantErr)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", s, d)
		}
	}
}
