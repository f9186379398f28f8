package timelinepage

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"kmscope/ui/page"
	"kmscope/ui/view"
)

// nameOf gives what people call an object of a server.
type nameOf func(server view.Session, id string) string

func objectName(server view.Session, id string) string { return view.ObjectName(server.Snapshot(), id) }

// tsv writes entries as a table for other programs: a head, then one line each.
// Tabs and line breaks in texts become spaces.
func tsv(entries []event, clock view.Clock) string {
	clean := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	var b strings.Builder
	b.WriteString("time\tserver\telement\ttype\twhat changed\tseverity\tid\n")
	for i := range entries {
		e := &entries[i]
		for _, s := range []string{clock.Format(e.At), e.source(), objectName(e.server, e.Object), e.Type, e.Text, e.Severity.String()} {
			b.WriteString(clean.Replace(s))
			b.WriteByte('\t')
		}
		b.WriteString(clean.Replace(e.Object))
		b.WriteByte('\n')
	}
	return b.String()
}

// eventJSON is an entry as it is copied.
type eventJSON struct {
	Time     time.Time `json:"time"` // local clock
	Arrived  time.Time `json:"arrived"`
	Server   string    `json:"server"`
	Object   string    `json:"object,omitempty"`
	Name     string    `json:"name,omitempty"`
	Type     string    `json:"type"`
	Text     string    `json:"text"`
	Severity string    `json:"severity"`
	Late     bool      `json:"late,omitempty"`
	Raw      any       `json:"raw,omitempty"`
}

// asJSON writes entries as a JSON array, secrets masked.
func asJSON(entries []event) string {
	out := make([]eventJSON, 0, len(entries))
	for i := range entries {
		out = append(out, eventJSONOf(&entries[i], objectName))
	}
	return view.PrettyJSON(out)
}

// masked decodes a frame with every secret replaced; text that is no JSON stays
// text.
func masked(raw json.RawMessage) any {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return view.Mask("", string(raw))
	}
	return maskAll("", v)
}

func maskAll(key string, v any) any {
	switch v := v.(type) {
	case string:
		return view.Mask(key, v)
	case []any:
		for i := range v {
			v[i] = maskAll(key, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = maskAll(k, v[k])
		}
	}
	return v
}

// maxRawRunes bounds the pane below the table.
const maxRawRunes = 20_000

// rawText is what the pane shows of an entry.
func rawText(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "No message belongs to this row: it was written by the tool, or the message is kept in the capture only."
	}
	s := view.PrettyJSON(masked(raw))
	if r := []rune(s); len(r) > maxRawRunes {
		s = string(r[:maxRawRunes]) + "\n… " + view.Thousands(len(r)-maxRawRunes) + " more characters: copy the row to have all."
	}
	return s
}

// eventJSONOf is an entry as it is copied and exported, secrets masked.
func eventJSONOf(e *event, name nameOf) eventJSON {
	j := eventJSON{Time: e.At, Arrived: e.Arrived, Server: e.source(), Object: e.Object, Type: e.Type, Text: e.Text, Severity: e.Severity.String(), Late: e.Late}
	if e.Object != "" {
		j.Name = name(e.server, e.Object)
	}
	if raw := e.log.Raw(e.Seq); len(raw) > 0 {
		j.Raw = masked(raw)
	}
	return j
}

// writer writes one entry of an export.
type writer func(*event) error

// csvWriter writes a table with a head, the times in UTC (RFC 3339).
func csvWriter(out io.Writer, name nameOf) (writer, func() error) {
	w := csv.NewWriter(out)
	head := []string{"time", "server", "element", "id", "type", "severity", "what changed", "late", "arrived"}
	err := w.Write(head)
	write := func(e *event) error {
		late := ""
		if e.Late {
			late = "late"
		}
		return errors.Join(err, w.Write([]string{e.At.UTC().Format(time.RFC3339Nano), cell(e.source()), cell(name(e.server, e.Object)), cell(e.Object), cell(e.Type), e.Severity.String(),
			cell(e.Text), late, e.Arrived.UTC().Format(time.RFC3339Nano)}))
	}
	return write, func() error { w.Flush(); return w.Error() }
}

// cell keeps a spreadsheet from taking what a server sends for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// linesWriter writes one JSON object a line, messages included, secrets masked.
func linesWriter(out io.Writer, name nameOf) (writer, func() error) {
	b := bufio.NewWriterSize(out, 64<<10)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	return func(e *event) error { return enc.Encode(eventJSONOf(e, name)) }, b.Flush
}

var _ page.Saver = (*Page)(nil)

// SetSaver implements page.Saver.
func (p *Page) SetSaver(save func(title, name string, write func(io.Writer) error)) {
	p.saveFile = save
}

// export asks for a name and has the rows shown written.
func (p *Page) export(ending string) {
	if p.saveFile == nil || p.view == nil || p.rows.len() == 0 {
		return
	}
	rows, of := p.rows, "all servers"
	if !rows.servers() {
		of = rows.origins[0].session.Name()
	}
	name := view.FileName("events "+of, time.Now(), strings.TrimPrefix(ending, "."))
	p.saveFile("Save "+view.Plural(rows.len(), "event"), name, func(out io.Writer) error { return writeRows(out, rows, ending) })
}

// writeRows writes all rows; what the log has no more is left out.
func writeRows(out io.Writer, rows *eventList, ending string) error {
	type object struct {
		server view.Session
		id     string
	}
	known := map[object]string{}
	named := func(server view.Session, id string) string {
		s, ok := known[object{server, id}]
		if !ok {
			s = objectName(server, id)
			known[object{server, id}] = s
		}
		return s
	}
	write, flush := csvWriter(out, named)
	if ending == ".jsonl" {
		write, flush = linesWriter(out, named)
	}
	for i := range rows.rows {
		if e, ok := rows.entry(i); ok {
			if err := write(&e); err != nil {
				return err
			}
		}
	}
	return flush()
}
