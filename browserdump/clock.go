package browserdump

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"kmscope/negotiation"
)

// Clock is how the browser's clock differs from that of one server.
type Clock struct {
	Server string
	// Offset is what to add to the browser's times to get the server's.
	Offset time.Duration
	// Low and High bound the true offset, as far as something does: what was
	// sent before it was received.
	Low, High       time.Duration
	HasLow, HasHigh bool
	// Texts say what it was learnt from, for people.
	Texts []string
}

// A couple is one thing that both sides tell of.
type couple struct {
	// offset is the server's time minus the browser's.
	offset time.Duration
	// slack is how far the browser's time may be cut.
	slack time.Duration
	// slow is set where not only the way lies between the two, but work of the
	// server, which takes it up to a second.
	slow bool
	text string
}

// couples of one server, by what they bound.
type couples struct {
	low     []couple // the server was first: the offset is at least this
	high    []couple // the browser was first: the offset is at most this
	near    []couple // both at once, but for a round trip
	reports []couple // sender reports of the server: low, by RTCP
	rtt     time.Duration
}

// assumedWay is how long what the server sends is taken to be on its way to the
// browser through the application, where nothing tells.
const assumedWay = 20 * time.Millisecond

// tooFar is how much the sender reports may contradict the other bounds before
// they are taken for no wall clock.
const tooFar = time.Second

func clocks(pairings []Pairing, s *Server) []Clock {
	var urls []string
	by := make(map[string]*couples)
	for i := range pairings {
		p := &pairings[i]
		c := by[p.Server]
		if c == nil {
			c = &couples{rtt: -1}
			by[p.Server] = c
			urls = append(urls, p.Server)
		}
		c.events(p.Connection, s.byID[p.Object], s.skew[p.Server], s.quick[p.Server])
		c.rtcp(p.Connection)
	}
	var out []Clock
	for _, url := range urls {
		if c, ok := by[url].clock(); ok {
			c.Server = url
			out = append(out, c)
		}
	}
	return out
}

// events couples the log of a connection with the marks of its endpoint. The
// server cuts its times to the millisecond. Times of the capture are moved by
// skew to the server's clock, which puts them too early by what the quickest
// event took on its way, and that is less than the quickest call took.
func (c *couples) events(p *PeerConnection, e *endpoint, skew, quick time.Duration) {
	slack := time.Duration(0)
	if p.Coarse {
		slack = time.Second
	}
	take := func(list *[]couple, what string, at time.Time, text string) {
		m, ok := e.marked(what)
		if !ok || at.IsZero() {
			return
		}
		when := m.at
		if m.local {
			when = when.Add(-skew)
		}
		if list == &c.high {
			when = when.Add(time.Millisecond)
			if m.local {
				when = when.Add(quick)
			}
		}
		slow := list == &c.high && what == markSession
		*list = append(*list, couple{when.Sub(at), slack, slow, text})
	}
	seen := make(map[string]bool)
	once := func(what string) bool {
		was := seen[what]
		seen[what] = true
		return !was
	}
	for i := range p.Entries {
		x := &p.Entries[i]
		switch {
		case (x.Type == "createOfferOnSuccess" || x.Type == "createAnswerOnSuccess" || x.Event == "setLocalDescription") && once("made"):
			take(&c.high, markSession, x.At, "the browser made its description before the server's media session began")
			take(&c.high, markTaken, x.At, "the browser made its description before the server was given it")
		case x.Event == "setRemoteDescription" && once("set"):
			if role, _, _ := descriptionOf(x.Value); role == negotiation.Answer {
				take(&c.low, markSession, x.At, "the server's media session began before the browser set the answer")
			}
			take(&c.low, markGiven, x.At, "the server gave its description before the browser set it")
		case x.Event == "iceconnectionstatechange" && (x.Value == "connected" || x.Value == "completed") && once("ice"):
			take(&c.near, markICE, x.At, "ICE connected on both sides")
		case x.Event == "connectionstatechange" && x.Value == "connected" && once("dtls"):
			take(&c.near, markDTLS, x.At, "DTLS connected on both sides")
		}
	}
	for i := range p.Candidates {
		x := &p.Candidates[i]
		k := looseCandidate(&x.Candidate)
		if x.Browser {
			take(&c.high, markAdded+k, x.Added, "the browser found a candidate before the server was given it")
		} else {
			take(&c.low, markCandidate+k, x.Added, "the server found a candidate before the browser was given it")
		}
	}
}

// rtcp takes the sender reports of the server (remote-outbound-rtp): when it
// sent them by its own clock, and when they came. Half the shortest round trip
// is how long the quickest was on its way.
func (c *couples) rtcp(p *PeerConnection) {
	reports := p.reports()
	for i := range reports {
		r := &reports[i]
		switch r.kind {
		case "remote-outbound-rtp":
			sent := r.find("remoteTimestamp")
			if sent == nil {
				continue
			}
			for _, pt := range sent.Points {
				if at, ok := milliseconds(pt.Value); ok {
					c.reports = append(c.reports, couple{offset: at.Sub(pt.At), text: "a sender report of the server reached the browser"})
				}
			}
		case "candidate-pair", "remote-inbound-rtp":
			for _, name := range []string{"currentRoundTripTime", "roundTripTime"} {
				if s := r.find(name); s != nil && succeeded(r) {
					for _, pt := range s.Points {
						if d := time.Duration(pt.Value * float64(time.Second)); pt.Value >= 0 && pt.Value < 60 && (c.rtt < 0 || d < c.rtt) {
							c.rtt = d
						}
					}
				}
			}
		}
	}
}

// succeeded leaves the pairs out that ICE did not choose.
func succeeded(r *report) bool {
	if r.kind != "candidate-pair" {
		return true
	}
	v, ok := r.last("nominated")
	return !ok || v == 1
}

func (c *couples) clock() (Clock, bool) {
	var out Clock
	var why []string
	for _, x := range c.low {
		if v := x.offset - x.slack; !out.HasLow || v > out.Low {
			out.Low, out.HasLow = v, true
			why = append(why[:0], x.text+": at least "+signed(v))
		}
	}
	last, slow := len(why), false
	for _, x := range c.high {
		if !out.HasHigh || x.offset < out.High {
			out.High, out.HasHigh, slow = x.offset, true, x.slow
			why = append(why[:last], x.text+": at most "+signed(x.offset))
		}
	}
	if best, ok := c.best(); ok {
		if (!out.HasHigh || best <= out.High+tooFar) && (!out.HasLow || best >= out.Low-tooFar) {
			way := max(c.rtt, 0) / 2
			out.Offset = best + way
			if !out.HasLow || best > out.Low {
				out.Low, out.HasLow = best, true
			}
			out.Texts = append(out.Texts, fmt.Sprintf("%d sender reports of the server (RTCP), the quickest half a round trip (%s) on its way: %s",
				len(c.reports), signed(way), signed(out.Offset)))
			out.Texts = append(out.Texts, why...)
			return out, true
		}
		why = append(why, "the server's sender reports do not carry its wall clock and were left out")
	}
	crossed := out.HasLow && out.HasHigh && out.Low > out.High
	switch near := median(c.near); {
	case crossed:
		out.Offset = (out.Low + out.High) / 2
		why = append(why, "the two contradict each other: a clock was set during the call, or the times are cut")
		out.HasLow, out.HasHigh = false, false
	case len(c.near) > 0:
		out.Offset = near
		if out.HasHigh {
			out.Offset = min(out.Offset, out.High)
		}
		if out.HasLow {
			out.Offset = max(out.Offset, out.Low)
		}
		why = append([]string{fmt.Sprintf("%s: %s", names(c.near), signed(near))}, why...)
	case out.HasLow && out.HasHigh && !slow:
		out.Offset = out.Low + (out.High-out.Low)/2
	case out.HasLow && out.HasHigh:
		out.Offset = out.Low + min((out.High-out.Low)/2, assumedWay)
	case out.HasLow:
		out.Offset = out.Low + assumedWay
	case out.HasHigh:
		out.Offset = out.High - assumedWay
	default:
		return Clock{}, false
	}
	out.Texts = append(out.Texts, why...)
	return out, true
}

// best is the sender report that was quickest on its way. One may be nonsense,
// but one alone does not stand far before all others: reports come every few
// seconds over the same way, so that what is more than a second before the
// median is no report.
func (c *couples) best() (time.Duration, bool) {
	if len(c.reports) == 0 {
		return 0, false
	}
	mid := median(c.reports)
	best := time.Duration(math.MinInt64)
	for _, x := range c.reports {
		if x.offset <= mid+time.Second && x.offset > best {
			best = x.offset
		}
	}
	return best, true
}

func median(list []couple) time.Duration {
	if len(list) == 0 {
		return 0
	}
	v := make([]time.Duration, len(list))
	for i, x := range list {
		v[i] = x.offset - x.slack/2
	}
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return v[n/2-1] + (v[n/2]-v[n/2-1])/2
	}
	return v[len(v)/2]
}

func names(list []couple) string {
	var out []string
	for _, x := range list {
		if !slices.Contains(out, x.text) {
			out = append(out, x.text)
		}
	}
	return strings.Join(out, ", ")
}

// signed writes a duration as people read it: "+0.4 ms", "-3 s".
func signed(d time.Duration) string {
	switch abs := d.Abs(); {
	case abs < 10*time.Second:
		return fmt.Sprintf("%+.1f ms", float64(d)/float64(time.Millisecond))
	default:
		sign := "+"
		if d < 0 {
			sign = "-"
		}
		return sign + abs.Round(time.Second).String()
	}
}
