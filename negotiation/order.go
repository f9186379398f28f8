package negotiation

import (
	"fmt"
	"slices"
	"time"

	"kmscope/inventory"
)

// Step is one step of the expected order of a WebRtcEndpoint.
type Step string

// The steps, as the events of the server name them.
const (
	StepGathering     Step = "gathering"
	StepCandidate     Step = "first candidate"
	StepConnecting    Step = "connecting"
	StepPair          Step = "pair selected"
	StepConnected     Step = "connected"
	StepGatheringDone Step = "gathering done"
	StepReady         Step = "ready"
	StepDTLS          Step = "DTLS connected"
	StepMedia         Step = "media connected"
	StepFlow          Step = "first flow"

	// stepSession comes before the others and is no line of the checklist: the
	// server has both descriptions.
	stepSession Step = "session started"
)

// Status is how it stands with a step.
type Status string

// The statuses.
const (
	Done       Status = "done"
	Late       Status = "late"         // done, but it took longer than is usual
	OutOfOrder Status = "out of order" // by the server's own timestamps before what it follows from
	Missing    Status = "missing"      // somebody listened, and it did not come
	NotKnown   Status = "unknown"      // nobody listened
)

// stepRule describes a step: the event that shows it, what must come before
// it by the server's timestamps (after), what usually arrives before it
// (usually), and from where and when it counts as late.
type stepRule struct {
	step    Step
	event   string
	after   []Step
	usually []Step
	from    Step
	late    time.Duration
	advice  string
}

// The order is the one that Kurento documents, with DTLS and media added where
// a healthy run shows them. What is late is our own judgement: in healthy runs
// gathering takes 2 ms without STUN, ICE about one second, DTLS 20 ms.
const (
	lateCandidate     = 1 * time.Second
	lateGatheringDone = 1500 * time.Millisecond
	lateConnecting    = 10 * time.Second
	lateConnected     = 10 * time.Second
	lateReady         = 10 * time.Second
	lateDTLS          = 3 * time.Second
	lateMedia         = 5 * time.Second
	lateFlow          = 5 * time.Second
)

var order = []stepRule{
	{step: StepGathering, event: "IceComponentStateChanged",
		advice: "The application must call gatherCandidates after the descriptions were exchanged."},
	{step: StepCandidate, event: "IceCandidateFound", after: []Step{StepGathering}, from: StepGathering, late: lateCandidate,
		advice: "Look at the network interfaces of the server (networkInterfaces) and its log for the agent's errors."},
	{step: StepConnecting, event: "IceComponentStateChanged", after: []Step{StepGathering}, usually: []Step{StepCandidate}, from: StepGathering, late: lateConnecting,
		advice: "The agent has no candidate of the peer yet: the application must hand them over with addIceCandidate."},
	{step: StepPair, event: "NewCandidatePairSelected", after: []Step{StepConnecting}, from: StepConnecting, late: lateConnected,
		advice: "No check came through: look at the candidates of both sides, at firewalls and at the ports of the server."},
	{step: StepConnected, event: "IceComponentStateChanged", after: []Step{StepConnecting}, usually: []Step{StepPair}, from: StepConnecting, late: lateConnected,
		advice: "No check came through: look at the candidates of both sides, at firewalls and at the ports of the server."},
	{step: StepGatheringDone, event: "IceGatheringDone", after: []Step{StepGathering}, usually: []Step{StepCandidate}, from: StepGathering, late: lateGatheringDone,
		advice: "The server waits for a STUN or TURN server that does not answer: check stunServerAddress and turnUrl."},
	{step: StepReady, event: "IceComponentStateChanged", after: []Step{StepConnected}, usually: []Step{StepConnected}, from: StepConnected, late: lateReady,
		advice: "ICE connected, but the checks were never concluded: the peer did not nominate a pair, or gathering goes on."},
	{step: StepDTLS, event: "DtlsConnectionStateChange", after: []Step{StepConnected}, usually: []Step{StepConnected}, from: StepConnected, late: lateDTLS,
		advice: "ICE works and DTLS does not: its packets are filtered or too large on the way, or both sides wait (a=setup)."},
	{step: StepMedia, event: "MediaStateChanged", after: []Step{StepConnected}, usually: []Step{StepDTLS}, from: StepConnected, late: lateMedia,
		advice: "No RTCP came from the peer: look at DTLS first, then at what the peer sends."},
	{step: StepFlow, event: "MediaFlowOutStateChanged", from: StepConnected, late: lateFlow,
		advice: "Nothing flows, in neither direction: is the endpoint connected to anything, and does the peer send?"},
}

// stepOf gives the step that an event with a state is; "" for none.
func stepOf(event, state string) Step {
	switch event {
	case "IceComponentStateChanged":
		switch state {
		case "GATHERING":
			return StepGathering
		case "CONNECTING":
			return StepConnecting
		case "CONNECTED":
			return StepConnected
		case "READY":
			return StepReady
		}
	case "MediaSessionStarted":
		return stepSession
	case "IceCandidateFound":
		return StepCandidate
	case "IceGatheringDone":
		return StepGatheringDone
	case "NewCandidatePairSelected":
		return StepPair
	case "DtlsConnectionStateChange":
		if state == "CONNECTED" {
			return StepDTLS
		}
	case "MediaStateChanged":
		if state == "CONNECTED" {
			return StepMedia
		}
	case "MediaFlowInStateChanged", "MediaFlowOutStateChanged":
		if state == "FLOWING" {
			return StepFlow
		}
	}
	return ""
}

// Check is one line of the checklist.
type Check struct {
	Step   Step
	Status Status
	// At is when it happened by the server's clock; zero when it did not, or
	// when only a reading shows that it did.
	At time.Time
	// After is the time since the checklist's zero; only with At.
	After time.Duration
	// Took is the time since the step that it is measured from, for example
	// CONNECTING for CONNECTED; only with At, when that step's time is known.
	Took time.Duration
	From Step // "" when Took says nothing
	// Note says what is remarkable, "" for nothing.
	Note string
	// Advice says what to do; only where Status is Late, OutOfOrder or Missing.
	Advice string
}

// Checklist is the expected order of one endpoint.
type Checklist struct {
	// Zero is the beginning, by the server's clock; ZeroIs says what it is
	// ("gathering", "gatherCandidates", "first event").
	Zero   time.Time
	ZeroIs string
	Checks []Check
}

// Check finds the line of a step; the zero Check when there is none.
func (c *Checklist) Check(s Step) Check {
	for _, x := range c.Checks {
		if x.Step == s {
			return x
		}
	}
	return Check{}
}

func checklist(o *inventory.Object, h *History, now time.Time) Checklist {
	var c Checklist
	if o.Type != "WebRtcEndpoint" {
		return c
	}
	c.Zero, c.ZeroIs = h.zero()
	for i := range order {
		c.Checks = append(c.Checks, check(&order[i], &c, o, h, now))
	}
	return c
}

// zero is the beginning of the negotiation by the server's clock.
func (h *History) zero() (at time.Time, what string) {
	if m, ok := h.Marks[StepGathering]; ok {
		return h.when(m), "gathering"
	}
	if h.GatherAsked.Seq > 0 {
		return h.server(h.GatherAsked.Arrived), "gatherCandidates"
	}
	for _, m := range h.Marks {
		if t := h.when(m); at.IsZero() || t.Before(at) {
			at, what = t, "first event"
		}
	}
	return at, what
}

func check(r *stepRule, list *Checklist, o *inventory.Object, h *History, now time.Time) Check {
	c := Check{Step: r.step}
	m, ok := h.Marks[r.step]
	if !ok {
		c.absent(r, list.Check(r.from), o, h, now)
		return c
	}
	c.Status, c.At = Done, h.when(m)
	c.After = c.At.Sub(list.Zero)
	if from, ok := h.Marks[r.from]; ok {
		c.From, c.Took = r.from, c.At.Sub(h.when(from))
		if c.Took > r.late {
			c.Status, c.Advice = Late, r.advice
			c.Note = fmt.Sprintf("%s after %s; usual is less than %s", Length(c.Took), r.from, Length(r.late))
		}
	}
	for _, s := range r.after {
		if before, ok := h.Marks[s]; ok && h.when(before).After(c.At) {
			c.Status = OutOfOrder
			c.Note = fmt.Sprintf("%s before %s by the server's own timestamps", Length(h.when(before).Sub(c.At)), s)
			c.Advice = "The endpoint may have begun again: look at the events one by one."
			return c
		}
	}
	for _, s := range r.usually {
		if before, ok := h.Marks[s]; ok && before.Seq > m.Seq && !h.when(before).After(c.At) && c.Note == "" {
			c.Note = fmt.Sprintf("arrived before %q; the server's timestamps put it right", s)
		}
	}
	return c
}

// absent says of a step without an event whether it happened, did not happen,
// or is not known. before is the line of the step that it is measured from.
func (c *Check) absent(r *stepRule, before Check, o *inventory.Object, h *History, now time.Time) {
	if by := readShows(r.step, o); by != "" {
		c.Status, c.Note = Done, "known from "+by+" alone: when is not known"
		return
	}
	c.Status = NotKnown
	since, listens := h.Subscribed[r.event]
	if r.step == StepFlow && !listens {
		since, listens = h.Subscribed["MediaFlowInStateChanged"]
	}
	if !listens && !r.heard(h) {
		c.Note = "nobody was subscribed to " + r.event
		return
	}
	from, begun := h.Marks[r.from]
	if r.from == "" {
		from, begun = h.begin()
	}
	switch {
	case begun && since.Seq > from.Seq:
		c.Note = "the subscription to " + r.event + " came late"
	case !begun && r.from == "":
		c.Note = "nothing shows that the negotiation has begun"
	case !begun && before.Status == NotKnown:
		c.Note = fmt.Sprintf("whether %q happened is not known", r.from)
	case !begun && before.Status == Done:
		c.Note = fmt.Sprintf("when %q happened is not known: this may have been before as well", r.from)
	case !begun:
		c.Status, c.Note = Missing, fmt.Sprintf("waits for %q", r.from)
	default:
		c.Status, c.Advice = Missing, r.advice
		end := now
		if died := h.Local(o.DiedAt); !died.IsZero() && died.Before(end) {
			end = died
		}
		what := string(r.from)
		if what == "" {
			what = "the exchange of descriptions"
		}
		if end.After(from.Arrived) {
			c.Note = fmt.Sprintf("not within %s after %s", Length(end.Sub(from.Arrived)), what)
		}
	}
}

// begin is what shows that the negotiation began, before any step.
func (h *History) begin() (Mark, bool) {
	if m, ok := h.Marks[stepSession]; ok {
		return m, true
	}
	if h.GatherAsked.Seq > 0 {
		return h.GatherAsked, true
	}
	return Mark{}, false
}

// heard reports whether any event of the type came: then somebody listens,
// though the subscription itself is not in the stream.
func (r *stepRule) heard(h *History) bool {
	for i := range order {
		if _, ok := h.Marks[order[i].step]; ok && order[i].event == r.event {
			return true
		}
	}
	return false
}

// readShows names the reading that shows a step to have happened, or is "".
func readShows(s Step, o *inventory.Object) string {
	lanes := func(prefix string, states ...string) bool {
		for lane, st := range o.States {
			if len(lane) > len(prefix) && string(lane[:len(prefix)]) == prefix && slices.Contains(states, st.Value) {
				return true
			}
		}
		return false
	}
	switch s {
	case StepGathering:
		if lanes("ice/", "GATHERING", "CONNECTING", "CONNECTED", "READY", "FAILED") {
			return "IceConnectionState"
		}
	case StepConnecting:
		if lanes("ice/", "CONNECTING", "CONNECTED", "READY") {
			return "IceConnectionState"
		}
	case StepConnected:
		if lanes("ice/", "CONNECTED", "READY") {
			return "IceConnectionState"
		}
	case StepReady:
		if lanes("ice/", "READY") {
			return "IceConnectionState"
		}
	case StepPair:
		if len(o.Pairs) > 0 {
			return "ICECandidatePairs"
		}
	case StepDTLS:
		if lanes("dtls/", "CONNECTED") {
			return "DtlsConnectionState"
		}
	case StepMedia:
		if o.State(inventory.LaneMedia).Value == "CONNECTED" {
			return "mediaState"
		}
	case StepFlow:
		if lanes("flow-in/", "FLOWING") || lanes("flow-out/", "FLOWING") {
			return "isMediaFlowing"
		}
	case StepCandidate:
		if len(o.LocalCandidates) > 0 {
			return "candidates"
		}
	case StepGatheringDone:
		if o.GatheringDone {
			return "events"
		}
	}
	return ""
}

// Medians gives, per step, the median time since the beginning over several
// endpoints, so that one can be compared with the others of a capture.
func Medians(all []Negotiation) map[Step]time.Duration {
	times := make(map[Step][]time.Duration)
	for i := range all {
		for _, c := range all[i].Checklist.Checks {
			if !c.At.IsZero() {
				times[c.Step] = append(times[c.Step], c.After)
			}
		}
	}
	out := make(map[Step]time.Duration, len(times))
	for s, list := range times {
		slices.Sort(list)
		out[s] = list[len(list)/2]
	}
	return out
}

// Length writes a length of time with what matters of it.
func Length(d time.Duration) string {
	switch a := d.Abs(); {
	case a < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case a < time.Minute && d%time.Second == 0:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case a < time.Minute:
		return fmt.Sprintf("%.3f s", d.Seconds())
	case a < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(a.Seconds())%60)
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}
