package capture

import (
	"regexp"
	"strings"
)

// What stands between blanks, quotes and brackets.
const wordEnds = " \t\r\n\"'<>\\|,;(){}[]"

// prose redacts what a person or a program wrote.
func (w *walk) prose(s string) string {
	if s == "" {
		return ""
	}
	return w.words(w.text(s))
}

// text redacts secrets that are known by what stands before them, anywhere in
// a string: SDP, ICE candidates, URIs, and JSON within it.
func (w *walk) text(s string) string {
	if strings.IndexByte(s, '@') >= 0 {
		s = userinfo(s)
	}
	if strings.Contains(s, "ice-") {
		s = w.after(s, "ice-pwd:", "\r\n\"\\")
		s = w.after(s, "ice-ufrag:", "\r\n\"\\")
	}
	if strings.Contains(s, "ufrag ") && strings.Contains(s, "candidate") {
		s = w.after(s, "ufrag ", "\r\n\"\\")
	}
	if strings.Contains(s, "inline:") {
		s = w.after(s, "inline:", " \t|\r\n\"\\")
	}
	if strings.Contains(s, "digraph") { // GStreamer prints the caps and properties of its elements
		s = w.after(s, "srtp-key: ", " \t\r\n\"\\")
		s = turnProperty.ReplaceAllString(s, "${1}"+redacted+"@")
	}
	if strings.Contains(s, "PRIVATE KEY-----") {
		s = privateKeys(s)
	}
	if w.depth < maxNesting && strings.IndexByte(s, '"') >= 0 && holdsKey(s) {
		w.depth++
		if out := w.tokens([]byte(s), false); out != nil {
			s = string(out)
		}
		w.depth--
	}
	return s
}

// turnProperty finds the credentials in the property turn-url as a graph of
// GStreamer elements shows it.
var turnProperty = regexp.MustCompile(`(turn-url[=: ]*[\\"]*)[^\s"\\]+@`)

// holdsKey tells whether text may be JSON with a key of secretKeys.
func holdsKey(s string) bool {
	for key := range secretKeys {
		if i := strings.Index(s, key); i >= 0 {
			return true
		}
	}
	return false
}

// after replaces what follows a prefix, up to one of ends.
func (w *walk) after(s, prefix, ends string) string {
	var out strings.Builder
	for {
		i := strings.Index(s, prefix)
		if i < 0 {
			break
		}
		i += len(prefix)
		n := strings.IndexAny(s[i:], ends)
		if n < 0 {
			n = len(s) - i
		}
		out.WriteString(s[:i])
		if prefix == "ufrag " {
			out.WriteString(w.candidateUfrag(s[i : i+n]))
		} else {
			out.WriteString(w.pseudonym(s[i : i+n]))
		}
		s = s[i+n:]
	}
	if out.Len() == 0 {
		return s
	}
	out.WriteString(s)
	return out.String()
}

// candidateUfrag redacts the ufrag of a candidate, after which pairs of a name
// and a value may follow (RFC 8839, 5.1). A ufrag with a blank in it, which is
// a fault that captures must show, makes their number odd.
func (w *walk) candidateUfrag(s string) string {
	fields := strings.Split(s, " ")
	n := 1
	if len(fields)%2 == 0 {
		n = 2
	}
	ufrag := strings.Join(fields[:n], " ")
	return w.pseudonym(ufrag) + s[len(ufrag):]
}

// userinfo takes user and password off every URI in a text.
func userinfo(s string) string {
	var out strings.Builder
	for {
		i := strings.Index(s, "://")
		if i < 0 {
			break
		}
		i += len("://")
		n := strings.IndexAny(s[i:], " \t\r\n\"'<>\\")
		if n < 0 {
			n = len(s) - i
		}
		out.WriteString(s[:i])
		out.WriteString(authority(s[i : i+n]))
		s = s[i+n:]
	}
	out.WriteString(s)
	s = out.String()
	// turn:user:password@host, and Kurento's user:password@host:port.
	if colon := strings.IndexByte(s, ':'); colon >= 0 && !strings.ContainsAny(s, " \t\r\n\"<>") && !strings.Contains(s, "://") {
		if at := strings.LastIndexByte(s, '@'); at > colon && !strings.Contains(s[:colon], "@") {
			return (*walk)(nil).turn(s)
		}
	}
	return s
}

// authority takes the userinfo off what follows "://".
func authority(s string) string {
	host := s
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		host = s[:i]
	}
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		return redacted + s[at:]
	}
	// A password with a slash in it looks like a port that is no number.
	_, port, ok := strings.Cut(host, ":")
	at := strings.LastIndexByte(s, '@')
	if ok && at >= 0 && !strings.HasPrefix(host, "[") && strings.Trim(port, "0123456789") != "" {
		return redacted + s[at:]
	}
	return s
}

// words redacts, in text that was written for people, whatever looks like
// user:password@host or is the id of a session.
func (w *walk) words(s string) string {
	if len(s) < minWideID && strings.IndexByte(s, '@') < 0 {
		return s
	}
	var out strings.Builder
	for len(s) > 0 {
		n := strings.IndexAny(s, wordEnds)
		if n == 0 {
			out.WriteByte(s[0])
			s = s[1:]
			continue
		}
		if n < 0 {
			n = len(s)
		}
		out.WriteString(w.word(s[:n]))
		s = s[n:]
	}
	return out.String()
}

func (w *walk) word(s string) string {
	bare := strings.TrimRight(s, ".:!?")
	if isWide(bare) {
		if name, ok := w.r.known(bare); ok {
			return name + s[len(bare):]
		}
		return s
	}
	if strings.IndexByte(s, '@') > 0 {
		return userinfo(s)
	}
	return s
}

// keyLength gives how much of a text is the key at its start. GStreamer
// shortens the properties that its graphs show: what follows the ellipsis is no
// key but the rest of the graph, up to the end of some other block.
func keyLength(s, end string) int {
	run := strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("+/= \r\n\t\\", r))
	})
	if run < 0 {
		return len(s)
	}
	if n := strings.Index(s, end); n >= 0 && strings.IndexByte(s[:n], '"') < 0 {
		return n // also with the headers of an encrypted key
	}
	return run
}

// privateKeys takes out what stands in PEM blocks.
func privateKeys(s string) string {
	const begin, mark, end = "-----BEGIN ", "PRIVATE KEY-----", "-----END "
	var out strings.Builder
	for {
		i := strings.Index(s, begin)
		if i < 0 {
			break
		}
		i += len(begin)
		j := strings.Index(s[i:], mark)
		if j < 0 || j > 20 { // a certificate, or another block
			out.WriteString(s[:i])
			s = s[i:]
			continue
		}
		i += j + len(mark)
		n := keyLength(s[i:], end)
		out.WriteString(s[:i])
		out.WriteString(redacted)
		s = s[i+n:]
	}
	out.WriteString(s)
	return out.String()
}
