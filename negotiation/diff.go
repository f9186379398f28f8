package negotiation

import "strings"

// Change says how a row of a comparison differs.
type Change string

// The changes.
const (
	Same      Change = "same"
	Changed   Change = "changed"
	OnlyLeft  Change = "only left"
	OnlyRight Change = "only right"
)

// Row is one row of a comparison side by side; a Line is nil where that side
// has none.
type Row struct {
	Change      Change
	Left, Right *Line
}

// SectionDiff compares one section of two descriptions; Left or Right is nil
// where a description has fewer m-lines.
type SectionDiff struct {
	Left, Right *Section
	Rows        []Row
	// Differs counts the rows that are not Same.
	Differs int
}

// Diff compares two descriptions section by section. M-lines belong together
// by their place, as in an offer and its answer. The order of lines within a
// section says nothing in a description and so makes no difference: equal
// lines are matched first, then those of one attribute and payload type.
// Either may be nil.
func Diff(left, right *Description) []SectionDiff {
	var l, r []*Section
	if left != nil {
		l = left.Sections()
	}
	if right != nil {
		r = right.Sections()
	}
	out := make([]SectionDiff, 0, max(len(l), len(r)))
	for i := range max(len(l), len(r)) {
		var d SectionDiff
		if i < len(l) {
			d.Left = l[i]
		}
		if i < len(r) {
			d.Right = r[i]
		}
		d.compare()
		out = append(out, d)
	}
	return out
}

func (d *SectionDiff) compare() {
	var left, right []Line
	if d.Left != nil {
		left = d.Left.Lines
	}
	if d.Right != nil {
		right = d.Right.Lines
	}
	match := make([]int, len(left)) // index on the right, or -1
	taken := make([]bool, len(right))
	for i := range match {
		match[i] = -1
	}
	pairUp := func(key func(*Line) string) {
		waiting := make(map[string][]int, len(right))
		for j := range right {
			if !taken[j] {
				k := key(&right[j])
				waiting[k] = append(waiting[k], j)
			}
		}
		for i := range left {
			if match[i] >= 0 {
				continue
			}
			k := key(&left[i])
			if w := waiting[k]; len(w) > 0 {
				match[i], waiting[k] = w[0], w[1:]
				taken[w[0]] = true
			}
		}
	}
	pairUp(func(l *Line) string { return l.Text })
	pairUp((*Line).subject)
	for i := range left {
		row := Row{Change: OnlyLeft, Left: &left[i]}
		if j := match[i]; j >= 0 {
			row.Right, row.Change = &right[j], Same
			if left[i].Text != right[j].Text {
				row.Change = Changed
			}
		}
		d.add(row)
	}
	for j := range right {
		if !taken[j] {
			d.add(Row{Change: OnlyRight, Right: &right[j]})
		}
	}
}

func (d *SectionDiff) add(r Row) {
	if r.Change != Same {
		d.Differs++
	}
	d.Rows = append(d.Rows, r)
}

// subject is what a line speaks of: two lines of one subject are one changed
// line. The payload type belongs to it where a value begins with one.
func (l *Line) subject() string {
	switch l.Name {
	case "":
		return "\x00" + l.Text
	case "sendrecv", "sendonly", "recvonly", "inactive":
		return "direction"
	case "rtpmap", "fmtp":
		pt, _, _ := strings.Cut(l.Value, " ")
		return l.Name + " " + pt
	case "rtcp-fb":
		return l.Name + " " + strings.Join(strings.Fields(l.Value), " ")
	case "extmap":
		_, uri, _ := strings.Cut(l.Value, " ")
		return l.Name + " " + uri
	case "ssrc":
		_, what, _ := strings.Cut(l.Value, " ")
		name, _, _ := strings.Cut(what, ":")
		return l.Name + " " + name
	case "candidate":
		return l.Name + " " + l.Value
	case "b", "group":
		kind, _, _ := strings.Cut(strings.ReplaceAll(l.Value, " ", ":"), ":")
		return l.Name + " " + kind
	}
	return l.Name
}
