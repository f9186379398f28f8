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

// printRecords prints every record, one line each: with --json as a record of
// the format, otherwise for people.
func printRecords(args []string, out, errs io.Writer) (err error) {
	file, asJSON, err := fileAndJSON("print", args)
	if errors.Is(err, errHelp) {
		return help(out)
	}
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, 64<<10)
	defer func() { err = errors.Join(err, w.Flush()) }()
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return eachRecord(file, errs, func(r capture.Record) error { return enc.Encode(r) })
	}
	var d wire.Decoder
	return eachRecord(file, errs, func(r capture.Record) error {
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

// maxOperations bounds what is said of one transaction: --json has it whole.
const maxOperations = 4

// line says a record in words, in one line; the operations of a transaction
// follow it.
func line(r capture.Record, facts []wire.Fact) string {
	var parts []string
	for i, f := range facts {
		if i > maxOperations {
			parts = append(parts, fmt.Sprintf("and %d more", len(facts)-i))
			break
		}
		parts = append(parts, printable(words(r, f)))
	}
	switch {
	case r.Dir == capture.DirUndecoded:
		return "undecoded: " + printable(r.Note) + ": " + short(r.Frame)
	case len(facts) == 0:
		return short(r.Frame)
	}
	return strings.Join(parts, "; ")
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
		if f.Dropped == 0 {
			return "GAP: records are missing: " + f.Text
		}
		return fmt.Sprintf("GAP: %d records are missing: %s", f.Dropped, f.Text)
	case wire.KindNote:
		return "note: " + f.Text
	case wire.KindControl:
		return "control: " + f.Text
	}
	return "undecoded: " + f.Text + ": " + short(f.Raw)
}
