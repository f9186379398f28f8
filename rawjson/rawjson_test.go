package rawjson

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// seeds are texts on both sides of what is JSON.
var seeds = []string{
	`{}`, `[]`, ` { "a" : 1 , "b" : [ true , false , null ] , "a" : "x" } `, `{"a":{"b":{"c":[1,2,{"d":"\u00e4\n\ud800"}]}}}`,
	`"\u12"`, `"\x"`, "\"a\nb\"", "\"\xff\xfe\"", `{"\u0061":1,"` + "\xff" + `":2}`, `-`, `-0`, `01`, `1.`, `1.5e`, `1e+5`, `-1.25E-10`, `1e400`,
	`tru`, `nul`, `truefalse`, `[1,]`, `[,1]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{1:2}`, `[`, `{`, `"`, ``, ` `, `1 2`, `nan`, "\ufeff{}",
	strings.Repeat("[", 50) + strings.Repeat("]", 50),
}

// check holds the package to encoding/json over one text.
func check(t *testing.T, b []byte) {
	t.Helper()
	if got, want := Valid(b), json.Valid(b); got != want {
		t.Fatalf("%q: Valid says %v, encoding/json %v", clip(b), got, want)
	}
	got := make(map[string]json.RawMessage)
	ok := Object(b, func(k, v []byte) { got[string(k)] = v })
	var want map[string]json.RawMessage
	err := json.Unmarshal(b, &want)
	if isObject := err == nil && want != nil; ok != isObject || ok && !reflect.DeepEqual(got, want) {
		t.Fatalf("%q: Object gives %v %q, encoding/json %q", clip(b), ok, got, want)
	}
	start, end := b[space(b, 0):], -1
	if ok {
		end = len(bytes.TrimRight(start, " \t\r\n"))
	}
	prefix := make(map[string]json.RawMessage)
	for _, after := range []string{"", "}", `,"a":1`, " x"} {
		clear(prefix)
		if n := Prefix(append(bytes.Clone(start), after...), 0, func(k, v []byte) { prefix[string(k)] = v }); ok && (n != end || !reflect.DeepEqual(got, prefix)) {
			t.Fatalf("%q: Prefix gives %d %q, want %d %q", clip(b), n, prefix, end, got)
		}
	}
	list := []json.RawMessage{}
	ok = Array(b, func(v []byte) { list = append(list, v) })
	var wantList []json.RawMessage
	err = json.Unmarshal(b, &wantList)
	if isArray := err == nil && wantList != nil; ok != isArray || ok && !reflect.DeepEqual(list, wantList) {
		t.Fatalf("%q: Array gives %v %q, encoding/json %q", clip(b), ok, list, wantList)
	}
	if trimmed := bytes.TrimSpace(b); len(trimmed) > 0 && trimmed[0] == '"' && json.Valid(trimmed) {
		var s string
		err := json.Unmarshal(trimmed, &s)
		if got, ok := String(trimmed); !ok || err != nil || got != s {
			t.Fatalf("%q: String gives %q, encoding/json %q", clip(b), got, s)
		}
	}
}

func clip(b []byte) []byte { return b[:min(len(b), 200)] }

func TestAgainstEncodingJSON(t *testing.T) {
	for _, s := range seeds {
		check(t, []byte(s))
		check(t, []byte(`{"a":`+s+`}`))
		check(t, []byte(`[`+s+`]`))
		check(t, []byte(` [1 , `+s+` ] `))
	}
	for _, depth := range []int{9_998, 9_999, 10_000, 10_001, 1_000_000} {
		check(t, []byte(strings.Repeat("[", depth)+strings.Repeat("]", depth)))
		check(t, []byte(strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth)))
		check(t, []byte(strings.Repeat("[", depth)))
	}
}

func FuzzAgainstEncodingJSON(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) { check(t, b) })
}

func TestString(t *testing.T) {
	for _, s := range []string{``, `"`, `a`, `1`, `null`, `{"a":"b"}`, `"a" "b"`} {
		if got, ok := String([]byte(s)); ok {
			t.Errorf("%q is the string %q", s, got)
		}
	}
}

func BenchmarkObject(b *testing.B) {
	one := `{"id":"5a5e","bytesReceived":289,"jitter":0.0123456,"name":"a plain name","list":[1,2,3,{"x":null}]}`
	text := []byte(`{"a":[` + strings.Repeat(one+",", 200) + one + `]}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if !Object(text, func(_, _ []byte) {}) {
			b.Fatal("no object")
		}
	}
}

// BenchmarkValid checks an event of a server: most of it are ids.
func BenchmarkValid(b *testing.B) {
	text := []byte(`{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"data":{"mediaType":"VIDEO","padName":"default","source":"4c1e3a5b-7a0a-4d3f-9a53-0e8e7d3c1a11_kurento.MediaPipeline/1b2c3d4e-0f11-4a22-8b33-9c44ad55be66_kurento.WebRtcEndpoint","state":"FLOWING","tags":[],"timestampMillis":"1700000000000","type":"MediaFlowInStateChanged"},"object":"4c1e3a5b-7a0a-4d3f-9a53-0e8e7d3c1a11_kurento.MediaPipeline/1b2c3d4e-0f11-4a22-8b33-9c44ad55be66_kurento.WebRtcEndpoint","type":"MediaFlowInStateChanged"}}}`)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if !Valid(text) {
			b.Fatal("not valid")
		}
	}
}
