package app

import (
	"fmt"
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// navigator is the tree on the left: what there is, and where trouble is.
type navigator struct {
	state   *view.State
	model   *view.Navigator
	rows    []view.NavRow
	list    *kit.List
	filter  *kit.Entry
	problem *canvas.Text // what is wrong with the filter
	count   *canvas.Text
	gone    *kit.Button
	hides   bool // what the button shows
	empty   *fyne.Container
	content fyne.CanvasObject
	shown   view.Selection // the selection that was last scrolled to
	current int            // row of the selection, -1 when it is not in the tree
	menu    func(view.NavRow) *fyne.Menu
	changed func() // a preference changed
}

// What stands in the empty filter, as there is room.
const ()

func newNavigator(s *view.State) *navigator {
	n := &navigator{state: s, model: view.NewNavigator(s), current: -1}
	n.filter = kit.NewEntry("filter: name, type, state, /regex/", "filter: name, /regex/", "filter")
	n.filter.OnChanged = func(string) { n.applyFilter() }
	n.filter.OnKey = func(k *fyne.KeyEvent) bool {
		switch k.Name {
		case fyne.KeyEscape:
			n.filter.SetText("")
			return true
		case fyne.KeyDown:
			if c := canvasOf(n.list); c != nil {
				c.Focus(n.list)
			}
			return true
		}
		return false
	}
	n.problem = kit.NewText("", theme.CaptionSize, color.Transparent)
	n.problem.Hide()
	n.count = kit.NewText("", theme.CaptionSize, color.Transparent)
	n.gone = kit.NewButton(kit.Flat, icon.Dead, "", func() {
		n.model.HideDead = !n.model.HideDead
		n.update()
		if n.changed != nil {
			n.changed()
		}
	})
	var list fyne.CanvasObject
	n.list, list = kit.NewList(func() int { return len(n.rows) }, n.create, n.fill)
	n.list.OnKey = n.key
	n.list.OnFocus = func(bool) { n.list.Refresh() }
	head := kit.WithMargin(kit.Margin{Top: 8, Left: 8, Right: 4, Bottom: 4},
		container.New(kit.Bar{Gap: 2, Stretch: 0}, n.filter, n.gone))
	top := container.NewVBox(head, kit.WithMargin(kit.Margin{Left: 12, Right: 8}, n.problem))
	n.empty = emptyNote("No servers yet", "Servers and opened captures are listed here, with their pipelines and elements.")
	n.content = kit.OnWindow(kit.WithMargin(kit.Margin{Right: 1}, container.NewBorder(top, nil, nil, nil, container.NewStack(list, n.empty))), kit.Right)
	return n
}

func canvasOf(o fyne.CanvasObject) fyne.Canvas {
	return fyne.CurrentApp().Driver().CanvasForObject(o)
}

func (n *navigator) create() fyne.CanvasObject {
	r := &navRow{
		onTap: func(row view.NavRow) {
			n.state.Select(row.Selection())
			if c := canvasOf(n.list); c != nil {
				c.Focus(n.list)
			}
		},
		onToggle: func(row view.NavRow) { n.open(row, !row.Open) },
		onMenu: func(row view.NavRow, at fyne.Position) {
			if c := canvasOf(n.list); c != nil && n.menu != nil {
				widget.ShowPopUpMenuAtPosition(n.menu(row), c, at)
			}
		},
	}
	r.ExtendBaseWidget(r)
	return r
}

func (n *navigator) fill(i int, o fyne.CanvasObject) {
	if r, ok := o.(*navRow); ok && i < len(n.rows) {
		r.set(n.rows[i], i == n.current, n.list.Focused())
	}
}

func (n *navigator) open(row view.NavRow, open bool) {
	n.model.SetOpen(row, open)
	n.update()
}

func (n *navigator) applyFilter() {
	f, err := view.ParseFilter(n.filter.Text)
	p := theme.Current()
	if err != nil {
		kit.SetText(n.problem, kit.Elide(err.Error(), theme.CaptionSize, fyne.TextStyle{}, n.content.Size().Width-24), p.Error)
		n.problem.Show()
		return // the rows stay as they are while somebody types
	}
	n.problem.Hide()
	n.model.SetFilter(f)
	n.update()
}

// key moves through the tree. Left closes or goes up, right opens or goes down.
func (n *navigator) key(e *fyne.KeyEvent) bool {
	if to, moves := kit.Move(e.Name, n.current, len(n.rows), n.list.PageRows(theme.RowHeight)); moves {
		n.state.Select(n.rows[to].Selection())
		n.update()
		return true
	}
	if n.current < 0 || n.current >= len(n.rows) {
		return false
	}
	row := n.rows[n.current]
	switch e.Name {
	case fyne.KeyRight:
		if row.Children && !row.Open {
			n.open(row, true)
		} else if row.Children && n.current+1 < len(n.rows) {
			n.state.Select(n.rows[n.current+1].Selection())
			n.update()
		}
	case fyne.KeyLeft:
		if row.Children && row.Open {
			n.open(row, false)
			return true
		}
		for i := n.current - 1; i >= 0; i-- {
			if n.rows[i].Depth < row.Depth {
				n.state.Select(n.rows[i].Selection())
				n.update()
				break
			}
		}
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		if row.Children {
			n.open(row, !row.Open)
		}
	default:
		return false
	}
	return true
}

// update shows what is new.
func (n *navigator) update() {
	visible(n.empty, len(n.state.Workspace().Sessions()) == 0)
	sel := n.state.Selection()
	fresh := sel != n.shown
	if fresh {
		n.model.Reveal(sel)
	}
	rows, current := n.model.Rows(), -1
	for i := range rows {
		if rows[i].Selection() == sel {
			current = i
			break
		}
	}
	// Every refresh has the whole window painted again: only for news.
	if n.current != current || !slices.Equal(rows, n.rows) {
		n.rows, n.current = rows, current
		n.list.Refresh()
	}
	if fresh && n.current >= 0 {
		n.list.ScrollTo(n.current)
		n.shown = sel
	}
	n.gone.SetTip(n.model.GoneTip())
	if n.model.HideDead != n.hides {
		n.hides = n.model.HideDead
		n.gone.WithTint(nil)
		if n.hides {
			n.gone.WithTint(func(p theme.Palette) color.NRGBA { return p.Accent })
		}
		n.gone.Refresh()
	}
	if n.filter.Text != "" && !n.problem.Visible() && n.model.Shown == 0 && len(n.state.Workspace().Sessions()) > 0 {
		kit.SetText(n.problem, fmt.Sprintf("nothing of %s matches", view.Plural(n.model.Total, "object")), theme.Current().Dim)
		n.problem.Show()
	} else if n.problem.Visible() && n.model.Shown > 0 {
		if _, err := view.ParseFilter(n.filter.Text); err == nil {
			n.problem.Hide()
		}
	}
}
