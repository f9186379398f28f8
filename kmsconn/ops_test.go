package kmsconn

import (
	"encoding/json"
	"testing"
)

func TestValueOf(t *testing.T) {
	for result, want := range map[string]string{
		`{"sessionId":"a-1","value":{"x":[1,"}"]}}`:             `{"x":[1,"}"]}`,
		`{"sessionId":"a-1","value":null}`:                      `null`,
		`{"sessionId":"a-1","value":"pong"}`:                    `"pong"`,
		`{"sessionId":"a-1","value":1,"zone":2}`:                `1`,
		`{"sessionId":"a-1","value":{"v":1},"zone":{"v":2}}`:    `{"v":1}`,
		`{"sessionId":"a\"","value":2}`:                         `2`,
		`{"value":3,"sessionId":"a-1"}`:                         `3`,
		`{ "sessionId" : "a-1", "value" : 4 }`:                  `4`,
		`{"sessionId":"a-1"}`:                                   `{"sessionId":"a-1"}`,
		`{"sessionId":"a-1","values":5}`:                        `{"sessionId":"a-1","values":5}`,
		`{"sessionId":"a-1","value":`:                           `{"sessionId":"a-1","value":`,
		`null`:                                                  `null`,
		`{"serverId":"x","sessionId":"a-1"}`:                    `{"serverId":"x","sessionId":"a-1"}`,
		`{"sessionId":"a-1","type":"ServerManager","value":[]}`: `[]`,
	} {
		if got := string(valueOf(json.RawMessage(result))); got != want {
			t.Errorf("%s\n  gives %s\n  want  %s", result, got, want)
		}
	}
}
