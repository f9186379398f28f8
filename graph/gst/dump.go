// Package gst understands the graphs that GStreamer writes of its pipelines
// (gst_debug_bin_to_dot_data, which is what Kurento's getGstreamerDot gives):
// the elements and bins with their states and properties, their pads, and the
// links between these with their caps. It searches in dumps, compares two of
// them and places them for drawing. It knows no toolkit.
package gst

import (
	"strings"
)

// State is the state of an element (GstState).
type State uint8

// The states, in the order in which an element goes through them.
const (
	StateUnknown State = iota // the dump has no states: SHOW_MEDIA_TYPE and the like
	VoidPending
	Null
	Ready
	Paused
	Playing
)

// String gives the state as GStreamer's documentation writes it; "" is unknown.
func (s State) String() string {
	return [...]string{"", "VOID_PENDING", "NULL", "READY", "PAUSED", "PLAYING"}[min(s, Playing)]
}

// Role says what an element does to a stream, by its pads.
type Role uint8

// The roles.
const (
	OtherRole Role = iota
	Source         // only gives
	Sink           // only takes
	Through        // takes and gives
)

// Param is a property of an element or a pad that differs from its default.
// Values end in an ellipsis where GStreamer shortened them.
type Param struct{ Name, Value string }

// Element is one GStreamer element or bin. The indexes are those of the Dump.
type Element struct {
	// Path is the names from the outermost bin inwards, joined by "/": the same
	// element has the same path in every dump of the same bin.
	Path string
	// Type is the name of its class, for example GstQueue.
	Type string
	Name string
	// State is what it is in, and Pending where it is going; StateUnknown is
	// nowhere.
	State, Pending State
	// Locked: the element does not follow the state of its bin.
	Locked bool
	Role   Role
	Params []Param
	// Parent is the bin around it; -1 for the first element, the bin that was
	// dumped.
	Parent   int
	Children []int
	Pads     []int
}

// Bin tells whether there are elements inside.
func (e *Element) Bin() bool { return len(e.Children) > 0 || e.Parent < 0 }

// Param gives the value of a property; "" where the dump has none.
func (e *Element) Param(name string) string {
	for _, p := range e.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// ShortType is the type without the prefix that nearly all have: "Queue".
func (e *Element) ShortType() string {
	for _, prefix := range [...]string{"Gst", "Kms"} {
		if s := strings.TrimPrefix(e.Type, prefix); s != e.Type && s != "" {
			return s
		}
	}
	return e.Type
}

// Queues tells whether the element holds media back for a while: queues of all
// sorts and the jitter buffer.
func (e *Element) Queues() bool {
	return strings.Contains(e.Type, "Queue") || strings.Contains(e.Type, "JitterBuffer")
}

// Mode is how a pad moves data (GstPadMode).
type Mode uint8

// The modes.
const (
	ModeUnknown Mode = iota
	ModeNone         // not active
	Push
	Pull
)

// String gives the mode as a word; "" is unknown.
func (m Mode) String() string { return [...]string{"", "not active", "push", "pull"}[min(m, Pull)] }

// Presence is when a pad is there (GstPadPresence).
type Presence uint8

// The presences.
const (
	Always Presence = iota
	Sometimes
	Request
)

// String gives the presence as a word.
func (p Presence) String() string {
	return [...]string{"always", "sometimes", "on request"}[min(p, Request)]
}

// Task is the thread of a pad.
type Task uint8

// The states of a pad's thread.
const (
	NoTask Task = iota
	TaskStarted
	TaskPaused
)

// Pad is one pad. A ghost pad and the proxy pad behind it are one: it is on
// the border of its bin, and has links on both sides of it.
type Pad struct {
	Element int
	Name    string
	// Gives: a source pad, as opposed to a sink pad.
	Gives    bool
	Ghost    bool
	Presence Presence
	Mode     Mode
	// Blocked: a probe holds the data back. Blocking: it does so right now.
	Blocked, Flushing, Blocking, EOS bool
	// Known: the dump tells of the four flags.
	Known  bool
	Task   Task
	Params []Param
}

// Stops tells whether nothing passes the pad: a probe blocks it, it is being
// flushed, or the stream has ended.
func (p *Pad) Stops() bool { return p.Blocked || p.Blocking || p.Flushing || p.EOS }

// Link is what leads from a source pad to a sink pad. The ends are indexes of
// Pads.
type Link struct {
	From, To int
	// Caps is what the link carries: what was negotiated, or else what its
	// source pad could give. SinkCaps is what the sink pad could take where that
	// is something else.
	Caps, SinkCaps Caps
}

// Negotiated tells whether both ends agreed on one format: Fixed, Open, or
// CapsUnknown where the dump does not say.
func (l *Link) Negotiated() Fixation {
	if len(l.SinkCaps.Structures) > 0 || l.SinkCaps.Any {
		return Open
	}
	return l.Caps.Fixation()
}

// Dump is one dump. Element 0 is what was dumped; an element comes before all
// that is in it. It is not changed after Parse.
type Dump struct {
	Elements []Element
	Pads     []Pad
	Links    []Link
	// Notes say in sentences what of the text is missing here.
	Notes []string
}

// PadPath names a pad: the same in every dump of the same bin.
func (d *Dump) PadPath(pad int) string {
	p := &d.Pads[pad]
	return d.Elements[p.Element].Path + ":" + p.Name
}

// Counts sums up a dump.
type Counts struct {
	Elements, Bins, Links int
	// ByState counts elements that are no bins.
	ByState [Playing + 1]int
	// NotNegotiated counts links, Queues elements.
	NotNegotiated, Queues int
}

// Counts sums up a dump, without the dumped bin itself.
func (d *Dump) Counts() Counts {
	c := Counts{Links: len(d.Links)}
	for i := range d.Elements {
		e := &d.Elements[i]
		switch {
		case i == 0:
			continue
		case e.Bin():
			c.Bins++
			continue
		}
		c.Elements++
		c.ByState[e.State]++
		if e.Queues() {
			c.Queues++
		}
	}
	for i := range d.Links {
		if d.Links[i].Negotiated() == Open {
			c.NotNegotiated++
		}
	}
	return c
}
