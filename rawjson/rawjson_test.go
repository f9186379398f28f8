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
	for _, depth := range []int{0, 1, 2, 20} {
		checkCursor(t, b, depth)
	}
	if trimmed := bytes.TrimSpace(b); len(trimmed) > 0 && trimmed[0] == '"' && json.Valid(trimmed) {
		var s string
		err := json.Unmarshal(trimmed, &s)
		if got, ok := String(trimmed); !ok || err != nil || got != s {
			t.Fatalf("%q: String gives %q, encoding/json %q", clip(b), got, s)
		}
	}
}

// tree reads the value before the cursor, its containers down to a depth by
// walking into them; what is deeper is text. Each other member is left to the
// cursor where leave is set.
func tree(c *Cursor, depth int, leave bool) any {
	first := c.First()
	if first != '{' && c.Object(nil) || first != '[' && c.Array(nil) {
		panic("a cursor goes into what is no container")
	}
	switch {
	case depth > 0 && first == '{':
		out := make(map[string]any)
		n := 0
		c.Object(func(key []byte) {
			if n++; leave && n%2 == 0 {
				delete(out, string(key))
				return
			}
			out[string(key)] = tree(c, depth-1, leave)
		})
		return out
	case depth > 0 && first == '[':
		out := []any{}
		c.Array(func() { out = append(out, tree(c, depth-1, leave)) })
		return out
	}
	return string(c.Skip())
}

// checkCursor holds the cursor to encoding/json.
func checkCursor(t *testing.T, b []byte, depth int) {
	t.Helper()
	c := NewCursor(b)
	got := tree(&c, depth, false)
	if want := json.Valid(b); c.Done() != want {
		t.Fatalf("%q: the cursor says %v, encoding/json %v, to the depth %d", clip(b), c.Done(), want, depth)
	}
	if !c.Done() {
		return
	}
	if want := expected(bytes.TrimSpace(b), depth); !reflect.DeepEqual(got, want) {
		t.Fatalf("%q: the cursor gives %q, encoding/json %q, to the depth %d", clip(b), got, want, depth)
	}
	c = NewCursor(b)
	if tree(&c, depth, true); !c.Done() {
		t.Fatalf("%q: the cursor does not pass what is left to it", clip(b))
	}
}

// expected is what tree gives, by encoding/json.
func expected(b []byte, depth int) any {
	var (
		object map[string]json.RawMessage
		list   []json.RawMessage
	)
	switch {
	case depth > 0 && b[0] == '{' && json.Unmarshal(b, &object) == nil:
		out := make(map[string]any, len(object))
		for k, v := range object {
			out[k] = expected(v, depth-1)
		}
		return out
	case depth > 0 && b[0] == '[' && json.Unmarshal(b, &list) == nil:
		out := make([]any, 0, len(list))
		for _, v := range list {
			out = append(out, expected(v, depth-1))
		}
		return out
	}
	return string(b)
}

func TestCursorStops(t *testing.T) {
	c := NewCursor([]byte(`{"a":[1,2,{"b":3}],"c":4}`))
	seen := 0
	if c.Object(func([]byte) {
		c.Array(func() {
			if seen++; seen == 2 {
				c.Stop()
			}
		})
	}) || seen != 2 || c.Done() || c.Offset() != -1 || c.Skip() != nil || c.First() != 0 {
		t.Errorf("%d elements, at %d: want nothing more behind the second", seen, c.Offset())
	}
	for _, s := range []string{"", " ", " 1 "} {
		if c := NewCursor([]byte(s)); c.Object(nil) || c.Array(nil) || c.Done() {
			t.Errorf("%q is a container", s)
		}
	}
	c = NewCursor([]byte(` {} `))
	if c.Done() || c.Offset() != 1 || string(c.Skip()) != `{}` || !c.Done() {
		t.Error("a value that was not taken counts, or one that was does not")
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
		for _, s := range []string{strings.Repeat("[", depth) + strings.Repeat("]", depth), strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)} {
			c := NewCursor([]byte(s))
			if tree(&c, depth, false); c.Done() != json.Valid([]byte(s)) {
				t.Errorf("the cursor says %v of %d levels", c.Done(), depth)
			}
		}
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
