// Package serverlog reads the log of a Kurento Media Server and puts it on the
// axis of a capture: lines, streaming and bounded however long the file is, the
// objects that they name, and the offset between their clock and that of the
// server's events.
package serverlog

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Level is how important a line is, numbered as in GST_DEBUG: smaller is worse.
type Level uint8

// The levels of GStreamer. Plain is a line that names none.
const (
	Plain   Level = 0
	Error   Level = 1
	Warning Level = 2
	Fixme   Level = 3
	Info    Level = 4
	Debug   Level = 5
	Log     Level = 6
	Trace   Level = 7
	Memdump Level = 9
)

// String gives the level as GStreamer writes it; "" for Plain.
func (l Level) String() string {
	switch l {
	case Error:
		return "ERROR"
	case Warning:
		return "WARNING"
	case Fixme:
		return "FIXME"
	case Info:
		return "INFO"
	case Debug:
		return "DEBUG"
	case Log:
		return "LOG"
	case Trace:
		return "TRACE"
	case Memdump:
		return "MEMDUMP"
	}
	return ""
}

func levelOf(word string) (Level, bool) {
	switch strings.ToUpper(word) {
	case "ERROR":
		return Error, true
	case "WARN", "WARNING":
		return Warning, true
	case "FIXME":
		return Fixme, true
	case "INFO":
		return Info, true
	case "DEBUG":
		return Debug, true
	case "LOG":
		return Log, true
	case "TRACE":
		return Trace, true
	case "MEMDUMP":
		return Memdump, true
	}
	return Plain, false
}

// Line is one message of a log with the lines that continue it.
type Line struct {
	// Number of its first line in the file, from 1.
	Number int64
	// Clock is the line's own time: since the start of the server's process
	// where the log counts so (GStreamer's format), since 1970 where it is dated.
	// A date without a zone is taken as UTC; the offset of an Alignment makes up
	// for the zone.
	Clock time.Duration
	// Timed is false for what stands before the first line with a time.
	Timed bool
	// Dated tells that Clock counts since 1970.
	Dated bool
	PID   int
	// Thread is the thread or GThread as written: "0x55cb46b09e00".
	Thread string
	Level  Level
	// Component is the debug category: "KurentoWebRtcEndpointImpl".
	Component string
	// Source is file and line: "main.cpp:240".
	Source   string
	Function string
	// Element is the GStreamer object: "kmswebrtcendpoint0"; "" when none.
	Element string
	// Text is the message. A message of several lines has them all.
	Text string
	// Objects are the ids of Kurento objects in the text, each once, at most 16.
	Objects []string
	// Cut tells that the text was longer than what is kept.
	Cut bool
}

// At gives the server's time of the line, with the offset of an Alignment, or
// one that a person chose.
func (l *Line) At(offset time.Duration) time.Time {
	return time.Unix(0, 0).Add(l.Clock + offset)
}

// parse reads the beginning of a message; false for a line that continues
// another or says nothing. Three formats exist: that of GStreamer on standard
// error, the dated one of log files (with a T or a blank in the date), and JSON
// (GST_DEBUG_STRUCTURED=JSON_CEE).
func parse(s string) (Line, bool) {
	if strings.IndexByte(s, 0x1b) >= 0 {
		s = withoutColours(s)
	}
	if strings.HasPrefix(s, `{"time":"`) {
		return parseJSON(s)
	}
	if l, ok := parseText(s); ok {
		return l, true
	}
	// What a container's or a system's log puts before it.
	for _, sep := range []string{"| ", "]: "} {
		if i := strings.Index(s[:min(len(s), 96)], sep); i >= 0 {
			if l, ok := parseText(strings.TrimLeft(s[i+len(sep):], " ")); ok {
				return l, true
			}
		}
	}
	return Line{}, false
}

func parseText(s string) (Line, bool) {
	if len(s) < 24 || s[0] < '0' || s[0] > '9' {
		return Line{}, false
	}
	var l Line
	var rest string
	var ok bool
	if s[4] == '-' && s[7] == '-' {
		rest, ok = l.dated(s)
	} else {
		rest, ok = l.counted(s)
	}
	if !ok {
		return Line{}, false
	}
	word, rest := cutWord(rest)
	if l.PID, ok = atoi(word); !ok {
		return Line{}, false
	}
	word, rest = cutWord(rest)
	word = strings.Trim(word, "[]")
	if !strings.HasPrefix(word, "0x") && word != "(nil)" {
		return Line{}, false
	}
	l.Thread = word
	word, rest = cutWord(rest)
	if l.Level, ok = levelOf(word); !ok {
		return Line{}, false
	}
	l.Component, rest = cutWord(rest)
	if l.Component == "" {
		return Line{}, false
	}
	l.Timed = true
	if l.Dated {
		l.Source, rest = cutWord(rest)
		if i := strings.Index(rest, "()"); i >= 0 {
			l.Function, rest = rest[:i], rest[i+2:]
		}
		l.Text = strings.TrimLeft(rest, " ")
	} else {
		l.Text = l.place(rest)
	}
	l.element()
	return l, true
}

// place takes "file.c:12:function:" from the beginning of the rest.
func (l *Line) place(rest string) string {
	file, after, ok := strings.Cut(rest, ":")
	if !ok || strings.ContainsAny(file, " <") {
		return rest
	}
	line, after, ok := strings.Cut(after, ":")
	if _, number := atoi(line); !ok || !number {
		return rest
	}
	l.Source = file + ":" + line
	function, text, ok := strings.Cut(after, ":")
	if !ok || strings.ContainsAny(function, " ") {
		return after
	}
	// The names of C++ hold colons: operator(), Class::method.
	for strings.HasPrefix(text, ":") {
		more, rest, ok := strings.Cut(text[1:], ":")
		if !ok || strings.ContainsAny(more, " ") {
			break
		}
		function, text = function+"::"+more, rest
	}
	l.Function = function
	return strings.TrimPrefix(text, " ")
}

// element takes "<kmswebrtcendpoint0> " from the beginning of the text.
func (l *Line) element() {
	if !strings.HasPrefix(l.Text, "<") {
		return
	}
	if i := strings.IndexByte(l.Text, '>'); i > 0 && i < 256 {
		l.Element, l.Text = l.Text[1:i], strings.TrimLeft(l.Text[i+1:], " ")
	}
}

// counted reads "0:00:05.123456789": the time since the process started.
func (l *Line) counted(s string) (rest string, ok bool) {
	word, rest := cutWord(s)
	hours, tail, ok := strings.Cut(word, ":")
	h, okH := atoi(hours)
	if !ok || !okH || len(tail) < 7 || tail[2] != ':' || tail[5] != '.' {
		return "", false
	}
	m, okM := atoi(tail[:2])
	sec, okS := atoi(tail[3:5])
	nanos, okN := fraction(tail[6:])
	if !okM || !okS || !okN || h > 10_000_000/4 || m > 59 || sec > 60 {
		return "", false
	}
	l.Clock = time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec)*time.Second + nanos
	return rest, true
}

// dated reads "2017-12-31T23:59:59,493295" or the same with a blank.
func (l *Line) dated(s string) (rest string, ok bool) {
	const form = "2006-01-02 15:04:05"
	if len(s) <= len(form)+1 || s[10] != 'T' && s[10] != ' ' {
		return "", false
	}
	day, err := time.Parse(form, s[:10]+" "+s[11:len(form)])
	if err != nil || day.Year() < 1970 || day.Year() > 2200 {
		return "", false
	}
	word, rest := cutWord(s[len(form):])
	var nanos time.Duration
	if word = strings.TrimSuffix(word, "Z"); word != "" {
		if word[0] != ',' && word[0] != '.' {
			return "", false
		}
		if nanos, ok = fraction(word[1:]); !ok {
			return "", false
		}
	}
	l.Clock, l.Dated = time.Duration(day.Unix())*time.Second+nanos, true
	return rest, true
}

// fraction reads the digits after the point of a second.
func fraction(digits string) (time.Duration, bool) {
	n, ok := atoi(digits)
	if !ok || len(digits) > 9 {
		return 0, false
	}
	for i := len(digits); i < 9; i++ {
		n *= 10
	}
	return time.Duration(n), true
}

// atoi reads digits and nothing else.
func atoi(s string) (int, bool) {
	if s == "" || len(s) > 18 || strings.TrimLeft(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// cutWord takes the first word; what follows begins without blanks.
func cutWord(s string) (word, rest string) {
	s = strings.TrimLeft(s, " \t")
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], " \t")
}

// withoutColours takes out the escape sequences of a terminal.
func withoutColours(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i+2:]
		end := strings.IndexFunc(s, func(r rune) bool { return r != ';' && (r < '0' || r > '9') })
		if end < 0 {
			return b.String()
		}
		s = s[end+1:]
	}
}

func parseJSON(s string) (Line, bool) {
	var j struct {
		Time     string `json:"time"`
		PID      string `json:"proc!id"`
		Thread   int64  `json:"proc!tid"`
		Level    int    `json:"gstreamer!level"`
		Subsys   string `json:"subsys"`
		File     string `json:"file!name"`
		Line     int    `json:"file!line"`
		Function string `json:"native!function"`
		Object   string `json:"native!object"`
		Message  string `json:"msg"`
	}
	if json.Unmarshal([]byte(s), &j) != nil {
		return Line{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, j.Time)
	if err != nil || at.Year() < 1970 || at.Year() > 2200 {
		return Line{}, false
	}
	l := Line{Clock: time.Duration(at.UnixNano()), Timed: true, Dated: true, Component: j.Subsys, Function: j.Function,
		Thread: "0x" + strconv.FormatInt(j.Thread, 16), Element: strings.Trim(j.Object, "<> "), Text: j.Message}
	if j.Level > 0 && j.Level <= int(Memdump) {
		l.Level = Level(j.Level)
	}
	l.PID, _ = strconv.Atoi(j.PID) // 0 where it is none
	if j.File != "" {
		l.Source = j.File + ":" + strconv.Itoa(j.Line)
	}
	return l, true
}

const maxObjects = 16

// objects finds the ids of Kurento objects: a UUID, an underscore, module and
// type, and the same again after a slash for each generation.
func objects(text string) []string {
	var out []string
	for from := 0; len(out) < maxObjects; {
		i := strings.IndexByte(text[from:], '_')
		if i < 0 {
			return out
		}
		i += from
		from = i + 1
		if i < 36 || !isUUID(text[i-36:i]) {
			continue
		}
		end := typeEnd(text, i+1)
		if end < 0 {
			continue
		}
		for end+37 < len(text) && text[end] == '/' && isUUID(text[end+1:end+37]) && text[end+37] == '_' {
			next := typeEnd(text, end+38)
			if next < 0 {
				break
			}
			end = next
		}
		from = end
		id := text[i-36 : end]
		known := false
		for _, o := range out {
			known = known || o == id
		}
		if !known {
			out = append(out, id)
		}
	}
	return out
}

func isUUID(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

// typeEnd gives the end of "kurento.WebRtcEndpoint" that begins at i, or -1.
func typeEnd(s string, i int) int {
	dot := -1
	j := i
	for ; j < len(s); j++ {
		c := s[j]
		if c == '.' && dot < 0 && j > i {
			dot = j
			continue
		}
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			break
		}
	}
	if dot < 0 || j == dot+1 {
		return -1
	}
	return j
}
