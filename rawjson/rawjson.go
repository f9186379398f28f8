// Package rawjson cuts a JSON text into the texts of its parts, checking what it
// passes and decoding nothing; it also writes strings.
//
// A frame of a server is looked into four times, from the outside in: the line of
// the capture, the JSON-RPC message, the reply, the statistics. Each knows only
// what it looks for, and hands on the rest as text. With encoding/json each of
// these reads all of the text within it twice (once to check it, once to skip it)
// and copies it; for an hour of statistics that was nine tenths of the time. A
// walk with this package reads it once and copies nothing; who looks into several
// levels at once does so with a Cursor.
//
// What is a JSON text is what encoding/json says, to the byte: a fuzz test holds
// the two together, with the depth that it bounds and the invalid UTF-8 that it
// lets pass. Callers decode single values with encoding/json, or by themselves.
//
// Rejected: goccy/go-json (stops at the first field of a wrong type, where a
// message of a server must not be lost for one field; does not check what it
// skips), valyala/fastjson and tidwall/gjson (take what is no JSON; the first of
// two equal keys counts; no bound on depth), encoding/json/v2 (an experiment of
// the toolchain).
package rawjson

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math/bits"
)

// maxDepth is that of encoding/json.
const maxDepth = 10_000

// Object walks the members of an object in their order, equal keys included.
// key is the text of the name, unescaped; value is trimmed, and valid. Both
// belong to b. It gives false when b as a whole is no object, also after it gave
// members: what they said is then void. Any goroutine.
func Object(b []byte, yield func(key, value []byte)) bool {
	i := space(b, 0)
	if i >= len(b) || b[i] != '{' {
		return false
	}
	end := object(b, i, 1, yield)
	return end >= 0 && space(b, end) == len(b)
}

// Prefix walks the object that b begins with, as Object does, and gives where it
// ends; -1 when b begins with none. It stands within so many others, for the bound
// on depth. Any goroutine.
func Prefix(b []byte, within int, yield func(key, value []byte)) int {
	if len(b) == 0 || b[0] != '{' {
		return -1
	}
	return object(b, 0, within+1, yield)
}

// Array walks the values of an array, as Object does. Any goroutine.
func Array(b []byte, yield func(value []byte)) bool {
	i := space(b, 0)
	if i >= len(b) || b[i] != '[' {
		return false
	}
	end := array(b, i, 1, yield)
	return end >= 0 && space(b, end) == len(b)
}

// Valid tells whether b is one JSON text. Any goroutine.
func Valid(b []byte) bool {
	end := value(b, space(b, 0), 0)
	return end >= 0 && space(b, end) == len(b)
}

// String decodes the text of a string as encoding/json does; false is any other
// value. Any goroutine.
func String(b []byte) (string, bool) {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return "", false
	}
	in := b[1 : len(b)-1]
	for _, c := range in {
		if !simple[c] {
			var s string
			err := json.Unmarshal(b, &s)
			return s, err == nil
		}
	}
	return string(in), true
}

// AppendString appends the text of a JSON string, without escaping for HTML, so that it
// stays readable. What is no UTF-8 becomes U+FFFD. Any goroutine.
func AppendString(dst []byte, s string) []byte {
	plain := true
	for i := 0; i < len(s); i++ {
		if !simple[s[i]] || s[i] == 0x7f {
			plain = false
			break
		}
	}
	if plain {
		return append(append(append(dst, '"'), s...), '"')
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil { // a string always encodes
		return append(dst, `""`...)
	}
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// simple are the bytes that stand for themselves in a string and in its decoded
// form; plain may stand in a string at all.
var simple, plain = func() (s, p [256]bool) {
	for c := 0x20; c < 256; c++ {
		p[c] = c != '"' && c != '\\'
		s[c] = p[c] && c < 0x80
	}
	return s, p
}()

func space(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// value gives where the value that begins at i ends; -1 when there is none.
func value(b []byte, i, depth int) int {
	if i >= len(b) {
		return -1
	}
	switch c := b[i]; {
	case c == '"':
		return text(b, i)
	case c == '-' || c >= '0' && c <= '9':
		return number(b, i)
	case c == '{':
		return object(b, i, depth+1, nil)
	case c == '[':
		return array(b, i, depth+1, nil)
	case c == 't':
		return word(b, i, "true")
	case c == 'f':
		return word(b, i, "false")
	case c == 'n':
		return word(b, i, "null")
	}
	return -1
}

func word(b []byte, i int, w string) int {
	if len(b)-i < len(w) || string(b[i:i+len(w)]) != w {
		return -1
	}
	return i + len(w)
}

// text gives where the string ends that begins at i. Most of a message is strings:
// their bytes are looked at eight at a time.
func text(b []byte, i int) int {
	const lows, highs = 0x0101010101010101, 0x8080808080808080
	i++
	for {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			quote, slash := w^lows*'"', w^lows*'\\'
			// The high bit of each byte that is below 0x20, a quote or a backslash. A
			// borrow can set further ones, but only behind a true one.
			hit := ((w-lows*0x20)&^w | (quote-lows)&^quote | (slash-lows)&^slash) & highs
			if hit == 0 {
				i += 8
				continue
			}
			if i += bits.TrailingZeros64(hit) / 8; b[i] == '"' {
				return i + 1
			}
			break
		}
		for i < len(b) && plain[b[i]] {
			i++
		}
		switch {
		case i >= len(b) || b[i] < 0x20:
			return -1
		case b[i] == '"':
			return i + 1
		}
		if i = escape(b, i+1); i < 0 {
			return -1
		}
	}
}

// escape passes what follows a backslash.
func escape(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		if i+4 >= len(b) {
			return -1
		}
		for _, c := range b[i+1 : i+5] {
			if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
				return -1
			}
		}
		return i + 5
	}
	return -1
}

func number(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b):
		return -1
	case b[i] == '0':
		i++
	default:
		if i = digits(b, i); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i] == '.' {
		if i = digits(b, i+1); i < 0 {
			return -1
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return digits(b, i)
	}
	return i
}

// digits passes one digit and more.
func digits(b []byte, i int) int {
	from := i
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	if i == from {
		return -1
	}
	return i
}

func object(b []byte, i, depth int, yield func(key, value []byte)) int {
	if depth > maxDepth {
		return -1
	}
	i = space(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return -1
		}
		key := i
		end := text(b, i)
		if end < 0 {
			return -1
		}
		if i = space(b, end); i >= len(b) || b[i] != ':' {
			return -1
		}
		i = space(b, i+1)
		from := i
		if i = value(b, i, depth); i < 0 {
			return -1
		}
		if yield != nil {
			yield(name(b[key:end]), b[from:i])
		}
		if i = space(b, i); i >= len(b) {
			return -1
		}
		switch b[i] {
		case '}':
			return i + 1
		case ',':
			i = space(b, i+1)
		default:
			return -1
		}
	}
}

// name is the text of a key without its quotes.
func name(quoted []byte) []byte {
	in := quoted[1 : len(quoted)-1]
	for _, c := range in {
		if !simple[c] {
			s, _ := String(quoted) // it was checked
			return []byte(s)
		}
	}
	return in
}

func array(b []byte, i, depth int, yield func(value []byte)) int {
	if depth > maxDepth {
		return -1
	}
	i = space(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		from := i
		if i = value(b, i, depth); i < 0 {
			return -1
		}
		if yield != nil {
			yield(b[from:i])
		}
		if i = space(b, i); i >= len(b) {
			return -1
		}
		switch b[i] {
		case ']':
			return i + 1
		case ',':
			i = space(b, i+1)
		default:
			return -1
		}
	}
}
