package gst

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"strings"
	"unicode"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"

	"kmscope/graph"
)

// WriteSVG writes a drawing as SVG, in which text stays text; diff marks what
// changed, and may be nil. Files are drawn on white: they are read in documents.
// Any goroutine.
func (g *Drawing) WriteSVG(w io.Writer, diff *Diff) error {
	k := g.fileScale(50_000)
	c := vgsvg.New(vg.Length(k*(g.W+2*fileMargin)), vg.Length(k*(g.H+2*fileMargin)))
	g.paint(c, diff, k, false)
	if _, err := c.WriteTo(w); err != nil {
		return fmt.Errorf("write the SVG: %w", err)
	}
	return nil
}

// WritePDF writes a drawing as one page of a PDF, in which text stays text.
// Characters beyond Western European ones become question marks. Any goroutine.
func (g *Drawing) WritePDF(w io.Writer, diff *Diff) error {
	k := g.fileScale(14_000) // readers refuse pages of more than 200 inches
	c := vgpdf.New(vg.Length(k*(g.W+2*fileMargin)), vg.Length(k*(g.H+2*fileMargin)))
	g.paint(c, diff, k, true)
	if _, err := c.WriteTo(w); err != nil {
		return fmt.Errorf("write the PDF: %w", err)
	}
	return nil
}

const fileMargin = 16.0

// fileScale makes a drawing fit a file whose sides are bounded, in points.
func (g *Drawing) fileScale(most float64) float64 {
	return min(1, most/(max(g.W, g.H, 1)+2*fileMargin))
}

// The colours of files: those of the light theme.
var (
	inkText    = color.NRGBA{0x1d, 0x24, 0x30, 255}
	inkDim     = color.NRGBA{0x66, 0x70, 0x85, 255}
	inkLine    = color.NRGBA{0xc4, 0xcb, 0xd6, 255}
	inkBox     = color.NRGBA{0xee, 0xf1, 0xf5, 255}
	inkVideo   = color.NRGBA{0x00, 0x72, 0xb2, 255}
	inkAudio   = color.NRGBA{0xb2, 0x6a, 0x00, 255}
	inkOK      = color.NRGBA{0x17, 0x8a, 0x5b, 255}
	inkWarning = color.NRGBA{0xa3, 0x6a, 0x00, 255}
	inkError   = color.NRGBA{0xc4, 0x36, 0x2d, 255}
	inkAccent  = color.NRGBA{0x1a, 0x6f, 0xc4, 255}
)

func stateInk(s State) color.Color {
	switch s {
	case Playing:
		return inkOK
	case Paused:
		return inkWarning
	case Ready:
		return inkAccent
	case Null:
		return inkError
	}
	return inkDim
}

func changeInk(c Change, otherwise color.Color) color.Color {
	switch c {
	case Added:
		return inkOK
	case Removed:
		return inkError
	case Changed:
		return inkWarning
	}
	return otherwise
}

// pen draws on a file's canvas with y downwards.
type pen struct {
	vg.Canvas
	k, h  float64 // points of the file per point of the drawing, height of the file
	fonts *font.Cache
	pdf   bool
}

func (p *pen) at(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(p.k * (x + fileMargin)), Y: vg.Length(p.h - p.k*(y+fileMargin))}
}

func (p *pen) box(x, y, w, h float64) vg.Path {
	var out vg.Path
	out.Move(p.at(x, y))
	out.Line(p.at(x+w, y))
	out.Line(p.at(x+w, y+h))
	out.Line(p.at(x, y+h))
	out.Close()
	return out
}

func (p *pen) fill(path vg.Path, c color.Color) {
	p.SetColor(c)
	p.Fill(path)
}

func (p *pen) stroke(path vg.Path, c color.Color, width float64, dash ...vg.Length) {
	p.SetColor(c)
	p.SetLineWidth(vg.Length(p.k * width))
	for i := range dash {
		dash[i] *= vg.Length(p.k)
	}
	p.SetLineDash(dash, 0)
	p.Stroke(path)
}

func (p *pen) dot(x, y, r float64, c color.Color) {
	var out vg.Path
	m := p.at(x, y)
	out.Move(vg.Point{X: m.X + vg.Length(p.k*r), Y: m.Y})
	out.Arc(m, vg.Length(p.k*r), 0, 2*math.Pi)
	out.Close()
	p.fill(out, c)
}

// text writes from x on, or up to x with right, and gives its width.
func (p *pen) text(s string, x, y, size float64, bold, right bool, c color.Color) float64 {
	f := font.Font{Typeface: "Liberation", Variant: "Sans"}
	if bold {
		f.Weight = xfont.WeightBold
	}
	face := p.fonts.Lookup(f, vg.Length(p.k*size))
	s = plain(s)
	w := float64(face.Width(s)) / p.k
	if bold && p.pdf { // vgpdf finds only fonts that call themselves regular
		face.Font.Variant, face.Font.Weight = "SansBold", xfont.WeightNormal
	}
	if right {
		x -= w
	}
	p.SetColor(c)
	p.FillString(face, p.at(x, y), s)
	return w
}

// plain leaves the characters that every font of the files has.
func plain(s string) string {
	s = strings.NewReplacer("→", "->", "−", "-").Replace(s)
	return strings.Map(func(r rune) rune {
		switch {
		case r == '…' || r >= 0xa0 && r <= 0xff || r >= ' ' && r < 0x7f:
			return r
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		}
		return '?'
	}, s)
}

func (g *Drawing) paint(c vg.Canvas, diff *Diff, k float64, pdf bool) {
	p := &pen{Canvas: c, k: k, h: k * (g.H + 2*fileMargin), fonts: font.NewCache(liberation.Collection()), pdf: pdf}
	p.fill(p.box(-fileMargin, -fileMargin, g.W+2*fileMargin, g.H+2*fileMargin), color.White)
	d := g.Dump
	change := func(element, link int) Change {
		switch {
		case diff == nil:
			return Same
		case link >= 0:
			return diff.Links[link]
		}
		return diff.Elements[element]
	}
	rim := func(b *Box) {
		c := change(b.Element, -1)
		width := 0.8
		if c != Same {
			width = 2
		}
		p.stroke(p.box(b.X, b.Y, b.W, b.H), changeInk(c, inkLine), width)
	}
	for i := range g.Boxes {
		b := &g.Boxes[i]
		if !b.Open {
			continue
		}
		e := &d.Elements[b.Element]
		ground := color.NRGBA{0xff, 0xff, 0xff, 255}
		for up := e.Parent; up >= 0; up = d.Elements[up].Parent {
			ground.R, ground.G, ground.B = ground.R^0x08, ground.G^0x06, ground.B^0x04
		}
		p.fill(p.box(b.X, b.Y, b.W, b.H), ground)
		rim(b)
		w := p.text(short(e.Name, 60), b.X+9, b.Y+17, TitleSize, true, false, inkText)
		p.state(e, b.X+17+w, b.Y+17)
	}
	for i := range g.Wires {
		g.wire(p, i, change(-1, g.Wires[i].Link))
	}
	for i := range g.Boxes {
		if b := &g.Boxes[i]; !b.Open {
			e := &d.Elements[b.Element]
			p.fill(p.box(b.X, b.Y, b.W, b.H), inkBox)
			if e.State != StateUnknown {
				p.fill(p.box(b.X, b.Y, 3, b.H), stateInk(e.State))
			}
			rim(b)
			p.text(short(e.Name, 40), b.X+9, b.Y+18, TitleSize, true, false, inkText)
			p.state(e, b.X+9, b.Y+18+HeaderLine)
			for n := 1; n < len(b.Lines); n++ {
				p.text(b.Lines[n], b.X+9, b.Y+18+HeaderLine*float64(n+1), SmallSize, false, false, inkDim)
			}
		}
	}
	for i := range g.Boxes {
		for _, n := range d.Elements[g.Boxes[i].Element].Pads {
			pt, ok := g.Pads[n]
			if !ok {
				continue
			}
			q := &d.Pads[n]
			ink := inkDim
			if q.Stops() {
				ink = inkWarning
			}
			p.dot(pt.X, pt.Y, 3, ink)
			x := pt.X + 6
			if q.Gives {
				x = pt.X - 6
			}
			p.text(short(q.Name, 24), x, pt.Y+3, PadSize, false, q.Gives, ink)
		}
	}
}

// state writes type and state of an element.
func (p *pen) state(e *Element, x, y float64) {
	x += p.text(e.ShortType(), x, y, SmallSize, false, false, inkDim)
	if e.State == StateUnknown {
		return
	}
	p.dot(x+9, y-3.4, 2.8, stateInk(e.State))
	word := e.State.String()
	if e.Pending != StateUnknown {
		word += " → " + e.Pending.String()
	}
	p.text(word, x+15, y, SmallSize, false, false, stateInk(e.State))
}

// wire draws a link with its word.
func (g *Drawing) wire(p *pen, i int, c Change) {
	w := &g.Wires[i]
	l := &g.Dump.Links[w.Link]
	ink, width, dash := color.Color(inkDim), 1.2, []vg.Length(nil)
	switch l.Caps.Medium() {
	case "video":
		ink = inkVideo
	case "audio":
		ink, dash = inkAudio, []vg.Length{5, 3}
	}
	if l.Negotiated() == Open {
		ink, dash = inkError, []vg.Length{2, 4}
	}
	if c != Same {
		ink, width = changeInk(c, ink), 2.2
	}
	var path vg.Path
	path.Move(p.at(w.Path[0].X, w.Path[0].Y))
	for k := 1; k+2 < len(w.Path); k += 3 {
		path.CubeTo(p.at(w.Path[k].X, w.Path[k].Y), p.at(w.Path[k+1].X, w.Path[k+1].Y), p.at(w.Path[k+2].X, w.Path[k+2].Y))
	}
	p.stroke(path, ink, width, dash...)
	last := len(w.Path) - 1
	g.arrow(p, w.Path[last-1], w.Path[last], ink)
	at := middle(w.Path)
	p.text(l.Label(), at.X-float64(len(l.Label()))*2, at.Y-4, PadSize-1, false, false, ink)
}

// arrow draws the head at the end of a link.
func (g *Drawing) arrow(p *pen, from, tip graph.Point, c color.Color) {
	dx, dy := tip.X-from.X, tip.Y-from.Y
	l := math.Hypot(dx, dy)
	if l == 0 {
		return
	}
	dx, dy = dx/l, dy/l
	tip.X -= 3 * dx
	tip.Y -= 3 * dy
	var path vg.Path
	path.Move(p.at(tip.X, tip.Y))
	path.Line(p.at(tip.X-6*dx-2.8*dy, tip.Y-6*dy+2.8*dx))
	path.Line(p.at(tip.X-6*dx+2.8*dy, tip.Y-6*dy-2.8*dx))
	path.Close()
	p.fill(path, c)
}

// middle gives the middle of the first piece of a curve: where the words of a
// long link are looked for.
func middle(path []graph.Point) graph.Point {
	a, b, c, d := path[0], path[1], path[2], path[3]
	return graph.Point{X: (a.X + 3*b.X + 3*c.X + d.X) / 8, Y: (a.Y + 3*b.Y + 3*c.Y + d.Y) / 8}
}
