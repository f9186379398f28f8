package chartpage

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// The bounds of the table.
const (
	maxRows     = 3000
	trendPoints = 150 // of the small picture of a row
)

// tableRow is one series with what it came to within the range.
type tableRow struct {
	Key            stats.Key
	Element        string // its name
	Figure         string
	Unit           stats.Unit
	Min, Mean, Max float64
	Points         []stats.Point
	Low, High      []float64 // as of a chartLine
	words          string    // for the filter, small letters
	Phantom        bool      // of a stream of which no packet ever came
}

// gatherTable reads the series of what is selected, or of everything. Any
// goroutine.
func gatherTable(ctx context.Context, q chartQuery, snap *inventory.Snapshot) (rows []tableRow, phantoms int, empty string) {
	store := q.session.Stats()
	if store == nil {
		return nil, 0, "No statistics yet: nothing was sampled."
	}
	offset, _ := store.ClockOffset()
	elements := q.tableElements(store)
	unreal, phantoms := phantomsOf(store, elements)
	if q.object == "" || q.object == inventory.ManagerID {
		elements = append(slices.DeleteFunc(elements, func(id string) bool { return id == inventory.ManagerID }), inventory.ManagerID)
	}
	for _, id := range elements {
		name := view.ObjectName(snap, id)
		if id == inventory.ManagerID {
			name = "server"
		}
		for _, z := range store.Zoom(stats.Query{Element: id, From: q.from.Add(offset), To: q.to.Add(offset), MaxPoints: trendPoints}) {
			if len(rows) == maxRows || ctx.Err() != nil {
				return rows, phantoms, ""
			}
			if row, ok := rowOf(z, offset); ok {
				row.Element = name
				row.words = strings.ToLower(name + "\n" + row.Figure + "\n" + row.media() + "\n" + string(row.Key.Dir) + "\n" + id)
				rows = append(rows, row)
			}
		}
	}
	rows = append(rows, browserRows(q.besides.Of(q.session), elements, q.from, q.to, func(id string) string { return view.ObjectName(snap, id) })...)
	if q.phantoms {
		rows = append(rows, phantomRows(unreal, offset, func(id string) string { return view.ObjectName(snap, id) })...)
	}
	if len(rows) == 0 {
		return nil, phantoms, "No figures in this range. Choose a longer one, select something else, or follow the end."
	}
	return rows, phantoms, ""
}

// rowOf sums a series up; false when it has no value.
func rowOf(z stats.Zoom, offset time.Duration) (tableRow, bool) {
	row := tableRow{Key: z.Key, Unit: z.Unit, Min: math.Inf(1), Max: math.Inf(-1)}
	row.Figure = z.Metric
	if m, ok := stats.MetricOf(z.Metric); ok {
		row.Figure = m.Label
	}
	if z.Stream != "" && z.Media == "" {
		row.Figure += " …" + z.Stream[max(len(z.Stream)-4, 0):]
	}
	sum, n := 0.0, 0
	for _, b := range z.Buckets {
		if math.IsNaN(b.Mean) || math.IsInf(b.Mean, 0) {
			continue
		}
		row.Min, row.Max = min(row.Min, b.Min), max(row.Max, b.Max)
		sum += b.Mean * float64(b.N)
		n += b.N
	}
	if n == 0 {
		return row, false
	}
	row.Mean = sum / float64(n)
	var ends spread
	row.Points, ends = pointsOf(z.Buckets, offset)
	row.Low, row.High = ends.low, ends.high
	return row, true
}

func (r *tableRow) media() string { return surface.MediaWord(inventory.Media(r.Key.Media)) }

// now is the value at the cursor, or the present one.
func (r *tableRow) now(ct surface.TimeAxis) (float64, bool) {
	p, ok := reading(r.Points, ct)
	return p.V, ok
}

// The columns of the table, in their order.
const (
	colElement = iota
	colFigure
	colMedia
	colDir
	colNow
	colMin
	colMean
	colMax
	colTrend
	columnCount
)

var columnTitles = [columnCount]string{"Element", "Figure", "Medium", "Way", "Now", "Min", "Mean", "Max", "Trend"}

// table is the figures as rows. Interface goroutine.
type table struct {
	page   *Page
	all    []tableRow
	rows   []tableRow // filtered and sorted
	empty  string
	filter view.Filter
	bad    string // why the filter is none
	sortBy int
	down   bool
	scroll float64
	chosen stats.Key
	hover  int // row, -1: none
	height float64
	// phantoms counts those of what is looked at, shown or not.
	phantoms int
}

// take shows new rows.
func (t *table) take(rows []tableRow, empty string) {
	t.all, t.empty = rows, empty
	t.sort()
}

// begin gives where the trends begin: with the range, or with the first value of
// any of them.
func (t *table) begin(ct surface.TimeAxis) time.Time {
	first := ct.To
	for i := range t.all {
		if at := t.all[i].Points[0].At; at.Before(first) {
			first = at
		}
	}
	return maxTime(ct.From, first)
}

// setFilter is told what was typed.
func (t *table) setFilter(text string) {
	f, err := view.ParseFilter(text)
	t.bad = ""
	if err != nil {
		t.bad = err.Error()
	} else {
		t.filter = f
	}
	t.scroll = 0
	t.sort()
	t.page.surface.Repaint()
}

// sort filters and sorts; rows that are equal stay as the catalogue has them.
func (t *table) sort() {
	t.rows = t.rows[:0]
	for _, r := range t.all {
		if t.filter.Match(r.words) {
			t.rows = append(t.rows, r)
		}
	}
	ct := t.page.time
	value := func(r *tableRow) float64 {
		switch t.sortBy {
		case colMin:
			return r.Min
		case colMean:
			return r.Mean
		case colMax:
			return r.Max
		}
		if v, ok := r.now(ct); ok {
			return v
		}
		return math.Inf(-1)
	}
	slices.SortStableFunc(t.rows, func(a, b tableRow) int {
		d := 0
		switch t.sortBy {
		case colElement:
			d = strings.Compare(a.Element, b.Element)
		case colFigure:
			d = strings.Compare(a.Figure, b.Figure)
		case colMedia:
			d = cmp.Compare(mediaOrder(inventory.Media(a.Key.Media)), mediaOrder(inventory.Media(b.Key.Media)))
		case colDir:
			d = strings.Compare(string(a.Key.Dir), string(b.Key.Dir))
		case colTrend:
		default:
			// Values of one unit stand together: 30 ms are neither more nor less
			// than 2 %.
			if d = strings.Compare(string(a.Unit), string(b.Unit)); d != 0 {
				return d
			}
			d = cmp.Compare(value(&a), value(&b))
		}
		if t.down {
			d = -d
		}
		return d
	})
	t.hold()
}

// sortOn sorts by a column; a second time the other way round. Values begin
// with the largest: that is what people look for.
func (t *table) sortOn(column int) {
	if column == colTrend {
		return
	}
	if t.sortBy == column {
		t.down = !t.down
	} else {
		t.sortBy, t.down = column, column >= colNow
	}
	t.sort()
}

func (t *table) hold() {
	t.scroll = min(max(t.scroll, 0), max(t.full()-t.height, 0))
}

// full is the height of everything.
func (t *table) full() float64 {
	rows := len(t.rows)
	if t.phantoms > 0 {
		rows++ // the line that shows and hides them
	}
	return headHeight + float64(rows)*rowHeight
}

func (t *table) scrollBy(d float64) {
	t.scroll += d
	t.hold()
}

func (t *table) hovered(pos fyne.Position) {
	if i, ok := t.rowAt(pos); !ok && i != len(t.rows) {
		t.hover = -1
	} else {
		t.hover = i
	}
	t.page.surface.Repaint()
}

func (t *table) rowAt(pos fyne.Position) (int, bool) {
	i := int((float64(pos.Y) - headHeight + t.scroll) / rowHeight)
	return i, float64(pos.Y) >= headHeight && i >= 0 && i < len(t.rows)
}

// chosenRow gives the place of the chosen row; -1 is none.
func (t *table) chosenRow() int {
	return slices.IndexFunc(t.rows, func(r tableRow) bool { return r.Key == t.chosen })
}

// choose chooses a row and has it in view.
func (t *table) choose(i int) {
	if i < 0 || i >= len(t.rows) {
		return
	}
	t.chosen = t.rows[i].Key
	y := float64(i) * rowHeight
	t.scroll = min(t.scroll, y)
	t.scroll = max(t.scroll, y+rowHeight-(t.height-headHeight))
	t.hold()
}

// tsv gives the rows as text that a spreadsheet takes: plain numbers in the unit
// that is named.
func (t *table) tsv(rows []tableRow) string {
	var b strings.Builder
	b.WriteString("element\tfigure\tmedium\tdirection\tstream\tunit\tnow\tmin\tmean\tmax\n")
	clean := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	for i := range rows {
		r := &rows[i]
		now := ""
		if v, ok := r.now(t.page.time); ok {
			now = number(v)
		}
		for _, s := range []string{r.Element, r.Figure, r.media(), string(r.Key.Dir), r.Key.Stream, string(r.Unit), now, number(r.Min), number(r.Mean)} {
			b.WriteString(clean.Replace(s) + "\t")
		}
		b.WriteString(number(r.Max) + "\n")
	}
	return b.String()
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 7, 64) }

// json gives the rows as a list of objects.
func (t *table) json(rows []tableRow) string {
	type out struct {
		Element string   `json:"element"`
		ID      string   `json:"id"`
		Metric  string   `json:"metric"`
		Media   string   `json:"media,omitempty"`
		Dir     string   `json:"direction,omitempty"`
		Stream  string   `json:"stream,omitempty"`
		Unit    string   `json:"unit"`
		Now     *float64 `json:"now"`
		Min     float64  `json:"min"`
		Mean    float64  `json:"mean"`
		Max     float64  `json:"max"`
	}
	list := make([]out, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		o := out{Element: r.Element, ID: r.Key.Element, Metric: r.Key.Metric, Media: r.Key.Media, Dir: string(r.Key.Dir), Stream: r.Key.Stream,
			Unit: string(r.Unit), Min: r.Min, Mean: r.Mean, Max: r.Max}
		if v, ok := r.now(t.page.time); ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
			o.Now = &v
		}
		list = append(list, o)
	}
	b, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return "" // there are no values in it that JSON has not
	}
	return string(b)
}

// copyTable copies the rows in view of the filter. The table need not be shown:
// then it is read now.
func (p *Page) copyTable(asJSON bool) {
	if p.view == nil || p.server == nil {
		return
	}
	if !p.asTable {
		q := p.asked
		q.from, q.to = p.time.From, p.time.To
		rows, _, empty := gatherTable(context.Background(), q, p.server.Snapshot())
		p.table.take(rows, empty)
	}
	p.copyRows(p.table.rows, asJSON)
}

func (p *Page) copyRows(rows []tableRow, asJSON bool) {
	text := p.table.tsv(rows)
	if asJSON {
		text = p.table.json(rows)
	}
	fyne.CurrentApp().Clipboard().SetContent(text)
}

func (p *Page) tableClicked(pos fyne.Position, secondary bool) {
	t := &p.table
	if float64(pos.Y) < headHeight {
		t.sortOn(t.columnAt(float64(pos.X)))
		p.surface.Repaint()
		return
	}
	i, ok := t.rowAt(pos)
	if !ok {
		if i == len(t.rows) && t.phantomWord() != "" {
			p.showPhantoms(!p.phantoms)
		}
		return
	}
	t.choose(i)
	if secondary {
		p.rowMenu(i, pos)
	}
	p.surface.Repaint()
}

// tableDoubled selects the element of a row; on a title it is one more click.
func (p *Page) tableDoubled(pos fyne.Position) {
	if float64(pos.Y) < headHeight {
		p.tableClicked(pos, false)
		return
	}
	if i, ok := p.table.rowAt(pos); ok {
		p.selectRow(i)
	}
}

func (p *Page) selectRow(i int) {
	if i >= 0 && i < len(p.table.rows) && p.view != nil && p.table.rows[i].Key.Element != inventory.ManagerID {
		p.view.SelectObject(p.table.rows[i].Key.Element)
		p.refresh()
	}
}

func (p *Page) rowMenu(i int, pos fyne.Position) {
	c := fyne.CurrentApp().Driver().CanvasForObject(p.surface)
	if c == nil {
		return
	}
	row := p.table.rows[i]
	m := fyne.NewMenu("",
		fyne.NewMenuItem("Copy the row as text", func() { p.copyRows([]tableRow{row}, false) }),
		fyne.NewMenuItem("Copy the row as JSON", func() { p.copyRows([]tableRow{row}, true) }),
		fyne.NewMenuItem("Copy all rows as text (TSV)", func() { p.copyTable(false) }),
		fyne.NewMenuItem("Copy all rows as JSON", func() { p.copyTable(true) }),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Show as a chart", func() {
			p.showTable(false)
			p.chooseMetric(row.Key.Metric)
		}))
	if row.Key.Element != inventory.ManagerID {
		m.Items = append(m.Items, fyne.NewMenuItem("Select "+row.Element+"  (Enter)", func() { p.selectRow(i) }))
	}
	widget.NewPopUpMenu(m, c).ShowAtRelativePosition(pos, p.surface)
}

func (p *Page) tableKey(k fyne.KeyName) bool {
	t := &p.table
	page := max(int((t.height-headHeight)/rowHeight), 1)
	at := t.chosenRow()
	switch k {
	case fyne.KeyUp:
		t.choose(max(at-1, 0))
	case fyne.KeyDown:
		t.choose(min(at+1, len(t.rows)-1))
	case fyne.KeyPageUp:
		t.choose(max(at-page, 0))
	case fyne.KeyPageDown:
		t.choose(min(max(at, 0)+page, len(t.rows)-1))
	case fyne.KeyHome:
		t.choose(0)
	case fyne.KeyEnd:
		t.choose(len(t.rows) - 1)
	case fyne.KeyReturn, fyne.KeyEnter:
		p.selectRow(at)
	case fyne.KeyLeft, fyne.KeyRight:
		p.step(k == fyne.KeyRight)
	case fyne.KeyEscape:
		p.follow()
	case fyne.KeySpace:
		p.togglePause()
	default:
		return false
	}
	p.surface.Repaint()
	return true
}
