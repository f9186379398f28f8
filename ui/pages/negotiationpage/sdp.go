package negotiationpage

import (
	"strconv"
	"strings"

	"kmscope/negotiation"
	"kmscope/ui/view"
)

// sdpView is what of two descriptions is shown.
type sdpView struct {
	left, right *negotiation.Version
	notes       bool
	onlyDiffs   bool
}

// changeSigns tell the changes apart without their colours.
var changeSigns = map[negotiation.Change]string{
	negotiation.Changed: "≠", negotiation.OnlyLeft: "<", negotiation.OnlyRight: ">",
}

// descriptions shows two descriptions side by side, section by section.
func (m *rowMaker) descriptions(n *negotiated, v sdpView) {
	if v.left == nil && v.right == nil {
		m.say("No session description is known. It appears as soon as the application negotiates, or when the endpoint's properties are read.", hueDim)
		return
	}
	for _, x := range []*negotiation.Version{v.left, v.right} {
		if x != nil && x.Refused != "" {
			m.say("The "+versionName(x)+" was refused: "+x.Refused, hueError)
		}
		if x != nil && x.Parsed.Err != "" {
			m.say("The "+versionName(x)+" is damaged: "+x.Parsed.Err, hueWarning)
		}
	}
	var left, right *negotiation.Description
	if v.left != nil {
		left = v.left.Parsed
	}
	if v.right != nil {
		right = v.right.Parsed
	}
	for i, d := range negotiation.Diff(left, right) {
		m.part(n, v, i-1, &d)
	}
}

// sdpFold is what the fold of a section is remembered by; -1 is the session,
// which seldom matters and begins folded.
func sdpFold(index int) string { return "sdp/" + strconv.Itoa(index) }

// part shows one section; index is the number of its m-line, -1 for the
// session.
func (m *rowMaker) part(n *negotiated, v sdpView, index int, d *negotiation.SectionDiff) {
	title := "Session"
	if index >= 0 {
		title = "m-line " + strconv.Itoa(index) + ": " + partKind(d)
	}
	note := "the same on both sides"
	switch {
	case d.Left == nil || d.Right == nil:
		note = "on one side only"
	case d.Differs > 0:
		note = view.Plural(d.Differs, "line") + " of " + strconv.Itoa(len(d.Rows)) + " differ"
		if d.Differs == 1 {
			note += "s"
		}
	}
	var mine []*negotiation.Finding
	for i := range n.Findings {
		if f := &n.Findings[i]; strings.HasPrefix(f.Rule, "sdp.") && f.MLine == index {
			mine = append(mine, f)
		}
	}
	if len(mine) > 0 {
		note += " · " + view.Plural(len(mine), "finding")
	}
	if !m.section(sdpFold(index), title, note) {
		return
	}
	if index >= 0 {
		m.add(tableRow{kind: rowSDP, cells: []tableCell{{}, dim(partTitle(d.Left)), dim(partTitle(d.Right))}})
	}
	for _, f := range mine {
		m.long(tableRow{kind: rowText, detail: f.Text + "\n" + f.Advice,
			cells: []tableCell{tinted(severityName(f.Severity)+" · "+strings.TrimSpace(string(f.Side)+" ")+": "+f.Text, hueOf(f.Severity))}})
	}
	for i := range d.Rows {
		r := &d.Rows[i]
		if v.onlyDiffs && r.Change == negotiation.Same || !m.matches(r) {
			continue
		}
		m.lines(r, v.notes)
	}
}

func (m *rowMaker) matches(r *negotiation.Row) bool {
	if m.filter.Empty() {
		return true
	}
	var words []string
	for _, l := range []*negotiation.Line{r.Left, r.Right} {
		if l != nil {
			words = append(words, l.Redacted(), l.Note)
		}
	}
	return m.filter.Match(words...)
}

func (m *rowMaker) lines(r *negotiation.Row, notes bool) {
	row := tableRow{kind: rowSDP, cells: []tableCell{{text: changeSigns[r.Change], hue: hueAccent, mono: true}, {}, {}}, left: hueNone, right: hueNone}
	noted := tableRow{kind: rowNote, cells: []tableCell{{}, {}, {}}, left: hueNone, right: hueNone}
	var detail []string
	for i, l := range []*negotiation.Line{r.Left, r.Right} {
		side := []string{"left", "right"}[i]
		if l == nil {
			continue
		}
		row.cells[i+1] = mono(shownBlanks(l.Redacted()))
		said := side + ":  " + shownBlanks(l.Redacted())
		if l.Note != "" {
			noted.cells[i+1] = dim(l.Note)
			said += "\n" + l.Note
		}
		detail = append(detail, said)
		if r.Change != negotiation.Same {
			if i == 0 {
				row.left, noted.left = hueAccent, hueAccent
			} else {
				row.right, noted.right = hueAccent, hueAccent
			}
		}
	}
	row.detail = strings.Join(detail, "\n")
	noted.detail = row.detail
	if noted.cells[1] == noted.cells[2] {
		noted.cells[2] = tableCell{} // once is enough
	}
	m.add(row)
	if notes && (noted.cells[1].text != "" || noted.cells[2].text != "") {
		m.add(noted)
	}
}

// shownBlanks makes blanks at the end of a line visible: they are what breaks
// some negotiations.
func shownBlanks(s string) string {
	t := strings.TrimRight(s, " \t")
	return t + strings.Repeat("␣", len(s)-len(t))
}

func partKind(d *negotiation.SectionDiff) string {
	var words []string
	for _, s := range []*negotiation.Section{d.Left, d.Right} {
		if s != nil && (len(words) == 0 || words[0] != s.Kind) {
			words = append(words, s.Kind)
		}
	}
	return strings.Join(words, " / ")
}

func partTitle(s *negotiation.Section) string {
	if s == nil {
		return "none"
	}
	return s.Title()
}

// versionName names a description for people: "remote offer, processOffer".
func versionName(v *negotiation.Version) string {
	s := string(v.Side) + " "
	if v.Role == negotiation.UnknownRole {
		s += "description"
	} else {
		s += string(v.Role)
	}
	return s + ", " + v.Operation
}

// versionTitle names it with its place in time, for a choice among several.
func versionTitle(n *negotiated, i int) string {
	v := &n.Descriptions[i]
	s := strconv.Itoa(i+1) + ": " + versionName(v)
	if !n.Checklist.Zero.IsZero() {
		s += " at " + negotiation.Length(v.After)
	}
	if v.Refused != "" {
		s += " (refused)"
	}
	return s
}

// firstPair chooses what is compared first: the newest offer with its answer,
// or the newest of both sides; -1 is none.
func firstPair(n *negotiated) (left, right int) {
	remote, local := -1, -1
	for i := range n.Descriptions {
		v := &n.Descriptions[i]
		if v.Refused != "" {
			continue
		}
		if v.Side == negotiation.Local {
			local = i
		} else {
			remote = i
		}
	}
	if remote < 0 && local < 0 && len(n.Descriptions) > 0 {
		return len(n.Descriptions) - 1, -1 // refused, and all there is
	}
	if local >= 0 && n.Descriptions[local].Role == negotiation.Offer {
		return local, remote
	}
	return remote, local
}
