package negotiationpage

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"kmscope/negotiation"
	"kmscope/ui/kit"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// fill shows row i in a line of the list.
func (p *Page) fill(i widget.ListItemID, o fyne.CanvasObject) {
	v, ok := o.(*rowView)
	if !ok || i >= len(p.rows) {
		return
	}
	v.set(p.rows[i], i == p.chosen, p.list.Focused(), func(x float32) {
		if i < len(p.rows) && p.rows[i].head {
			p.pressedHead(p.rows[i].kind, x, v.Size().Width)
			return
		}
		if c := fyne.CurrentApp().Driver().CanvasForObject(p.list); c != nil {
			c.Focus(p.list)
		}
		p.choose(i)
		p.open()
	})
}

// pressedHead sorts by the column under x.
func (p *Page) pressedHead(kind rowKind, x, width float32) {
	if kind != rowCandidate {
		return
	}
	at, w := columnsAt(kind, width)
	for i := range at {
		if w[i] > 0 && x >= at[i] && x < at[i]+w[i]+cellGap {
			p.sorted = p.sorted.next(i + 1)
			p.rebuild()
			return
		}
	}
}

// key moves through the rows: Enter opens, Left and Right fold.
func (p *Page) key(e *fyne.KeyEvent) bool {
	to, moves := kit.Move(e.Name, p.chosen, len(p.rows), p.list.PageRows(theme.RowHeight))
	if moves {
		step := 1
		if to < p.chosen {
			step = -1
		}
		for to >= 0 && to < len(p.rows) && p.rows[to].head {
			to += step
		}
		if to >= 0 && to < len(p.rows) {
			p.choose(to)
			p.list.ScrollTo(to)
		}
		return true
	}
	if p.chosen < 0 || p.chosen >= len(p.rows) {
		return false
	}
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		p.open()
	case fyne.KeyLeft, fyne.KeyRight:
		at := p.chosen
		for at > 0 && p.rows[at].fold == "" {
			at--
		}
		if r := &p.rows[at]; r.fold != "" && r.folded == (e.Name == fyne.KeyRight) {
			p.choose(at)
			p.fold(r.fold, !r.folded)
		}
	default:
		return false
	}
	return true
}

func (p *Page) filterKey(k *fyne.KeyEvent) bool {
	switch k.Name {
	case fyne.KeyEscape:
		p.filter.SetText("")
		return true
	case fyne.KeyDown:
		if c := fyne.CurrentApp().Driver().CanvasForObject(p.list); c != nil {
			c.Focus(p.list)
		}
		return true
	}
	return false
}

// maxDetail bounds the pane below the rows, in bytes.
const maxDetail = 8000

// choose marks a row and says below what is known of it.
func (p *Page) choose(i int) {
	if i < 0 || i >= len(p.rows) || p.rows[i].head {
		return
	}
	p.chosen = i
	r := &p.rows[i]
	detail := r.detail
	if detail == "" {
		detail = strings.ReplaceAll(r.text(), "\t", "   ")
	}
	if len(detail) > maxDetail {
		detail = strings.ToValidUTF8(detail[:maxDetail], "") + "\n… more: copy the description to have all."
	}
	p.detail.SetText(detail)
	p.detailBox.ScrollToTop()
	p.list.Refresh()
}

// open does what the chosen row is for: a section folds, an endpoint is
// selected for the whole window, a moment takes the cursor.
func (p *Page) open() {
	if p.chosen < 0 || p.chosen >= len(p.rows) || p.view == nil {
		return
	}
	switch r := p.rows[p.chosen]; {
	case r.fold != "":
		p.fold(r.fold, !r.folded)
	case r.object != "":
		p.view.SelectObject(r.object)
		p.refresh()
	case !r.at.IsZero():
		p.view.Pin(r.at)
	}
}

func (p *Page) fold(key string, on bool) {
	p.folded[key] = on
	// The chosen row keeps its place: what changes is below.
	at := p.chosen
	p.rebuild()
	if at >= 0 && at < len(p.rows) && p.rows[at].fold == key {
		p.choose(at)
	}
}

// toggleAll folds all sections, or opens all where none is open.
func (p *Page) toggleAll() {
	open := false
	for i := range p.rows {
		open = open || p.rows[i].fold != "" && !p.rows[i].folded
	}
	for i := range p.rows {
		if key := p.rows[i].fold; key != "" {
			p.folded[key] = open
		}
	}
	p.foldAll.Set("", map[bool]string{true: "Open all", false: "Fold all"}[open])
	p.rebuild()
}

func (p *Page) showCopyMenu() {
	row := fyne.NewMenuItem("The chosen row", p.copyRow)
	row.Disabled = p.chosen < 0
	items := []*fyne.MenuItem{row, fyne.NewMenuItem("All rows shown as TSV", p.copyRows)}
	if p.one != nil {
		items = append(items, fyne.NewMenuItemSeparator(),
			fyne.NewMenuItem("The findings", p.copyFindings),
			fyne.NewMenuItem("The candidates as TSV", p.copyCandidates),
			fyne.NewMenuItem("The candidates as JSON", p.copyCandidatesJSON),
			fyne.NewMenuItemSeparator(),
			fyne.NewMenuItem("The left description, redacted", func() { p.copyDescription(0, false) }),
			fyne.NewMenuItem("The right description, redacted", func() { p.copyDescription(1, false) }),
			fyne.NewMenuItem("The left description, whole", func() { p.copyDescription(0, true) }),
			fyne.NewMenuItem("The right description, whole", func() { p.copyDescription(1, true) }))
	}
	d := fyne.CurrentApp().Driver()
	if c := d.CanvasForObject(p.copyMenu); c != nil {
		at := d.AbsolutePositionForObject(p.copyMenu)
		widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, at.AddXY(0, p.copyMenu.Size().Height))
	}
}

func toClipboard(s string) {
	if s != "" {
		fyne.CurrentApp().Clipboard().SetContent(s)
	}
}

func (p *Page) copyRow() {
	if p.chosen < 0 || p.chosen >= len(p.rows) {
		return
	}
	r := &p.rows[p.chosen]
	if r.detail != "" && r.kind != rowCheck && r.kind != rowUntimed && r.kind != rowEndpoint {
		toClipboard(r.detail)
		return
	}
	toClipboard(r.text())
}

func (p *Page) copyRows() { toClipboard(tableText(p.rows)) }

func (p *Page) copyFindings() {
	if p.one != nil {
		toClipboard(findingsText(p.one))
	}
}

func (p *Page) copyCandidates() {
	if p.one != nil {
		toClipboard(candidateTable(p.one, p.parsed))
	}
}

func (p *Page) copyCandidatesJSON() {
	if p.one != nil {
		toClipboard(view.PrettyJSON(candidateCopies(p.one, p.parsed)))
	}
}

// copyDescription copies one of the two descriptions that are compared: without
// ufrags, passwords and keys, or whole, byte by byte as the capture has it. That
// has pseudonyms in their place, unless it was told to keep secrets.
func (p *Page) copyDescription(side int, whole bool) {
	if p.one == nil {
		return
	}
	v := p.sdpView()
	d := []*negotiation.Version{v.left, v.right}[side]
	switch {
	case d == nil:
	case whole:
		toClipboard(d.Parsed.String())
	default:
		toClipboard(d.Parsed.Redacted())
	}
}
