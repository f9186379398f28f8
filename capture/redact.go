package capture

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
)

// Secrets are replaced by pseudonyms: equal secrets by equal ones, so that a
// capture still shows who belongs together, whether two ICE passwords differ,
// and whether a ufrag got damaged on its way. What counts as a secret, and
// what takes its place, is listed in docs/capture-format.md.
//
// A message is not parsed into values: a scanner walks over its string tokens,
// knowing of each whether it is a key, the value of which key, or an element
// of an array, and replaces tokens. Everything between them keeps its bytes,
// so the order of keys, numbers and what nobody foresaw stay as they were. An
// event costs a walk from quote to quote and no memory. Rejected: decoding
// into maps (forty times the cost, and another text), and searching for
// patterns in the whole text (which does not know where a string ends).

const (
	redacted   = "redacted"
	ownPrefix  = "kmscope-" // how the session ids of this program begin
	idsPerHalf = 32 << 10
	maxPending = 4096
	maxNesting = 4 // JSON within strings of JSON
	uuidLength = 36
	minWideID  = 16
)

// secretKeys are the keys whose string value is a secret as a whole.
var secretKeys = map[string]func(*walk, string) string{
	"sessionId":        (*walk).session,
	"turnUrl":          (*walk).turn,
	"keyBase64":        (*walk).pseudonym,
	"usernameFragment": (*walk).pseudonym,
	"icePwd":           (*walk).pseudonym,
	"iceUfrag":         (*walk).pseudonym,
	"password":         func(*walk, string) string { return redacted },
	"credential":       func(*walk, string) string { return redacted },
}

// isSecretKey tells the keys of secretKeys; a switch takes a fifth of the time.
func isSecretKey(key []byte) bool {
	switch string(key) {
	case "sessionId", "turnUrl", "keyBase64", "usernameFragment", "icePwd", "iceUfrag", "password", "credential":
		return true
	}
	return false
}

// What the reply to a request will hold.
type expectation uint8

const (
	expectSessions expectation = 1 << iota // getSessions
	expectTurn                             // getTurnUrl
)

// Redactor replaces the secrets in the records of one capture. All methods may
// be called from any goroutine.
type Redactor struct {
	salt [32]byte

	mu     sync.Mutex
	names  int
	recent map[string]string // session ids and their pseudonyms
	older  map[string]string // those that recent had before it was full
	// pending are the requests whose reply holds a secret that only the request
	// tells, by connection and id.
	pending map[string]expectation
}

// NewRedactor makes a Redactor. Its pseudonyms differ from those of any other.
func NewRedactor() *Redactor {
	r := &Redactor{recent: map[string]string{}, pending: map[string]expectation{}}
	// crypto/rand does not fail: it ends the program rather than be predictable.
	_, _ = rand.Read(r.salt[:])
	return r
}

// Redact gives the record without its secrets. The message of the given record
// is not changed; without a secret it is shared. A message that is not JSON and
// holds one becomes {"_raw": ...}.
func (r *Redactor) Redact(rec Record) Record {
	w := walk{r: r}
	switch rec.Dir {
	case DirSend:
		r.expect(&rec)
	case DirRecv:
		w.reply = r.expected(&rec)
		if w.reply != 0 {
			w.collect(rec.Frame)
		}
	case DirClose:
		r.forget(rec.Conn)
	}
	if len(rec.Frame) > 0 {
		rec.Frame = w.message(&rec)
	}
	rec.Server = w.prose(rec.Server)
	rec.Reason = w.prose(rec.Reason)
	rec.Error = w.prose(rec.Error)
	rec.Note = w.prose(rec.Note)
	return rec
}

// envelope is what pairs a reply with its request.
type envelope struct {
	ID     json.RawMessage `json:"id"`
	Result struct {
		Value json.RawMessage `json:"value"`
	} `json:"result"`
}

func pendingKey(conn string, id json.RawMessage) string {
	// The server takes "7" for 7.
	return conn + "\x00" + strings.Trim(string(id), `"`)
}

var (
	getSessions = []byte(`getSessions`)
	getTurnURL  = []byte(`getTurnUrl`)
)

// expect notes that the reply to a request will hold secrets.
func (r *Redactor) expect(rec *Record) {
	var what expectation
	if bytes.Contains(rec.Frame, getSessions) {
		what |= expectSessions
	}
	if bytes.Contains(rec.Frame, getTurnURL) {
		what |= expectTurn
	}
	if what == 0 {
		return
	}
	var e envelope
	if json.Unmarshal(rec.Frame, &e) != nil && len(e.ID) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pending) < maxPending {
		r.pending[pendingKey(rec.Conn, e.ID)] = what
	}
}

// expected tells what a reply holds.
func (r *Redactor) expected(rec *Record) expectation {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.waits(rec.Conn) {
		return 0
	}
	if bytes.Contains(rec.Frame, []byte(`"onEvent"`)) {
		return 0
	}
	var e struct {
		ID json.RawMessage `json:"id"`
	}
	if json.Unmarshal(rec.Frame, &e) != nil || len(e.ID) == 0 {
		return 0
	}
	key := pendingKey(rec.Conn, e.ID)
	what := r.pending[key]
	delete(r.pending, key)
	return what
}

// waits tells whether a reply may be one of those. The few that wait are mostly of
// another connection, and the replies of a sampler are large.
func (r *Redactor) waits(conn string) bool {
	const few = 16
	if len(r.pending) > few {
		return true
	}
	for key := range r.pending {
		if len(key) > len(conn) && key[len(conn)] == 0 && key[:len(conn)] == conn {
			return true
		}
	}
	return false
}

// forget lets go of the requests of a connection that ended.
func (r *Redactor) forget(conn string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key := range r.pending {
		if strings.HasPrefix(key, conn+"\x00") {
			delete(r.pending, key)
		}
	}
}

// session gives the pseudonym of a session id, a new one at its first sight.
func (r *Redactor) session(id string) string {
	if id == "" || isPseudonym(id) {
		return id
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if name, ok := r.lookup(id); ok {
		return name
	}
	r.names++
	name := "session-" + strconv.Itoa(r.names)
	if strings.HasPrefix(id, ownPrefix) {
		name = ownPrefix + name
	}
	r.remember(id, name)
	return name
}

// known gives the pseudonym of a session id that was seen before.
func (r *Redactor) known(id string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lookup(id)
}

// knows is known for who only asks.
func (r *Redactor) knows(id []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.recent[string(id)]; ok {
		return true
	}
	_, ok := r.older[string(id)]
	return ok
}

func (r *Redactor) lookup(id string) (string, bool) {
	if name, ok := r.recent[id]; ok {
		return name, true
	}
	name, ok := r.older[id]
	if ok {
		r.remember(id, name)
	}
	return name, ok
}

// remember bounds the memory: ids that were not seen for long are forgotten,
// and would get a new pseudonym.
func (r *Redactor) remember(id, name string) {
	if len(r.recent) >= idsPerHalf {
		r.older, r.recent = r.recent, map[string]string{}
	}
	r.recent[strings.Clone(id)] = name
}

// isPseudonym tells what this file made, so that redacting twice changes
// nothing.
func isPseudonym(id string) bool {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(id, ownPrefix), "session-")
	return ok && rest != "" && len(rest) < 12 && strings.Trim(rest, "0123456789") == ""
}

// isWide tells ids that cannot be anything else, and so are replaced wherever
// they stand. Sessions take any id that a client gives: one that is called
// "onEvent" must not change every event.
func isWide[T string | []byte](id T) bool {
	own := 0
	for own < len(ownPrefix) && own < len(id) && id[own] == ownPrefix[own] {
		own++
	}
	if own == len(ownPrefix) {
		return true
	}
	if len(id) < minWideID {
		return false
	}
	digit := false
	for i := 0; i < len(id); i++ {
		switch c := id[i]; {
		case c >= '0' && c <= '9':
			digit = true
		case c == '-', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		default:
			return false
		}
	}
	return digit
}

// isUUID tells a bare UUID: ids of objects have a type after it.
func isUUID(s string) bool {
	if len(s) != uuidLength {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return true
}

// pseudonym gives a word of the same length. Blanks and signs stay where they
// are, and a plus counts as a blank: when a plus became a blank on its way,
// only that differs.
func (r *Redactor) pseudonym(secret string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	mac := hmac.New(sha256.New, r.salt[:])
	mac.Write([]byte(strings.ReplaceAll(secret, "+", " ")))
	sum := mac.Sum(nil)
	out := []byte(secret)
	for i, c := range out {
		if c < '0' || c > '9' && c < 'A' || c > 'Z' && c < 'a' || c > 'z' && c < 0x80 {
			continue
		}
		if i > 0 && i%len(sum) == 0 {
			mac.Reset()
			mac.Write(sum)
			sum = mac.Sum(nil)
		}
		out[i] = letters[int(sum[i%len(sum)])%len(letters)]
	}
	return string(out)
}
