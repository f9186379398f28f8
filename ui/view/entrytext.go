package view

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/timeline"
)

// ObjectName is what the table calls an object; the connection and commands
// have none.
func ObjectName(snap *inventory.Snapshot, id string) string {
	if id == "" {
		return "–"
	}
	if id == inventory.ManagerID {
		return "server"
	}
	if o := snap.Object(id); o != nil {
		return o.Label()
	}
	return strings.TrimSpace(inventory.TypeOf(id) + " " + ShortOf(id))
}

// EntryLevel judges an entry of the timeline as StateLevel judges the state that it
// tells of: media that stopped is trouble, though the server says it as calmly as
// anything else.
func EntryLevel(e *timeline.Entry) Level {
	switch {
	case e.Severity == timeline.Error, e.Severity == timeline.Warning && strings.HasPrefix(e.Type, "MediaFlow"):
		return Trouble
	case e.Severity == timeline.Warning:
		return Attention
	}
	return Unknown
}

// ShortOf is the first four characters of the own part of an id.
func ShortOf(id string) string {
	own := id[strings.LastIndexByte(id, '/')+1:]
	return own[:min(len(own), 4)]
}

// PrettyJSON writes a value as indented JSON for people; "" when it has none.
func PrettyJSON(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return ""
	}
	return strings.TrimRight(b.String(), "\n")
}

// FileName suggests a name without anything that a file system refuses.
func FileName(title string, at time.Time, ending string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		}
		return '_'
	}, strings.ReplaceAll(title, " · ", "-"))
	if len(clean) > 80 {
		clean = clean[:80]
	}
	return strings.TrimLeft(clean, ".-") + "-" + at.Format("20060102-150405") + "." + ending
}

// EntryChunk is how many entries are copied out of the log at a time.
const EntryChunk = 4096
