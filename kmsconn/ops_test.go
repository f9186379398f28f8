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

func TestParamsOfOps(t *testing.T) {
	type named struct {
		Name string `json:"name"`
	}
	for _, c := range []struct {
		op   Op
		in   string // a session
		want string // "" is refused
	}{
		{Invoke("a/b", "getStats", json.RawMessage(`{"mediaType":"AUDIO"}`)), "", `{"object":"a/b","operation":"getStats","operationParams":{"mediaType":"AUDIO"}}`},
		{Invoke("a/b", "getName", nil), "s-1", `{"object":"a/b","sessionId":"s-1","operation":"getName"}`},
		{Invoke("a", "setName", named{"\"Grüße\" <\n\x00"}), "", `{"object":"a","operation":"setName","operationParams":{"name":"\"Grüße\" \u003c\n\u0000"}}`},
		{Invoke("a\"\xff", "x", nil), "", `{"object":"a\"\ufffd","operation":"x"}`},
		{Invoke("a", "x", json.RawMessage(`{"cut":`)), "", ""},
		{Invoke("a", "x", json.RawMessage(`[1]`)), "", ""},
		{Invoke("a", "x", []int{1}), "", ""},
		{Invoke("a", "x", func() {}), "", ""},
		{Describe("a"), "s-1", `{"object":"a","sessionId":"s-1"}`},
		{Subscribe("a", "Error"), "", `{"object":"a","type":"Error"}`},
		{Unsubscribe("a", "7"), "", `{"object":"a","subscription":"7"}`},
		{Ref("a"), "", `{"object":"a"}`},
		{Op{Method: "release"}, "", `{}`},
		{Create("MediaPipeline", nil, nil), "s-1", `{"sessionId":"s-1","type":"MediaPipeline","constructorParams":{},"properties":{}}`},
		{Create("X", named{"p"}, named{"q"}), "", `{"type":"X","constructorParams":{"name":"p"},"properties":{"name":"q"}}`},
		{Create("X", nil, func() {}), "", ""},
		{Op{Method: "keepAlive", Object: "a"}, "", ""},
	} {
		got, err := c.op.params(c.in)
		if string(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%+v gives %s, %v\n  want %s", c.op, got, err, c.want)
		}
		if err == nil && !json.Valid(got) {
			t.Errorf("%+v gives %s, which is no JSON", c.op, got)
		}
	}
}
