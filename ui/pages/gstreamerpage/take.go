package gstreamerpage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"kmscope/capture"
	"kmscope/graph/gst"
	"kmscope/inventory"
	"kmscope/ui/view"
)

// shot is a dump that was taken.
type shot struct {
	session view.Session
	id      string
	name    string
	details string
	at      time.Time
	text    string
	dump    *gst.Dump
}

// How many dumps are kept: the oldest go first.
const (
	maxShots     = 60
	maxShotBytes = 96 << 20
)

// levels are the levels of detail (kurento.GstreamerDotDetails) with what they
// mean to a person; the first is the usual one.
var levels = []struct{ word, value string }{
	{"everything", "SHOW_ALL"},
	{"everything, uncut values", "SHOW_VERBOSE"},
	{"states", "SHOW_STATES"},
	{"caps", "SHOW_CAPS_DETAILS"},
	{"media types", "SHOW_MEDIA_TYPE"},
	{"changed properties", "SHOW_NON_DEFAULT_PARAMS"},
	{"all properties", "SHOW_FULL_PARAMS"},
}

func detailWords() []string {
	var out []string
	for _, l := range levels {
		out = append(out, l.word)
	}
	return out
}

// dumpable tells whether the server can have a dump of an object: of all but
// the manager itself.
func dumpable(id string) bool { return id != inventory.ManagerID }

// takeDump asks for a dump, or stops asking.
func (p *Page) takeDump() {
	if p.taking != "" {
		p.cancel()
		return
	}
	id, name := p.selected()
	if id == "" {
		p.tell("Choose an element, a hub or a pipeline first.")
		return
	}
	p.taking, p.problem, p.told = name, "", ""
	x, details := p.session, levels[max(p.details.SelectedIndex(), 0)].value
	at := p.view.End()
	if !x.Live() {
		details = ""
	}
	p.say()
	p.surface.Repaint()
	p.take.Start(func(ctx context.Context) func() {
		s, err := taken(ctx, x, id, name, details, at)
		return func() { p.took(s, err) }
	})
}

// taken takes and reads a dump.
func taken(ctx context.Context, x view.Session, id, name, details string, at time.Time) (*shot, error) {
	text, err := x.Dump(ctx, id, details)
	if err != nil {
		return nil, err
	}
	if x.Live() {
		at = time.Now()
	}
	text = redacted(text)
	d, err := gst.Parse(text)
	if err != nil {
		return nil, err
	}
	return &shot{session: x, id: id, name: name, details: details, at: at, text: text, dump: d}, nil
}

// redacted takes the secrets out of a dump that a capture of another program
// may hold.
func redacted(text string) string {
	type answer struct {
		Result struct {
			Value string `json:"value"`
		} `json:"result"`
	}
	var a answer
	a.Result.Value = text
	frame, err := json.Marshal(a)
	if err != nil {
		return text
	}
	rec := capture.NewRedactor().Redact(capture.Record{Dir: capture.DirRecv, Frame: frame})
	if json.Unmarshal(rec.Frame, &a) != nil {
		return ""
	}
	return a.Result.Value
}

// listCaptured lists the dumps that a capture holds, once.
func (p *Page) listCaptured() {
	p.list.Stop()
	x := p.session
	if x == nil || x.Live() || p.listed[x] {
		return
	}
	p.list.Start(func(ctx context.Context) func() {
		found, err := x.Dumps(ctx)
		var shots []*shot
		for _, c := range found {
			d, err := gst.Parse(c.Text)
			if err != nil || ctx.Err() != nil {
				continue
			}
			shots = append(shots, &shot{session: x, id: c.Object, details: c.Details, at: c.At, text: c.Text, dump: d})
		}
		return func() { p.foundCaptured(x, shots, err) }
	})
}

// foundCaptured takes over the dumps of a capture. Interface goroutine.
func (p *Page) foundCaptured(x view.Session, shots []*shot, err error) {
	if err != nil || x != p.session {
		return // a button looks for the dump of one object, and says what is wrong
	}
	if p.listed == nil {
		p.listed = map[view.Session]bool{}
	}
	p.listed[x] = true
	for _, s := range shots {
		s.name = view.ObjectName(p.view.Snapshot(x), s.id)
		if !slices.ContainsFunc(p.shots, func(o *shot) bool { return o.session == x && o.id == s.id && o.text == s.text }) {
			p.shots = append(p.shots, s)
		}
	}
	p.boundShots()
	if p.now == nil {
		p.show(p.latest(), nil)
		return
	}
	p.tellShots()
}

// boundShots lets go of the oldest dumps.
func (p *Page) boundShots() {
	total := 0
	for i := len(p.shots) - 1; i >= 0; i-- {
		if total += len(p.shots[i].text); total > maxShotBytes || len(p.shots)-i > maxShots {
			p.shots = slices.Delete(p.shots, 0, i+1)
			return
		}
	}
}

// took takes over a dump. Interface goroutine.
func (p *Page) took(s *shot, err error) {
	p.taking = ""
	if err != nil {
		p.problem = upper(err.Error()) + "."
		p.say()
		p.surface.Repaint()
		return
	}
	for _, old := range p.shots { // a replay finds the same one again
		if !s.session.Live() && old.session == s.session && old.id == s.id && old.text == s.text {
			p.show(old, p.before)
			p.tell("This dump is in the list, with all others that the capture holds.")
			return
		}
	}
	p.shots = append(p.shots, s)
	p.boundShots()
	before := p.before
	if before != nil && before.id != s.id {
		before = nil
	}
	p.show(s, before)
}

// upper makes a sentence of an error.
func upper(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// mine are the dumps of the server that is shown, the newest first.
func (p *Page) mine() []*shot {
	var out []*shot
	for _, s := range slices.Backward(p.shots) {
		if s.session == p.session {
			out = append(out, s)
		}
	}
	if p.session != nil && !p.session.Live() { // they were found in any order
		slices.SortStableFunc(out, func(a, b *shot) int { return b.at.Compare(a.at) })
	}
	return out
}

// others are the dumps that a dump can be compared with: those of the same object
// first, the newest first.
func (p *Page) others(s *shot) []*shot {
	var same, rest []*shot
	for _, o := range p.mine() {
		switch {
		case s == nil || o == s:
		case o.id == s.id:
			same = append(same, o)
		default:
			rest = append(rest, o)
		}
	}
	return append(same, rest...)
}

func (p *Page) latest() *shot {
	if all := p.mine(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// show draws a dump, compared with another or not.
func (p *Page) show(now, before *shot) {
	if p.now != now || now == nil {
		p.chosen, p.hover, p.hits, p.hit = nothing, nothing, nil, -1
		if p.now == nil || now == nil || p.now.id != now.id {
			p.open, p.fitted, p.scene = nil, true, nil
		}
	}
	if (p.before != nil) != (before != nil) {
		p.chosen = nothing
	}
	p.now, p.before, p.diff, p.told = now, before, nil, ""
	if now != nil && before != nil {
		p.diff = gst.Compare(before.dump, now.dump)
	}
	p.tellShots()
	p.searched()
	p.arrange()
	p.panel.set(p.sideRows())
	p.say()
}

// tellShots fills the lists of dumps.
func (p *Page) tellShots() {
	p.quiet = true
	defer func() { p.quiet = false }()
	words := func(shots []*shot, of *shot) []string {
		var out []string
		for i, s := range shots {
			w := p.clock(s.at)
			if of == nil || s.id != of.id {
				w += "  " + short(s.name, 26)
			}
			if s.details != "" {
				w += "  " + levelWord(s.details)
			}
			out = append(out, fmt.Sprintf("%s  #%d", w, len(shots)-i)) // no two alike
		}
		return out
	}
	all := p.mine()
	p.history.Options = words(all, nil)
	if i := slices.Index(all, p.now); i >= 0 {
		p.history.SetSelectedIndex(i)
	} else {
		p.history.ClearSelected()
	}
	old := p.others(p.now)
	p.compare.Options = append([]string{"(no comparison)"}, words(old, p.now)...)
	if i := slices.Index(old, p.before); p.before != nil && i >= 0 {
		p.compare.SetSelectedIndex(i + 1)
	} else {
		p.compare.ClearSelected()
	}
	if len(old) == 0 {
		p.compare.PlaceHolder = "no other dump yet"
		p.compare.Disable()
	} else {
		p.compare.PlaceHolder = "compare with …"
		p.compare.Enable()
	}
	p.history.Refresh()
	p.compare.Refresh()
}

func levelWord(value string) string {
	for _, l := range levels {
		if l.value == value {
			return l.word
		}
	}
	return value
}

func (p *Page) clock(t time.Time) string {
	if p.view == nil {
		return t.UTC().Format("15:04:05.000")
	}
	return p.view.Clock().Format(t)
}

func (p *Page) choseShot() {
	if p.quiet {
		return
	}
	if all, i := p.mine(), p.history.SelectedIndex(); i >= 0 && i < len(all) {
		before := p.before
		if before == all[i] || before != nil && before.id != all[i].id {
			before = nil
		}
		p.show(all[i], before)
	}
}

func (p *Page) choseBefore() {
	if p.quiet || p.now == nil {
		return
	}
	old, i := p.others(p.now), p.compare.SelectedIndex()-1
	if i < 0 || i >= len(old) {
		p.show(p.now, nil)
		return
	}
	now, before := p.now, old[i]
	if before.at.After(now.at) { // what came later is what things are compared to
		now, before = before, now
	}
	p.show(now, before)
}

// compareLast compares with the dump before, or no more.
func (p *Page) compareLast() {
	if p.before != nil {
		p.show(p.now, nil)
		return
	}
	if p.now == nil {
		return
	}
	for _, o := range p.others(p.now) {
		if o.id == p.now.id && !o.at.After(p.now.at) {
			p.show(p.now, o)
			return
		}
	}
	p.tell("There is no earlier dump of it: take one more later, and compare the two.")
}

// tell shows a sentence over the drawing until something else happens there.
func (p *Page) tell(s string) {
	p.told = s
	p.surface.Repaint()
}
