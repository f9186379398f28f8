package kmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// maxBytes bounds a description: the largest seen, with its prose, is 150 kB.
const maxBytes = 16 << 20

// Parse reads one module description. What getKmd returns is JSON; the files
// of the source tree have comments, raw newlines and stray backslashes in
// strings, and commas before closing brackets, which are taken as well. A field of an unexpected type is
// left out, the rest stays. The error is one sentence.
func Parse(data []byte) (*Module, error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("the module description is larger than %d MiB and is not read", maxBytes>>20)
	}
	clean := strict(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	var m Module
	if err := json.Unmarshal(clean, &m); err != nil {
		var wrongType *json.UnmarshalTypeError
		if !errors.As(err, &wrongType) || !json.Valid(clean) {
			return nil, fmt.Errorf("this is no module description: %w", err)
		}
		if wrongType.Field == "" {
			return nil, fmt.Errorf("this is no module description: it is a JSON %s, not an object", wrongType.Value)
		}
		m = lenient(clean)
	}
	if m.Name == "" && len(m.RemoteClasses)+len(m.ComplexTypes)+len(m.Events) == 0 {
		return nil, fmt.Errorf("this is no module description: it has no name, no classes, no types and no events")
	}
	return &m, nil
}

// lenient reads the parts one by one, so that a part that cannot be read costs
// only itself.
func lenient(data []byte) Module {
	var raw struct {
		Name           json.RawMessage   `json:"name"`
		Version        json.RawMessage   `json:"version"`
		KurentoVersion json.RawMessage   `json:"kurentoVersion"`
		RemoteClasses  []json.RawMessage `json:"remoteClasses"`
		ComplexTypes   []json.RawMessage `json:"complexTypes"`
		Events         []json.RawMessage `json:"events"`
	}
	_ = json.Unmarshal(data, &raw)
	var m Module
	_ = json.Unmarshal(raw.Name, &m.Name)
	_ = json.Unmarshal(raw.Version, &m.Version)
	_ = json.Unmarshal(raw.KurentoVersion, &m.KurentoVersion)
	m.RemoteClasses = each[Class](raw.RemoteClasses, func(c Class) bool { return c.Name != "" })
	m.ComplexTypes = each[ComplexType](raw.ComplexTypes, func(t ComplexType) bool { return t.Name != "" })
	m.Events = each[Event](raw.Events, func(e Event) bool { return e.Name != "" })
	return m
}

// each decodes what it can: Unmarshal fills the other fields of a value in
// which one has the wrong type.
func each[T any](raw []json.RawMessage, named func(T) bool) []T {
	var out []T
	for _, r := range raw {
		var v T
		_ = json.Unmarshal(r, &v)
		if named(v) {
			out = append(out, v)
		}
	}
	return out
}

// strict turns the dialect into JSON: comments become spaces, raw control
// characters in strings are escaped, commas before a closing bracket go.
func strict(in []byte) []byte {
	out := make([]byte, 0, len(in)+len(in)/16)
	comma := -1 // where in out the last comma is that only space follows
	for i := 0; i < len(in); i++ {
		c := in[i]
		switch {
		case c == '"':
			var text []byte
			text, i = stringAt(in, i)
			out = append(out, text...)
			comma = -1
		case c == '/' && i+1 < len(in) && in[i+1] == '/':
			for i < len(in) && in[i] != '\n' {
				i++
			}
			out = append(out, '\n')
		case c == '/' && i+1 < len(in) && in[i+1] == '*':
			end := bytes.Index(in[i+2:], []byte("*/"))
			if end < 0 {
				return out
			}
			i += end + 3
			out = append(out, ' ')
		case c == ',':
			comma = len(out)
			out = append(out, c)
		case c == ']' || c == '}':
			if comma >= 0 {
				out[comma] = ' '
				comma = -1
			}
			out = append(out, c)
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			out = append(out, c)
		default:
			out = append(out, c)
			comma = -1
		}
	}
	return out
}

// escapes are what may follow a backslash in a JSON string.
var escapes = []byte(`"\/bfnrtu`)

// stringAt copies the string that starts at i and gives the index of its end.
func stringAt(in []byte, i int) ([]byte, int) {
	out := []byte{'"'}
	for i++; i < len(in); i++ {
		switch c := in[i]; {
		case c == '"':
			return append(out, '"'), i
		case c == '\\' && i+1 < len(in) && bytes.IndexByte(escapes, in[i+1]) >= 0:
			out = append(out, c, in[i+1])
			i++
		case c == '\\': // before anything else it is part of the prose
			out = append(out, '\\', '\\')
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\r':
			out = append(out, '\\', 'r')
		case c == '\t':
			out = append(out, '\\', 't')
		case c < ' ':
			out = append(out, ' ')
		default:
			out = append(out, c)
		}
	}
	return out, i
}
