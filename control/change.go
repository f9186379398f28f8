package control

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"kmscope/kmsconn"
)

// Change is one thing that a person may want changed on a server. Make one with
// SetProperty.
type Change struct {
	op kmsconn.Op
	// read asks for what is there before, and again afterwards, for the model.
	read kmsconn.Op
	// want is what read answers once the change is made.
	want json.RawMessage
	// back gives the change that puts before back.
	back func(before json.RawMessage) Change
	// words writes the change out; before is nil when it is not known.
	words func(before json.RawMessage) string
}

// SetProperty is the change of a property of an object to a value, which must
// be one that JSON can say (KMD: a property with a getter and a setter). What
// it was before is put back when it is undone.
func SetProperty(object, property string, value any) Change {
	want, err := json.Marshal(value)
	if err != nil {
		want = nil // the call cannot be made either, and says so
	}
	name := strings.ToUpper(property[:min(1, len(property))]) + property[min(1, len(property)):]
	return Change{
		op:   kmsconn.Invoke(object, "set"+name, map[string]any{property: value}),
		read: kmsconn.Invoke(object, "get"+name, nil),
		want: want,
		back: func(before json.RawMessage) Change { return SetProperty(object, property, before) },
		words: func(before json.RawMessage) string {
			if before == nil {
				return property + ": " + brief(want)
			}
			return property + ": " + brief(before) + " → " + brief(want)
		},
	}
}

// key names what a change is about: a later one with the same key takes its
// place.
func (c Change) key() string { return c.op.Object + "\x00" + c.op.Operation }

// maxBrief bounds what is said of a value, in runes.
const maxBrief = 80

func brief(v json.RawMessage) string {
	s := string(v)
	if utf8.RuneCountInString(s) > maxBrief {
		s = string([]rune(s)[:maxBrief]) + "…"
	}
	return s
}

// same compares two JSON texts without their blanks.
func same(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}
