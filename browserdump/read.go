package browserdump

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// The bounds of a Dump. A browser keeps 1000 samples a series; an hour of a
// conference of fifty gives some 100 MiB.
const (
	maxBytes       = 256 << 20
	maxConnections = 1000
	maxEntries     = 20000 // of one connection
	maxSeries      = 50000 // of one connection
	maxSamples     = 10000 // of one series
	maxValueBytes  = 256 << 10
)

// Dump is what one browser wrote of its peer connections. Nobody changes it
// once it was read: any goroutine may.
type Dump struct {
	// Browser names the browser and its version: "Chromium 156.0.8078.79"; ""
	// when the dump does not say.
	Browser string
	// UserAgent is what the browser calls itself; "" when the dump does not say.
	UserAgent string
	// Connections are the peer connections in the order in which they were made.
	Connections []*PeerConnection
	// From and To are the first and the last time in it, by the browser's clock.
	From, To time.Time
	// Notes say in sentences what could not be read.
	Notes []string
}

// ErrNotDump is what Read gives for a file that is no dump of webrtc-internals.
var ErrNotDump = errors.New("this is no dump of chrome://webrtc-internals: there, open \"Create a WebRTC-Internals dump\" and download it while the call is on")

// Read reads a dump in either of the two forms that Chrome offers, plain or
// compressed with gzip, told apart by the content. At most 256 MiB of JSON are read. The error is one sentence for the
// user.
func Read(in io.Reader) (*Dump, error) { return read(in, maxBytes) }

func read(in io.Reader, most int64) (*Dump, error) {
	b := bufio.NewReader(in)
	head, err := b.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the dump cannot be read: %w", err)
	}
	var plain io.Reader = b
	if len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("the dump cannot be decompressed: %w", err)
		}
		plain = z
	}
	text, err := io.ReadAll(io.LimitReader(plain, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the dump is damaged or incomplete, download it again: %w", err)
	case int64(len(text)) > most:
		return nil, fmt.Errorf("the dump has more than %d MiB: make it earlier in the call", most>>20)
	}
	return parse(text)
}

func parse(text []byte) (*Dump, error) {
	text = bytes.TrimPrefix(bytes.TrimSpace(text), []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(text, []byte(RTCStatsMagic)) {
		return rtcstats(text)
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(text, &top); err != nil {
		if len(text) > 0 && text[0] == '{' {
			return nil, errors.New("the dump is damaged or incomplete, download it again")
		}
		return nil, ErrNotDump
	}
	raw, ok := top["PeerConnections"]
	if !ok {
		return nil, ErrNotDump
	}
	var conns map[string]json.RawMessage
	if json.Unmarshal(raw, &conns) != nil {
		return nil, ErrNotDump
	}
	d := &Dump{UserAgent: clip(word(top["UserAgent"]), 512)}
	d.Browser = browser(top["UserAgentData"], d.UserAgent)
	ids := make([]string, 0, len(conns))
	for id := range conns {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	if len(ids) > maxConnections {
		d.note("%d peer connections are more than %d; the rest is left out", len(ids), maxConnections)
		ids = ids[:maxConnections]
	}
	for _, id := range ids {
		p, err := d.connection(id, conns[id])
		if err != nil {
			d.note("peer connection %s cannot be read", id)
			continue
		}
		d.Connections = append(d.Connections, p)
	}
	made, _ := momentOf(top["timestamp"]) // older dumps do not say when they were made
	for _, p := range d.Connections {
		if !made.at.IsZero() && !made.local && made.at.Sub(p.To) < 24*time.Hour {
			p.span(made.at)
		}
	}
	d.finish()
	return d, nil
}

// finish orders the connections and takes the first and the last time of all.
func (d *Dump) finish() {
	slices.SortStableFunc(d.Connections, func(a, b *PeerConnection) int { return a.From.Compare(b.From) })
	for _, p := range d.Connections {
		if d.From.IsZero() || !p.From.IsZero() && p.From.Before(d.From) {
			d.From = p.From
		}
		if p.To.After(d.To) {
			d.To = p.To
		}
	}
}

func (d *Dump) note(format string, args ...any) {
	if len(d.Notes) < 64 {
		d.Notes = append(d.Notes, clip(fmt.Sprintf(format, args...), 512))
	}
}

type brand struct {
	Brand   string `json:"brand"`
	Version string `json:"version"`
}

// browser takes the brand that is not made up: browsers add one that says
// "Not A Brand", with signs that change, so that nobody relies on the list.
func browser(raw json.RawMessage, userAgent string) string {
	var data struct {
		Brands []brand `json:"brands"`
		Full   []brand `json:"fullVersionList"`
	}
	if json.Unmarshal(raw, &data) != nil {
		_ = json.Unmarshal(raw, &data.Brands) // older ones wrote the list alone
	}
	best := ""
	for _, list := range [][]brand{data.Full, data.Brands} {
		for _, b := range list {
			letters := strings.Map(func(r rune) rune {
				if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
					return r
				}
				return -1
			}, b.Brand)
			if strings.HasPrefix(letters, "NotA") || strings.HasSuffix(letters, "NotABrand") || letters == "NotBrand" || b.Brand == "" {
				continue
			}
			name := clip(strings.TrimSpace(b.Brand+" "+b.Version), 100)
			if best == "" || b.Brand != "Chromium" && strings.HasPrefix(best, "Chromium ") {
				best = name
			}
		}
		if best != "" {
			return best
		}
	}
	for _, product := range []string{"Edg/", "OPR/", "HeadlessChrome/", "Chrome/"} {
		if _, rest, ok := strings.Cut(userAgent, product); ok {
			version, _, _ := strings.Cut(rest, " ")
			return clip(strings.TrimSuffix(product, "/")+" "+version, 100)
		}
	}
	return ""
}

// word gives a JSON string, or any other value as it is written.
func word(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if s := string(bytes.TrimSpace(raw)); s != "null" {
		return s
	}
	return ""
}

// clip cuts a text to so many bytes, between two characters.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
