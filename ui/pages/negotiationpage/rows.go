package negotiationpage

import (
	"fmt"
	"image/color"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmscope/negotiation"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// What the page of the negotiation shows is one list of rows of one height,
// made by the functions of this file out of a value that nobody changes. Who
// draws knows columns and colours only, so all that is said can be tested as
// text, and a description of a thousand lines costs what is in view.

// hue names a colour of the theme, so that rows outlive a change of the theme.
type hue uint8

const (
	hueText hue = iota
	hueDim
	hueFine
	hueWarning
	hueError
	hueAccent
	hueNone // for grounds and marks: nothing is drawn
)

func (h hue) in(p theme.Palette) color.NRGBA {
	switch h {
	case hueDim:
		return p.Dim
	case hueFine:
		return p.OK
	case hueWarning:
		return p.Warning
	case hueError:
		return p.Error
	case hueAccent:
		return p.Accent
	case hueNone:
		return theme.Fade(p.Text, 0)
	case hueText:
	}
	return p.Text
}

func hueOf(s negotiation.Severity) hue {
	switch s {
	case negotiation.Error:
		return hueError
	case negotiation.Warning:
		return hueWarning
	case negotiation.Info:
	}
	return hueDim
}

// rowKind says which columns a row has.
type rowKind uint8

const (
	rowSection rowKind = iota
	rowText
	rowFinding
	rowCheck
	rowUntimed // a check of a list without any times
	rowPair
	rowMatrix
	rowCandidate
	rowSDP
	rowNote
	rowEndpoint
)

// tableColumn is a width in window units, or a share of what is left.
type tableColumn struct {
	width, share float32
	least        float32 // of a share; 0 is leastShare
	goes         int     // which goes first where there is no room, from 1 on; 0 stays
}

// tableColumns are the columns by kind of row.
var tableColumns = map[rowKind][]tableColumn{
	rowSection:   {{share: 1}},
	rowText:      {{share: 1}},
	rowFinding:   {{width: 74}, {width: 142}, {share: 1}},
	rowCheck:     {{width: 134}, {width: 104}, {width: 84}, {width: 176, goes: 2}, {width: 92, goes: 1}, {share: 1}},
	rowUntimed:   {{width: 134}, {width: 104}, {share: 1}},
	rowPair:      {{width: 74}, {share: 1}, {share: 1}, {width: 96}, {width: 84}},
	rowMatrix:    {{width: 134}, {width: 104}, {width: 104}, {width: 104}, {width: 104}, {share: 1}},
	rowCandidate: {{width: 58}, {width: 92}, {share: 1}, {width: 58}, {width: 106, goes: 4}, {width: 48, goes: 3}, {width: 98, goes: 1}, {width: 120}, {width: 70, goes: 2}},
	rowSDP:       {{width: 18}, {share: 1}, {share: 1}},
	rowNote:      {{width: 18}, {share: 1}, {share: 1}},
	rowEndpoint:  {{share: 0.5, least: 110}, {width: 104}, {width: 104}, {width: 64, goes: 2}, {width: 74, goes: 1}, {share: 1, least: 130}},
}

// tableCell is one text of a row.
type tableCell struct {
	text       string
	hue        hue
	mono, bold bool
}

func plain(s string) tableCell { return tableCell{text: s} }
func dim(s string) tableCell   { return tableCell{text: s, hue: hueDim} }
func mono(s string) tableCell  { return tableCell{text: s, mono: true} }
func tinted(s string, h hue) tableCell {
	return tableCell{text: s, hue: h}
}

// tableRow is one row of the page.
type tableRow struct {
	kind  rowKind
	cells []tableCell
	head  bool // names columns; cannot be chosen
	// fold is what a section is remembered by; folded is whether its rows are
	// left out.
	fold   string
	folded bool
	// left and right are the grounds of the halves of a comparison.
	left, right hue
	// detail is what the pane below says of the row; "" is the row's own text.
	detail string
	// object is what the row stands for in the list of endpoints.
	object string
	// at is the moment on the local clock that the row speaks of.
	at time.Time
}

// text is the row for the clipboard.
func (r *tableRow) text() string {
	words := make([]string, 0, len(r.cells))
	for _, c := range r.cells {
		words = append(words, c.text)
	}
	return strings.TrimRight(strings.Join(words, "\t"), "\t")
}

// rowMaker collects rows. wrap breaks a text at the width of the last column
// of a kind of row.
type rowMaker struct {
	rows   []tableRow
	folded map[string]bool
	wrap   func(kind rowKind, text string) []string
	filter view.Filter
	sorted sorting // of the candidates
	clock  view.Clock
}

func (m *rowMaker) add(r tableRow) {
	if r.left == hueText {
		r.left = hueNone
	}
	if r.right == hueText {
		r.right = hueNone
	}
	m.rows = append(m.rows, r)
}

// section adds a title and reports whether its rows are to follow.
func (m *rowMaker) section(key, title, note string) bool {
	folded := m.folded[key]
	m.add(tableRow{kind: rowSection, cells: []tableCell{{text: title, bold: true}, dim(note)}, fold: key, folded: folded})
	return !folded
}

func (m *rowMaker) head(kind rowKind, titles ...string) {
	r := tableRow{kind: kind, head: true}
	for _, t := range titles {
		r.cells = append(r.cells, dim(t))
	}
	m.add(r)
}

// long adds a row whose last cell may need several lines.
func (m *rowMaker) long(r tableRow) {
	last := len(r.cells) - 1
	c := r.cells[last]
	lines := m.wrap(r.kind, c.text)
	for i, line := range lines {
		next := r
		next.cells = make([]tableCell, last+1)
		if i == 0 {
			copy(next.cells, r.cells)
		}
		next.cells[last] = tableCell{line, c.hue, c.mono, c.bold}
		m.add(next)
	}
}

func (m *rowMaker) say(text string, h hue) {
	m.long(tableRow{kind: rowText, cells: []tableCell{tinted(text, h)}})
}

// overview shows findings, checklist, pairs and types.
func (m *rowMaker) overview(n *negotiated, medians map[negotiation.Step]time.Duration) {
	if m.section("findings", "Findings", countFindings(n.Findings)) {
		if len(n.Findings) == 0 {
			m.say("Nothing remarkable in what the capture holds of this endpoint.", hueFine)
		}
		for i := range n.Findings {
			f := &n.Findings[i]
			// One advice for all findings in a row that it is for.
			repeated := i+1 < len(n.Findings) && n.Findings[i+1].Advice == f.Advice && n.Findings[i+1].Severity == f.Severity
			m.finding(f, !repeated)
		}
	}
	m.order(n, medians)
	m.pairs(n)
	m.matrix(n)
}

func countFindings(list []negotiation.Finding) string {
	var by [3]int
	for _, f := range list {
		by[min(int(f.Severity), 2)]++
	}
	var words []string
	for i, word := range []string{"error", "warning", "note"} {
		if c := by[2-i]; c > 0 {
			words = append(words, view.Plural(c, word))
		}
	}
	return strings.Join(words, ", ")
}

func whereIs(f *negotiation.Finding) string {
	where := string(f.Side)
	if f.MLine >= 0 {
		where = strings.TrimSpace(where + " m-line " + strconv.Itoa(f.MLine))
	}
	return where
}

func severityName(s negotiation.Severity) string {
	if s == negotiation.Info {
		return "note"
	}
	return s.String()
}

func (m *rowMaker) finding(f *negotiation.Finding, advise bool) {
	detail := f.Text
	if f.Advice != "" {
		detail += "\n" + f.Advice
	}
	detail += "\nRule " + f.Rule
	r := tableRow{kind: rowFinding, detail: detail,
		cells: []tableCell{tinted(severityName(f.Severity), hueOf(f.Severity)), dim(whereIs(f)), plain(sentence(f.Text))}}
	m.long(r)
	if f.Advice != "" && advise {
		r.cells = []tableCell{{}, {}, dim("→ " + sentence(f.Advice))}
		m.long(r)
	}
}

// sentence begins a text with a capital, where that is not part of a name.
func sentence(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' || strings.HasPrefix(s, "a=") || strings.HasPrefix(s, "b=") || strings.HasPrefix(s, "m-line") {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

var statusHues = map[negotiation.Status]hue{
	negotiation.Done: hueFine, negotiation.Late: hueWarning, negotiation.OutOfOrder: hueWarning,
	negotiation.Missing: hueError, negotiation.NotKnown: hueDim,
}

// statusSigns tell the statuses apart without their colours.
var statusSigns = map[negotiation.Status]string{
	negotiation.Done: "✓ done", negotiation.Late: "! late", negotiation.OutOfOrder: "! out of order",
	negotiation.Missing: "× missing", negotiation.NotKnown: "? unknown",
}

func (m *rowMaker) order(n *negotiated, medians map[negotiation.Step]time.Duration) {
	list := &n.Checklist
	note := ""
	if !list.Zero.IsZero() {
		note = "counted from " + list.ZeroIs + ", " + m.clock.Format(n.history.Local(list.Zero))
	}
	if !m.section("order", "Expected order", note) {
		return
	}
	if len(list.Checks) == 0 {
		m.say("There is no expected order for a "+n.Type+": it does not use ICE.", hueDim)
		return
	}
	kind := rowUntimed
	for i := range list.Checks {
		if _, others := medians[list.Checks[i].Step]; others || !list.Checks[i].At.IsZero() {
			kind = rowCheck
		}
	}
	if kind == rowUntimed {
		m.head(kind, "Step", "Status", "Remark")
	} else {
		m.head(kind, "Step", "Status", "After", "Took", "Others", "Remark")
	}
	add := func(r tableRow) {
		if r.kind = kind; kind == rowUntimed {
			r.cells = slices.Delete(r.cells, 2, 5)
		}
		m.long(r)
	}
	for i := range list.Checks {
		c := &list.Checks[i]
		status := statusHues[c.Status]
		if c.Status == negotiation.Missing && c.Advice == "" {
			status = hueDim // it waits for another step: that one is in red
		}
		r := tableRow{cells: []tableCell{plain(string(c.Step)), tinted(statusSigns[c.Status], status), {}, {}, {}, plain(c.Note)}}
		if !c.At.IsZero() {
			r.at = n.history.Local(c.At)
			r.cells[2] = mono(negotiation.Length(c.After))
			if c.From != "" {
				r.cells[3] = dim(negotiation.Length(c.Took) + " since " + string(c.From))
			}
		}
		if d, ok := medians[c.Step]; ok {
			r.cells[4] = tableCell{text: negotiation.Length(d), hue: hueDim, mono: true}
		}
		r.detail = string(c.Step) + ": " + string(c.Status)
		for _, s := range []string{c.Note, c.Advice} {
			if s != "" {
				r.detail += "\n" + sentence(s)
			}
		}
		add(r)
		if repeated := i+1 < len(list.Checks) && list.Checks[i+1].Advice == c.Advice; c.Advice != "" && !repeated {
			r.cells = []tableCell{{}, {}, {}, {}, {}, dim("→ " + sentence(c.Advice))}
			add(r)
		}
	}
}

func (m *rowMaker) pairs(n *negotiated) {
	if !m.section("pairs", "Selected pairs", "oldest first") {
		return
	}
	if len(n.Pairs) == 0 {
		m.say("No pair was selected, or nobody saw it: NewCandidatePairSelected and ICECandidatePairs say none.", hueDim)
		return
	}
	m.head(rowPair, "Stream", "Local", "Remote", "After", "State")
	for i := range n.Pairs {
		p := &n.Pairs[i]
		state, h := "replaced", hueDim
		if p.InUse {
			state, h = "● in use", hueFine
		} else if n.ICE()[p.Stream+"/"+strconv.Itoa(p.Component)] == "FAILED" {
			state, h = "failed", hueError
		}
		after := ""
		if !p.At.IsZero() && !n.Checklist.Zero.IsZero() {
			after = negotiation.Length(p.At.Sub(n.Checklist.Zero))
		}
		var at time.Time
		if !p.At.IsZero() {
			at = n.history.Local(p.At)
		}
		m.add(tableRow{kind: rowPair, at: at,
			cells:  []tableCell{dim(p.Stream + "/" + strconv.Itoa(p.Component)), mono(p.Local.String()), mono(p.Remote.String()), mono(after), tinted(state, h)},
			detail: "local:  " + candidateDetail(&p.Local) + "\nremote: " + candidateDetail(&p.Remote)})
	}
}

func (m *rowMaker) matrix(n *negotiated) {
	if !m.section("types", "Candidate types", "pairs that could be tried: local in rows, remote in columns") {
		return
	}
	if len(n.Local) == 0 && len(n.Remote) == 0 {
		m.say("No candidates are known.", hueDim)
		return
	}
	titles := []string{"local \\ remote"}
	for _, t := range negotiation.Types {
		titles = append(titles, string(t))
	}
	m.head(rowMatrix, titles...)
	cells := map[[2]negotiation.Type]negotiation.Cell{}
	for _, c := range n.Matrix {
		cells[[2]negotiation.Type{c.Local, c.Remote}] = c
	}
	for _, l := range negotiation.Types {
		r := tableRow{kind: rowMatrix, cells: []tableCell{plain(fmt.Sprintf("%s (%d)", l, countType(n.Local, l)))}}
		for _, t := range negotiation.Types {
			c, ok := cells[[2]negotiation.Type{l, t}]
			switch {
			case !ok:
				r.cells = append(r.cells, dim("–"))
			case c.InUse:
				r.cells = append(r.cells, tinted(fmt.Sprintf("%d ● in use", c.Possible), hueFine))
			default:
				r.cells = append(r.cells, plain(strconv.Itoa(c.Possible)))
			}
		}
		m.add(r)
	}
}

func countType(list []negotiation.Candidate, t negotiation.Type) int {
	n := 0
	for i := range list {
		if list[i].Type == t {
			n++
		}
	}
	return n
}

// candidates shows both tables and gives how many rows match of how many.
func (m *rowMaker) candidates(n *negotiated) (shown, total int) {
	for _, side := range []struct {
		key, title string
		list       []negotiation.Candidate
		none       string
	}{
		{"local", "Local candidates", n.Local, "The server named no candidate. It gathers them after gatherCandidates."},
		{"remote", "Remote candidates", n.Remote, "No candidate of the peer is known. Those that the application hands over with addIceCandidate are seen only by who watches its calls."},
	} {
		total += len(side.list)
		if !m.section(side.key, side.title, strconv.Itoa(len(side.list))) {
			continue
		}
		if len(side.list) == 0 {
			m.say(side.none, hueDim)
			continue
		}
		m.head(rowCandidate, m.sorted.titles()...)
		for _, i := range m.sorted.order(side.list) {
			c := &side.list[i]
			if r := candidateRow(c); m.filter.Empty() || m.filter.Match(r.text(), c.RelatedAddress) {
				if !c.At.IsZero() {
					r.at = n.history.Local(c.At)
				}
				m.add(r)
				shown++
			}
		}
	}
	return shown, total
}

func candidateRow(c *negotiation.Candidate) tableRow {
	kind := string(c.Type)
	if kind == "" {
		kind = "?"
	}
	source := string(c.Origin)
	h := hueText
	if c.InUse {
		source, h = "● "+source, hueFine
	}
	class := hueText
	switch c.Class {
	case negotiation.ClassMDNS, negotiation.ClassDocker, negotiation.ClassUnspecified, negotiation.ClassUnknown, negotiation.ClassLoopback:
		class = hueWarning
	case negotiation.ClassPublic:
		class = hueFine
	default:
	}
	return tableRow{kind: rowCandidate, detail: candidateDetail(c), cells: []tableCell{tinted(kind, h), plain(strings.TrimSpace(c.Protocol + " " + c.TCPType)),
		mono(c.Address), mono(strconv.Itoa(c.Port)), tinted(string(c.Class), class), dim(strconv.Itoa(c.Component)),
		{text: strconv.FormatUint(uint64(c.Priority), 10), hue: hueDim, mono: true}, tinted(source, h), dim(strings.Join(c.Mids, ", "))}}
}

// classMeanings say what follows from the class of an address.
var classMeanings = map[negotiation.Class]string{
	negotiation.ClassPublic:      "public: can be reached from anywhere that no firewall is in between",
	negotiation.ClassPrivate:     "private: can be reached from the same network only",
	negotiation.ClassCarrierNAT:  "behind the NAT of a provider: cannot be reached from outside",
	negotiation.ClassDocker:      "Docker's default bridge: can be reached from the same host only",
	negotiation.ClassLoopback:    "loopback: can be reached from the same machine only",
	negotiation.ClassLinkLocal:   "link-local: can be reached from the same link only",
	negotiation.ClassUnspecified: "no address at all",
	negotiation.ClassMulticast:   "multicast: not of use for ICE",
	negotiation.ClassMDNS:        "mDNS: the browser hides its address; the server must be able to resolve the name",
	negotiation.ClassName:        "a host name: the server must be able to resolve it",
}

func candidateDetail(c *negotiation.Candidate) string {
	s := c.Redacted()
	if w := classMeanings[c.Class]; w != "" {
		s += "\n" + sentence(w)
	}
	if c.RelatedAddress != "" {
		s += "\nderived from " + c.RelatedAddress + ":" + strconv.Itoa(c.RelatedPort)
	}
	if c.Err != "" {
		s += "\nnot understood: " + c.Err
	}
	return s
}

// endpoints shows the list of endpoints and gives how many rows match.
func (m *rowMaker) endpoints(set *endpointSet) (shown int) {
	m.head(rowEndpoint, "Endpoint", "ICE", "DTLS", "Steps", "Severity", "Worst finding")
	for i := range set.lines {
		l := &set.lines[i]
		if !m.filter.Empty() && !m.filter.Match(l.name, l.ice, l.dtls, l.worst.Text, l.worst.Rule, l.id) {
			continue
		}
		shown++
		r := tableRow{kind: rowEndpoint, object: l.id, detail: l.name + "\n" + l.id, cells: []tableCell{plain(l.name), stateCell(l.ice), stateCell(l.dtls), {}, {}, {}}}
		if l.of > 0 {
			r.cells[3] = dim(fmt.Sprintf("%d of %d", l.done, l.of))
			r.detail += fmt.Sprintf("\n%d of %d steps done", l.done, l.of)
		}
		if l.hasWorst {
			r.cells[4] = tinted(severityName(l.worst.Severity), hueOf(l.worst.Severity))
			r.cells[5] = plain(sentence(l.worst.Text))
			if l.worst.Severity > negotiation.Info {
				r.cells[5].hue = hueOf(l.worst.Severity) // the column of severities goes first
			}
			r.detail += "\n" + sentence(l.worst.Text)
			if l.worst.Advice != "" {
				r.detail += "\n" + sentence(l.worst.Advice)
			}
		} else {
			r.cells[5] = dim("nothing remarkable")
		}
		if l.gone {
			r.cells[0] = dim(l.name + goneMark)
			r.cells[5].hue = hueDim
		}
		m.add(r)
	}
	if set.left > 0 {
		m.say(view.Thousands(set.left)+" more endpoints: select a pipeline to see its own.", hueDim)
	}
	return shown
}

// goneMark is behind the name of an endpoint that is gone.
const goneMark = " (gone)"

func stateCell(s string) tableCell {
	h := hueText
	switch {
	case s == "":
		return dim("–")
	case strings.Contains(s, "FAILED"):
		h = hueError
	case s == "READY" || s == "CONNECTED":
		h = hueFine
	case strings.Contains(s, "CONNECTING"):
		h = hueWarning
	}
	return tinted(s, h)
}
