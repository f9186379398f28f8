package stats

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// TableFormat is how a Table is written.
type TableFormat uint8

// The formats of a Table.
const (
	// CSV is RFC 4180 with a header and lines that end in LF, one row per value
	// ("tidy"). A break is a row whose value is NaN.
	CSV TableFormat = iota + 1
	// JSONLines is one object per value, with the names of the CSV's columns. A
	// break has the value null.
	JSONLines
)

// Columns are the columns of a Table, in their order.
const Columns = "time_ms,server,element,name,stream,media,direction,metric,unit,value"

// Table writes values one per row. One goroutine owns it.
type Table struct {
	w      io.Writer
	format TableFormat
	buf    []byte

	// The columns that repeat from row to row, as they were last written.
	server, element, name string
	head                  []byte
}

// tableBuffer is how much is collected before it is written.
const tableBuffer = 64 << 10

// NewTable begins a table; for CSV with the header. Errors of the writer show
// with the first Write or Flush that has something to hand over.
func NewTable(w io.Writer, format TableFormat) *Table {
	t := &Table{w: w, format: format, buf: make([]byte, 0, tableBuffer+4096)}
	if format == CSV {
		t.buf = append(append(t.buf, Columns...), '\n')
	}
	return t
}

// Write adds a row. server is the server's URL ("" where a recording does not
// say), name that of the element ("" where it has none).
func (t *Table) Write(server, name string, v *Value) error {
	if t.head == nil || v.Element != t.element || server != t.server || name != t.name {
		t.server, t.element, t.name = server, v.Element, name
		if t.format == CSV {
			t.head = appendCell(append(t.head[:0], ','), server)
			t.head = appendCell(append(t.head, ','), v.Element)
			t.head = appendCell(append(t.head, ','), name)
			t.head = append(t.head, ',')
		} else {
			t.head = appendText(append(t.head[:0], `,"server":`...), server)
			t.head = appendText(append(t.head, `,"element":`...), v.Element)
			t.head = appendText(append(t.head, `,"name":`...), name)
		}
	}
	if t.format == CSV {
		t.csv(v)
	} else {
		t.json(v)
	}
	if len(t.buf) >= tableBuffer {
		return t.Flush()
	}
	return nil
}

func (t *Table) csv(v *Value) {
	b := strconv.AppendInt(t.buf, v.AtMs, 10)
	b = append(b, t.head...)
	b = appendCell(b, v.Stream)
	b = appendCell(append(b, ','), v.Media)
	b = append(append(b, ','), v.Dir...)
	b = append(append(b, ','), v.Metric...)
	b = append(append(b, ','), v.Unit...)
	b = append(b, ',')
	if v.Kind == State {
		b = appendCell(b, v.Text)
	} else {
		b = appendNumber(b, v.V)
	}
	t.buf = append(b, '\n')
}

func (t *Table) json(v *Value) {
	b := strconv.AppendInt(append(t.buf, `{"time_ms":`...), v.AtMs, 10)
	b = append(b, t.head...)
	b = appendText(append(b, `,"stream":`...), v.Stream)
	b = appendText(append(b, `,"media":`...), v.Media)
	b = appendText(append(b, `,"direction":`...), string(v.Dir))
	b = appendText(append(b, `,"metric":`...), v.Metric)
	b = appendText(append(b, `,"unit":`...), string(v.Unit))
	b = append(b, `,"value":`...)
	switch {
	case v.Kind == State:
		b = appendText(b, v.Text)
	case math.IsNaN(v.V) || math.IsInf(v.V, 0):
		b = append(b, "null"...)
	default:
		b = appendNumber(b, v.V)
	}
	t.buf = append(b, '}', '\n')
}

// Flush hands over what was collected. Call it at the end.
func (t *Table) Flush() error {
	_, err := t.w.Write(t.buf)
	t.buf = t.buf[:0]
	if err != nil {
		return fmt.Errorf("the values could not be written: %w", err)
	}
	return nil
}

// appendNumber writes a number so that reading it gives the same float64.
func appendNumber(b []byte, v float64) []byte {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return strconv.AppendInt(b, int64(v), 10)
	}
	if a := math.Abs(v); a >= 1e-6 && a < 1e21 || math.IsNaN(v) {
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// appendCell quotes where RFC 4180 asks for it.
func appendCell(b []byte, s string) []byte {
	if !strings.ContainsAny(s, ",\"\r\n") && !strings.HasPrefix(s, " ") {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}

// appendText appends a JSON string.
func appendText(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			q, err := json.Marshal(s)
			if err != nil { // a string always encodes
				return append(b, `""`...)
			}
			return append(b, q...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
