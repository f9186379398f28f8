package kmsconn

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestTransactionReply holds the walk over a reply to what encoding/json gives.
func TestTransactionReply(t *testing.T) {
	for _, s := range []string{
		`{"sessionId":"s","value":[{"id":0,"jsonrpc":"2.0","result":{"sessionId":"s","value":1}},{"id":1,"result":null}]}`,
		`{"value":[{"id":0,"result":1},{"id":1,"error":{"code":40101,"data":{"type":"X"},"message":"m"}}]}`,
		`{"value":[{"id":"0","result":1}]}`, `{"value":[{"id":0.5}]}`, `{"value":[null,7]}`, `{"value":[{"result":1}]}`,
		`{"value":[{"id":0,"error":null,"result":2}]}`, `{"value":[{"id":0,"error":"text"}]}`,
		`{"value":[{"id":0,"result":{"value":1,"Value":2}},{"id":1,"result":{"value":null}},{"id":2,"result":{"value":1,"value":{"x":[]}}}]}`,
		`{"value":[{"id":0,"result":{"sessionId":"s"}},{"id":1,"result":[{"value":1}]},{"id":2,"result":"\u0041"},{"id":3,"result":{"value":"a"},"result":7}]}`,
		`{"value":[{"id":0,"id":1}],"value":[{"id":1,"result":{}}]} `, ` {"value":[{"id":0,"result":{"value":1}}]}]`,
		`{"value":[]}`, `{"value":null}`, `{"value":{}}`, `{}`, `[]`, `null`, ``, `{"value":[{"id":0}`,
	} {
		var got, want transactionReply
		err := got.read(json.RawMessage(s), 2)
		wantErr := json.Unmarshal([]byte(s), &want)
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%s: %v, encoding/json says %v", s, err, wantErr)
		}
		for i := range got.Value {
			if r := &got.Value[i]; r.value != nil && string(r.value) != string(valueOf(r.Result)) {
				t.Errorf("%s: the value %d is %s, want %s", s, i, r.value, valueOf(r.Result))
			}
		}
		if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(operationReply{})); d != "" {
			t.Errorf("%s: %s", s, d)
		}
	}
}
