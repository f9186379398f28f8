package browserdump

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// The "rtcstats dump" is the other form that chrome://webrtc-internals offers: a
// line "RTCStatsDump", a line that names the format, then one JSON array a line,
// [name, connection, value, ..., time], in order. The first time is milliseconds
// since 1970, each other one is counted from the line before. Unlike the other form
// it keeps the connections that are closed, and every sample of the statistics.

// RTCStatsMagic is how an rtcstats dump begins.
const RTCStatsMagic = "RTCStatsDump"

const rtcstatsFormat = 3 // that of Chromium 156; no other is known here

// maxLineBytes is a hundred times what the statistics of fifty connections take.
const maxLineBytes = 16 << 20

// rtcstatsLine is one line.
type rtcstatsLine struct {
	name, conn string
	value      json.RawMessage
	more       []json.RawMessage // between the value and the time
	at         time.Time
}

// rtcstats reads the other form.
func rtcstats(text []byte) (*Dump, error) {
	_, rest, _ := bytes.Cut(text, []byte("\n"))
	first, rest, more := bytes.Cut(rest, []byte("\n"))
	var head struct {
		Format int `json:"fileFormat"`
	}
	if !more || json.Unmarshal(first, &head) != nil {
		return nil, errors.New("the rtcstats dump is damaged or incomplete, download it again")
	}
	if head.Format != rtcstatsFormat {
		return nil, errors.New(`this "rtcstats dump" has a format that is not known: download the "webrtc-internals dump" that stands beside it`)
	}
	r := rtcstatsReader{dump: &Dump{}, conns: make(map[string]*rtcstatsConn)}
	bad := 0
	for line := range bytes.SplitSeq(rest, []byte("\n")) { // a list of them would take more than the text
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if len(line) > maxLineBytes || !r.line(line) {
			bad++
		}
	}
	if bad > 0 {
		r.dump.note("%d lines cannot be read; the times of what follows them may be off", bad)
	}
	if r.many {
		r.dump.note("there are more than %d peer connections; the rest is left out", maxConnections)
	}
	for _, c := range r.order {
		r.dump.Connections = append(r.dump.Connections, c.finish(r.dump))
	}
	r.dump.finish()
	return r.dump, nil
}

type rtcstatsReader struct {
	dump  *Dump
	ms    float64 // time of the last line
	conns map[string]*rtcstatsConn
	order []*rtcstatsConn
	many  bool
}

// rtcstatsConn is a connection while it is read.
type rtcstatsConn struct {
	p       *PeerConnection
	series  map[[2]string]*rawSeries // by object and metric
	keys    [][2]string
	dropped bool // too many entries or series
}

func (r *rtcstatsReader) line(text []byte) bool {
	var fields []json.RawMessage
	var l rtcstatsLine
	if json.Unmarshal(text, &fields) != nil || len(fields) < 4 || json.Unmarshal(fields[0], &l.name) != nil || l.name == "" {
		return false
	}
	var ms float64
	if json.Unmarshal(fields[len(fields)-1], &ms) != nil {
		return false
	}
	if t, ok := milliseconds(ms); ok {
		r.ms, l.at = ms, t
	} else {
		r.ms += ms
		l.at, _ = milliseconds(r.ms)
	}
	l.value, l.more = fields[2], fields[3:len(fields)-1]
	_ = json.Unmarshal(fields[1], &l.conn) // null is the browser itself
	switch {
	case l.conn == "":
		if l.name == "create" {
			var about struct {
				UserAgent string          `json:"userAgent"`
				Data      json.RawMessage `json:"userAgentData"`
			}
			_ = json.Unmarshal(l.value, &about) // without it the browser has no name
			r.dump.UserAgent = clip(about.UserAgent, 512)
			r.dump.Browser = browser(about.Data, r.dump.UserAgent)
		}
		return true
	case strings.HasPrefix(l.name, "navigator."):
		return true // what the page asked of camera and microphone
	}
	c := r.conns[l.conn]
	if c == nil {
		if len(r.conns) >= maxConnections {
			r.many = true
			return true
		}
		c = &rtcstatsConn{p: &PeerConnection{ID: clip(l.conn, 100)}, series: make(map[[2]string]*rawSeries)}
		r.conns[l.conn] = c
		r.order = append(r.order, c)
	}
	c.p.span(l.at)
	switch l.name {
	case "create":
		if len(l.more) > 0 {
			c.p.URL = clip(word(l.more[0]), 2048)
		}
		c.entry(&l)
	case "getStats":
		return c.stats(&l)
	case "remove": // the browser forgets it: nothing of the connection itself
	default:
		c.entry(&l)
	}
	return true
}

func (c *rtcstatsConn) entry(l *rtcstatsLine) {
	if len(c.p.Entries) >= maxEntries {
		c.dropped = true
		return
	}
	e := entry(clip(l.name, 200), word(l.value))
	e.At = l.at
	c.p.Entries = append(c.p.Entries, e)
}

// stats takes one answer of getStats: the objects by their ids.
func (c *rtcstatsConn) stats(l *rtcstatsLine) bool {
	var all map[string]map[string]json.RawMessage
	if json.Unmarshal(l.value, &all) != nil {
		return false
	}
	for id, members := range all {
		at := l.at
		if m, ok := momentOf(members["timestamp"]); ok && !m.local {
			at = m.at
		}
		kind := clip(word(members["type"]), 100)
		for metric, value := range members {
			switch metric {
			case "timestamp", "id", "type":
				continue
			}
			k := [2]string{id, metric}
			s := c.series[k]
			if s == nil {
				if len(c.series) >= maxSeries || len(id)+len(metric) > 1024 {
					c.dropped = true
					continue
				}
				s = &rawSeries{stat: id, metric: metric, kind: kind}
				c.series[k] = s
				c.keys = append(c.keys, k)
			}
			if n := len(s.clocked); n > 0 && !at.After(s.clocked[n-1]) {
				continue // the same sample again
			}
			if len(s.values) >= maxSamples {
				c.dropped = true
				continue
			}
			s.values, s.clocked = append(s.values, value), append(s.clocked, at)
		}
	}
	return true
}

// finish gives the connection, its series in the order of the other form.
func (c *rtcstatsConn) finish(d *Dump) *PeerConnection {
	slices.SortFunc(c.keys, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, k := range c.keys {
		r := c.series[k]
		r.start, r.end = r.clocked[0], r.clocked[len(r.clocked)-1]
		s := Series{Stat: r.stat, Kind: r.kind, Metric: r.metric, Unit: unitOf(r.metric)}
		s.fill(r, r.clocked)
		c.p.Series = append(c.p.Series, s)
		c.p.span(r.start)
		c.p.span(r.end)
	}
	if c.dropped {
		d.note("peer connection %s has more entries, series or samples than are kept; the rest is left out", c.p.ID)
	}
	for i := range c.p.Entries {
		c.p.learn(&c.p.Entries[i])
	}
	c.p.known()
	return c.p
}
