package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"kmscope/capture"
	"kmscope/wire"
)

// printRecords prints every record, one line each: with --json as it stands in
// the file, otherwise for people.
func printRecords(args []string, out io.Writer) (err error) {
	file, asJSON, err := oneFile("print", args)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, 64<<10)
	defer func() { err = errors.Join(err, w.Flush()) }()
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return eachRecord(file, func(r capture.Record) error { return enc.Encode(r) })
	}
	var d wire.Decoder
	return eachRecord(file, func(r capture.Record) error {
		arrow := map[string]string{capture.DirSend: "->", capture.DirRecv: "<-"}[r.Dir]
		if arrow == "" {
			arrow = "--"
		}
		_, err := fmt.Fprintf(w, "%12.3f %-10s %s %s\n", r.TimeMs, printable(r.Conn), arrow, line(r, d.Feed(r)))
		return err
	})
}

// maxValue bounds the values in a line: --json has them whole.
const maxValue = 160

func short(raw []byte) string {
	s := printable(string(raw))
	if r := []rune(s); len(r) > maxValue {
		return string(r[:maxValue]) + "…"
	}
	return s
}

// printable keeps what a server sends from driving the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '·'
		}
		return r
	}, s)
}

// line says a record in words; of a transaction the operations follow.
func line(r capture.Record, facts []wire.Fact) string {
	var parts []string
	for _, f := range facts {
		parts = append(parts, printable(words(r, f)))
	}
	return strings.Join(parts, "\n                             ")
}

func words(r capture.Record, f wire.Fact) string {
	what := f.Method
	if f.Operation != "" {
		what = f.Operation
	}
	switch f.Kind {
	case wire.KindRequest:
		return strings.TrimSpace(fmt.Sprintf("%s %s %s", what, f.Object, short(f.Params)))
	case wire.KindCall:
		if f.Err != nil {
			return fmt.Sprintf("%s %s refused: %s (%d %s)", what, f.Object, f.Err.Message, f.Err.Code, f.Err.Type)
		}
		return fmt.Sprintf("%s %s = %s (%.1f ms)", what, f.Object, short(f.Result), float64(f.Took.Microseconds())/1000)
	case wire.KindEvent:
		return fmt.Sprintf("event %s of %s %s", f.Type, f.Object, short(f.Data))
	case wire.KindOpen:
		return "opened " + f.Text
	case wire.KindClose:
		return fmt.Sprintf("closed by %s, code %d %s", orUnknown(r.By), f.Code, f.Text)
	case wire.KindError:
		return "failed: " + f.Text
	case wire.KindGap:
		return fmt.Sprintf("GAP: %d records are missing: %s", f.Dropped, f.Text)
	case wire.KindNote:
		return "note: " + f.Text
	}
	return "undecoded: " + f.Text + ": " + short(f.Raw)
}
