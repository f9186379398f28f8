package gst

import (
	"strconv"
	"strings"
	"time"
)

// Inside counts what is in a bin, at any depth, without the bins themselves.
func (d *Dump) Inside(bin int) int {
	n := 0
	for _, c := range d.Elements[bin].Children {
		if d.Elements[c].Bin() {
			n += d.Inside(c)
		} else {
			n++
		}
	}
	return n
}

// Subtitle is the type and the state of an element: "Queue · PLAYING".
func (e *Element) Subtitle() string {
	s := e.ShortType()
	if e.State != StateUnknown {
		s += " · " + e.State.String()
		if e.Pending != StateUnknown {
			s += " → " + e.Pending.String()
		}
	}
	if e.Locked {
		s += " (locked)"
	}
	return s
}

// Summary is what a box has room for of the properties: what a queue holds,
// which caps a filter lets through, where a source reads; "" is nothing.
func (e *Element) Summary() string {
	if e.Queues() {
		if s := e.level(); s != "" {
			return s
		}
	}
	for _, name := range [...]string{"caps", "uri", "location", "filter", "bitrate", "target-bitrate", "latency", "connection-state"} {
		if v := e.Param(name); v != "" {
			return name + "=" + strings.Trim(v, `"`)
		}
	}
	return ""
}

// level says what a queue holds: "holds 12 buffers, 240 ms".
func (e *Element) level() string {
	var out []string
	if n, err := strconv.ParseUint(e.Param("current-level-buffers"), 10, 64); err == nil && n > 0 {
		out = append(out, strconv.FormatUint(n, 10)+" buffers")
	}
	if n, err := strconv.ParseInt(e.Param("current-level-time"), 10, 64); err == nil && n > 0 {
		out = append(out, time.Duration(n).Round(time.Millisecond).String())
	}
	if len(out) > 0 {
		return "holds " + strings.Join(out, ", ")
	}
	if v := e.Param("latency"); v != "" {
		return "latency " + v + " ms"
	}
	if v := e.Param("leaky"); v != "" {
		return "leaky: " + v
	}
	return ""
}

// Label is what is written on a link: the format in short, or that none was
// agreed on yet.
func (l *Link) Label() string {
	if l.Negotiated() == Open {
		return "no format yet"
	}
	return short(l.Caps.Brief(), 30)
}
