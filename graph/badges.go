package graph

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"kmscope/inventory"
)

// How long ICE, and DTLS after it, may stay CONNECTING before it is a warning and
// an error. Chosen by us: a check takes well under a second, a relay two or three,
// and so does a handshake on a bad line.
const (
	connectingWarning = 10 * time.Second
	connectingError   = 30 * time.Second
)

// badges sums up the lanes of an object, what matters most first.
func badges(o *inventory.Object, now time.Time) []Badge {
	var out []Badge
	if o.Errors > 0 {
		b := Badge{Lane: "errors", Value: strconv.Itoa(o.Errors), Text: "1 error", Health: HealthError, Since: o.LastErrorAt}
		if o.Errors > 1 {
			b.Text = strconv.Itoa(o.Errors) + " errors"
		}
		if strings.Contains(o.LastError, "sctpenc") {
			b.Health = HealthUnknown // every hang-up of a peer with data channels ends so
		}
		out = append(out, b)
	}
	if b, ok := iceBadge(o, now); ok {
		out = append(out, b)
	}
	if b, ok := dtlsBadge(o, now); ok {
		out = append(out, b)
	}
	out = append(out, laneBadge(o, inventory.LaneConnection, "connection", connectionHealth)...)
	out = append(out, laneBadge(o, inventory.LaneMedia, "media", connectionHealth)...)
	out = append(out, flowBadges(o)...)
	for _, m := range medias(o, "transcoding/") {
		if s := o.Transcoding(m); s.Known() {
			b := Badge{Lane: "transcoding", Media: m, Value: s.Value, Since: s.Since, Text: mediaWord(m) + " " + human(s.Value), Health: HealthUnknown}
			out = append(out, b)
		}
	}
	name := "player"
	if KindOf(o.Type) == Recorder {
		name = "recorder"
	}
	if s := o.State(inventory.LaneRecorder); s.Known() {
		out = append(out, Badge{Lane: "recorder", Value: s.Value, Text: human(s.Value), Since: s.Since, Health: HealthUnknown})
	} else {
		out = append(out, laneBadge(o, inventory.LaneURI, name, func(string, inventory.Source) Health { return HealthUnknown })...)
	}
	return out
}

// iceOrder is from bad to good.
var iceOrder = []string{"FAILED", "DISCONNECTED", "GATHERING", "CONNECTING", "CONNECTED", "READY"}

// iceBadge gives the worst component. Component 2 (RTCP) stays GATHERING for
// ever with rtcp-mux: it counts only while component 1 of its stream is not up,
// or where it is the only one.
func iceBadge(o *inventory.Object, now time.Time) (Badge, bool) {
	worst, found := Badge{}, false
	rank := len(iceOrder)
	for lane, s := range o.States {
		rest, ok := strings.CutPrefix(string(lane), "ice/")
		if !ok || !s.Known() {
			continue
		}
		stream, component, _ := strings.Cut(rest, "/")
		if component != "1" {
			if _, rtp := o.States[inventory.Lane("ice/"+stream+"/1")]; rtp && s.Value != "FAILED" {
				continue
			}
		}
		r := slices.Index(iceOrder, s.Value)
		if r < 0 {
			r = 2 // a word that we do not know: neither good nor bad
		}
		if found && (r > rank || r == rank && !s.Since.Before(worst.Since)) {
			continue
		}
		rank, found = r, true
		worst = Badge{Lane: "ICE", Value: s.Value, Text: "ICE " + human(s.Value), Since: s.Since}
		switch age := now.Sub(s.Since); s.Value {
		case "FAILED":
			worst.Health = HealthError
		case "DISCONNECTED":
			worst.Health = HealthWarning
			if s.Source == inventory.FromRead {
				worst.Health = HealthUnknown // the value before anything began
			}
		case "CONNECTING":
			worst.Health = tryingHealth(age)
		case "CONNECTED", "READY":
			worst.Health = HealthOK
		}
	}
	return worst, found
}

// dtlsOrder is from bad to good.
var dtlsOrder = []string{"FAILED", "CLOSED", "NEW", "CONNECTING", "CONNECTED"}

func dtlsHealth(v string, age time.Duration) Health {
	switch v {
	case "FAILED":
		return HealthError
	case "CLOSED":
		return HealthWarning
	case "CONNECTING":
		return tryingHealth(age)
	case "CONNECTED":
		return HealthOK
	}
	return HealthUnknown
}

// tryingHealth judges how long something tries to connect.
func tryingHealth(age time.Duration) Health {
	switch {
	case age > connectingError:
		return HealthError
	case age > connectingWarning:
		return HealthWarning
	}
	return HealthUnknown
}

// dtlsBadge gives the worst of the two directions of all streams.
func dtlsBadge(o *inventory.Object, now time.Time) (Badge, bool) {
	worst, rank := Badge{}, len(dtlsOrder)+1
	for lane, s := range o.States {
		if !strings.HasPrefix(string(lane), "dtls/") || !s.Known() {
			continue
		}
		r := slices.Index(dtlsOrder, s.Value)
		if r < 0 {
			r = len(dtlsOrder)
		}
		if r < rank || r == rank && s.Since.Before(worst.Since) {
			rank = r
			worst = Badge{Lane: "DTLS", Value: s.Value, Text: "DTLS " + human(s.Value), Since: s.Since, Health: dtlsHealth(s.Value, now.Sub(s.Since))}
		}
	}
	return worst, worst.Value != ""
}

// healthOf sums up a node: as bad as the worst badge. What is still connecting, or
// says no word that we know, is not well because something flows.
func healthOf(states []Badge) Health {
	worst, settled := HealthUnknown, true
	for _, b := range states {
		worst = max(worst, b.Health)
		if (b.Lane == "ICE" || b.Lane == "DTLS") && b.Health < HealthOK {
			settled = false
		}
	}
	if worst == HealthOK && !settled {
		return HealthUnknown
	}
	return worst
}

// connectionHealth: DISCONNECTED is what every endpoint starts with; only an
// event tells that something was lost.
func connectionHealth(v string, from inventory.Source) Health {
	switch {
	case v == "CONNECTED":
		return HealthOK
	case v == "DISCONNECTED" && from == inventory.FromEvent:
		return HealthWarning
	}
	return HealthUnknown
}

func laneBadge(o *inventory.Object, lane inventory.Lane, name string, health func(string, inventory.Source) Health) []Badge {
	s := o.State(lane)
	if !s.Known() {
		return nil
	}
	return []Badge{{Lane: name, Value: s.Value, Text: name + " " + human(s.Value), Since: s.Since, Health: health(s.Value, s.Source)}}
}

func flowBadges(o *inventory.Object) []Badge {
	var out []Badge
	for _, dir := range []string{"in", "out"} {
		for _, m := range medias(o, "flow-"+dir+"/") {
			s := o.State(inventory.Lane("flow-" + dir + "/" + string(m)))
			if !s.Known() {
				continue
			}
			b := Badge{Lane: "flow-" + dir, Media: m, Value: s.Value, Since: s.Since,
				Text: mediaWord(m) + " " + dir + " " + human(s.Value)}
			b.Health = FlowHealth(s)
			out = append(out, b)
		}
	}
	return out
}

// FlowHealth judges the word of a flow lane, everywhere in the program: media that
// stopped is an error, for something that worked does not; an element that media
// never reached is not known to be wrong. Servers announce changes only, so
// NOT_FLOWING as an event says that it flowed before; as an answer it says nothing.
func FlowHealth(s inventory.State) Health {
	switch {
	case s.Value == "FLOWING":
		return HealthOK
	case s.Value == "NOT_FLOWING" && s.Source == inventory.FromEvent:
		return HealthError
	}
	return HealthUnknown
}

// medias lists the media that an object has lanes of, video first.
func medias(o *inventory.Object, prefix string) []inventory.Media {
	var out []inventory.Media
	for lane := range o.States {
		if rest, ok := strings.CutPrefix(string(lane), prefix); ok {
			m, _, _ := strings.Cut(rest, "/")
			if m := inventory.Media(m); !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	slices.SortFunc(out, func(a, b inventory.Media) int { return strings.Compare(string(b), string(a)) })
	return out
}

// summary picks what a box has room for.
func summary(states []Badge) string {
	var parts, transcoded []string
	flowing, stopped := false, ""
	for _, b := range states {
		switch b.Lane {
		case "ICE":
			parts = append(parts, b.Text)
		case "DTLS":
			if b.Value == "CONNECTED" {
				parts = append(parts, "DTLS") // room is short, and this is as it should be
			} else {
				parts = append(parts, b.Text)
			}
		case "media", "connection":
			if b.Value != "CONNECTED" {
				parts = append(parts, b.Text)
			}
		case "flow-in", "flow-out":
			if b.Value == "FLOWING" {
				flowing = true
			} else if b.Health == HealthError && stopped == "" {
				stopped = mediaWord(b.Media) + " " + human(b.Value)
			}
		case "transcoding":
			if b.Value == "TRANSCODING" {
				transcoded = append(transcoded, mediaWord(b.Media))
			}
		case "player", "recorder":
			parts = append(parts, b.Text)
		}
	}
	switch { // before what the gear shows as well
	case stopped != "":
		parts = append(parts, stopped)
	case flowing:
		parts = append(parts, "flowing")
	}
	if len(transcoded) == 1 {
		parts = append(parts, "transcoding "+transcoded[0])
	} else if len(transcoded) > 1 {
		parts = append(parts, "transcoding")
	}
	return strings.Join(parts, " · ")
}

func mediaWord(m inventory.Media) string {
	if m == "" {
		return "media"
	}
	return strings.ToLower(Shorten(string(m), 16))
}

func human(v string) string { return strings.ReplaceAll(Shorten(v, 32), "_", " ") }
