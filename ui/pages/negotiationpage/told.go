package negotiationpage

import (
	"strings"

	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// say writes counts, what is wrong with the filter, or what to do.
func (p *Page) say(shown, total int) {
	count, hue := "", theme.Current().Dim
	empty := ""
	if total > 0 {
		what := "candidate"
		if p.asked.object == "" {
			what = "endpoint"
		}
		count = view.Plural(total, what)
		if shown != total {
			count = view.Thousands(shown) + " of " + count
		}
	}
	switch {
	case p.wrong != "":
		count, hue = p.wrong, theme.Current().Error
	case p.view == nil || p.view.Server() == nil:
		empty = "No server yet. Connect to one, or open a capture."
	case p.asked.object == "":
		if p.set == nil {
			empty = "Reading the negotiations …"
		} else if len(p.set.lines) == 0 {
			empty = "No endpoint negotiates here. WebRtcEndpoint and RtpEndpoint appear as soon as an application creates one; select a pipeline or the server to see theirs."
		}
	case p.one == nil && p.asked.generation != 0 && p.view.Server().Snapshot().Object(p.asked.object) == nil:
		empty = "This endpoint is not known (any more). Select another one in the navigator."
	case p.one == nil:
		empty = "Reading the negotiation …"
	}
	p.count.Set(count, hue)
	if p.empty.Text != empty {
		p.empty.SetText(empty)
	}
}

// unasked tells whether an endpoint is shown because there is no other.
func (p *Page) unasked() bool {
	return p.asked.object != "" && p.view.Selection().Object != p.asked.object
}

// tellChip names what is shown, with its states.
func (p *Page) tellChip() {
	text, state := "", ""
	if x := p.asked.session; x != nil {
		id := p.asked.object
		if id == "" {
			id = p.asked.pipeline
		}
		if id != "" {
			text = view.ObjectName(x.Snapshot(), id)
		} else {
			state = "all endpoints of the server, the worst first"
		}
		if id != "" && p.asked.object == "" {
			state = "endpoints of the pipeline, the worst first"
		}
	}
	p.only = p.unasked()
	if n := p.one; n != nil {
		if s := iceWord(n); s != "" {
			state = "ICE " + s
		}
		if s := joinStates(n.DTLS()); s != "" {
			state += "   DTLS " + s
		}
		if !n.object.Alive() {
			state += "   gone: " + n.object.Death
		}
	}
	if p.only { // nobody chose it, so there is no way up
		text, state = "", strings.TrimRight(text+", the only endpoint   "+state, " ")
	}
	if state != "" && !p.asked.at.IsZero() {
		state += "   as at " + p.view.Clock().Format(p.asked.at)
	}
	if text == "" {
		p.chip.Hide()
	} else {
		p.chip.Set(text)
		p.chip.Show()
	}
	p.state.Set(state, theme.Current().Dim)
}
