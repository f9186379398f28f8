package capture

import (
	"bytes"
	"encoding/json"
	"strings"

	"kmscope/rawjson"
)

// walk is the redaction of one record.
type walk struct {
	r      *Redactor
	reply  expectation
	listed map[string]bool // session ids that a getSessions reply lists
	frame  []byte          // the message
	recv   bool
	depth  int
	// own is the token of the session that was replaced last, and what took its place:
	// each answer of a transaction names the same one.
	own, ownNow []byte
}

// sdes tells whether "key" is a key of kurento.SDES in this message. Few messages
// have such a member, so nobody looks before there is one.
func (w *walk) sdes(key []byte) bool {
	return string(key) == "key" && (bytes.Contains(w.frame, []byte("crypto")) || bytes.Contains(w.frame, []byte("SDES")))
}

func (w *walk) session(id string) string       { return w.r.session(id) }
func (w *walk) pseudonym(secret string) string { return w.r.pseudonym(secret) }

// turn takes the credentials off user:password@address:port.
func (w *walk) turn(url string) string {
	i := strings.LastIndexByte(url, '@')
	if i < 0 {
		return url
	}
	scheme := ""
	for _, s := range []string{"turn:", "turns:", "stun:", "stuns:"} {
		if strings.HasPrefix(url, s) {
			scheme = s
		}
	}
	return scheme + redacted + url[i:]
}

// collect learns the session ids of a getSessions reply.
func (w *walk) collect(frame []byte) {
	if w.reply&expectSessions == 0 {
		return
	}
	w.listed = map[string]bool{}
	var e envelope
	if json.Unmarshal(frame, &e) != nil {
		return
	}
	values := []json.RawMessage{e.Result.Value}
	var replies []envelope // of a transaction
	if json.Unmarshal(e.Result.Value, &replies) == nil {
		for _, reply := range replies {
			values = append(values, reply.Result.Value)
		}
	}
	for _, v := range values {
		var ids []string
		if json.Unmarshal(v, &ids) != nil {
			continue
		}
		for _, id := range ids {
			// In a transaction other lists are of objects.
			if id != "" && (len(values) == 1 || !strings.Contains(id, "_")) {
				w.listed[id] = true
			}
		}
	}
}

// message redacts the message of a record.
func (w *walk) message(r *Record) []byte {
	frame := []byte(r.Frame)
	w.recv, w.frame = r.Dir == DirRecv, frame
	out := w.tokens(frame, true)
	if out == nil {
		return frame
	}
	if !r.whole && !rawjson.Valid(frame) {
		return appendRaw(nil, out)
	}
	return out
}

// tokens walks over the string tokens of JSON, or of text that resembles it,
// and gives the text with its secrets replaced; nil when there are none. In
// strict JSON a token that is left open is no token.
func (w *walk) tokens(text []byte, strict bool) []byte {
	var out []byte
	nest := make([]byte, 0, 32) // the containers around, '{' or '['
	var key []byte              // the key whose value comes next
	copied := 0                 // text before it is in out
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '{', '[':
			nest, key = append(nest, c), nil
		case '}', ']':
			if len(nest) > 0 {
				nest = nest[:len(nest)-1]
			}
			key = nil
		case ',':
			key = nil
		case '"':
			end, closed := stringEnd(text, i)
			if !closed && strict {
				return ended(out, text, copied)
			}
			if closed && isKey(text, end) {
				key = text[i+1 : end-1]
				i = end - 1
				continue
			}
			element := len(nest) > 0 && nest[len(nest)-1] == '['
			if now, ok := w.token(text[i:end], closed, key, element); ok {
				if out == nil {
					out = make([]byte, 0, len(text)+spareText)
				}
				out = append(append(out, text[copied:i]...), now...)
				copied = end
			}
			i = end - 1
		}
	}
	return ended(out, text, copied)
}

// spareText is how much longer pseudonyms mostly make a text.
const spareText = 64

// ended ends a text that was changed up to copied; nil when it was not.
func ended(out, text []byte, copied int) []byte {
	if copied == 0 {
		return nil
	}
	return append(out, text[copied:]...)
}

// stringEnd finds the end of the string token at i, behind its quote.
func stringEnd(text []byte, i int) (int, bool) {
	for from := i + 1; from < len(text); {
		q := bytes.IndexByte(text[from:], '"')
		if q < 0 {
			break
		}
		q += from
		slashes := 0
		for p := q - 1; p > i && text[p] == '\\'; p-- {
			slashes++
		}
		if slashes%2 == 0 {
			return q + 1, true
		}
		from = q + 1
	}
	return len(text), false
}

func isKey(text []byte, end int) bool {
	for ; end < len(text); end++ {
		switch text[end] {
		case ' ', '\t', '\r', '\n':
		default:
			return text[end] == ':'
		}
	}
	return false
}

// token redacts one string token, quotes included.
func (w *walk) token(tok []byte, closed bool, key []byte, element bool) ([]byte, bool) {
	body := tok[1:]
	if closed {
		body = tok[1 : len(tok)-1]
	}
	if len(body) == 0 {
		return nil, false
	}
	isSession := closed && string(key) == "sessionId"
	if isSession && len(w.own) > 0 && bytes.Equal(tok, w.own) {
		return w.ownNow, true
	}
	var text string
	if bytes.IndexByte(body, '\\') < 0 {
		if !w.suspect(body, key, element) {
			return nil, false
		}
		text = string(body)
	} else if text = string(body); closed {
		text = unquoted(tok, text)
	}
	now := w.value(text, string(key), element)
	if now == text {
		return nil, false
	}
	out := rawjson.AppendString(nil, now)
	if !closed {
		out = out[:len(out)-1]
	}
	if isSession {
		w.own, w.ownNow = tok, out
	}
	return out, true
}

// unquoted reads a string token; one that is wrong gives otherwise. It stands
// apart because what json.Unmarshal writes to is always allocated.
func unquoted(tok []byte, otherwise string) string {
	var text string
	if json.Unmarshal(tok, &text) != nil {
		return otherwise
	}
	return text
}

// What a byte means to suspect.
const (
	inWide  = 1 << iota // may stand in an id that isWide knows
	isDigit             // one of those that it must have
	isMark              // every secret that text finds has one of these
)

// classOf tells of each byte what it means.
var classOf = func() (t [256]uint8) {
	for c := '0'; c <= '9'; c++ {
		t[c] = inWide | isDigit
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = inWide, inWide
	}
	t['-'] = inWide
	t['@'], t[':'], t[' '] = isMark, isMark, isMark
	return t
}()

// suspect is the quick test of a value without escapes: false when value would
// leave it as it is. Nearly all strings of a message end here.
func (w *walk) suspect(body, key []byte, element bool) bool {
	if element || w.reply != 0 || isSecretKey(key) || w.sdes(key) {
		return true
	}
	switch string(key) {
	case "message", "description", "_raw":
		return true
	}
	some, all := uint8(0), uint8(inWide)
	for _, c := range body {
		class := classOf[c]
		some |= class
		all &= class
	}
	if some&isMark != 0 {
		return w.marked(body)
	}
	if all&inWide != 0 && some&isDigit != 0 && len(body) >= minWideID || len(body) >= len(ownPrefix) && string(body[:len(ownPrefix)]) == ownPrefix {
		return w.r.knows(body)
	}
	return false
}

// marked is suspect for a value with a blank, a colon or an at sign.
func (w *walk) marked(body []byte) bool {
	if len(body) < len(ownPrefix) {
		return bytes.IndexByte(body, '@') >= 0
	}
	return isWide(body) || bytes.IndexByte(body, '@') >= 0 || bytes.Contains(body, []byte("ice-")) ||
		bytes.Contains(body, []byte("ufrag ")) || bytes.Contains(body, []byte("inline:")) ||
		bytes.Contains(body, []byte("PRIVATE KEY")) || bytes.Contains(body, []byte("digraph"))
}

// isDescription tells a session description from a TURN URL in the reply to a
// transaction that asked for both: a description names user@host as well.
func isDescription(text string) bool {
	return strings.HasPrefix(text, "v=0\r\n") || strings.HasPrefix(text, "v=0\n")
}

// value redacts the text of a string.
func (w *walk) value(text, key string, element bool) string {
	if f := secretKeys[key]; f != nil {
		return f(w, text)
	}
	switch {
	case w.sdes([]byte(key)):
		return w.pseudonym(text)
	case key == "value" && w.reply&expectTurn != 0 && !isDescription(text):
		return w.turn(text)
	case element && (w.listed[text] || w.recv && isUUID(text)):
		return w.session(text)
	}
	if len(text) < 3 {
		return text
	}
	if isWide(text) {
		if name, ok := w.r.known(text); ok {
			return name
		}
		return text
	}
	now := w.text(text)
	switch key {
	case "message", "description", "_raw":
		now = w.words(now)
	}
	return now
}
