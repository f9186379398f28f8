package graph

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"kmscope/inventory"
)

// The painter of SVG. It draws what the window draws, in the same hues and
// dashes, as plain shapes with attributes of their own: style sheets, clip paths
// and markers are where viewers of SVG differ. Text stays text; as nobody knows
// the fonts of the reader, its width is estimated, and boxes are made wide
// enough beforehand (FitText).

// svgLook is the table of colours of one variant: the values of the window's
// palette, which this room may not import.
type svgLook struct {
	background, frame, raised, line, text, dim, port, onAccent string
	video, audio, data                                         string
	ok, warning, bad, stopped                                  string
}

var (
	light = svgLook{
		background: "#f6f7f9", frame: "#f9fafb", raised: "#eef1f5", line: "#d8dde5", text: "#1d2430", dim: "#646e83",
		port: "#a5acba", onAccent: "#ffffff", video: "#0072b2", audio: "#9f5e00", data: "#a6407f",
		ok: "#157d52", warning: "#976200", bad: "#c4362d", stopped: "#a34a4c",
	}
	dark = svgLook{
		background: "#14171c", frame: "#16191f", raised: "#20252e", line: "#2b313c", text: "#d9dee7", dim: "#8b95a5",
		port: "#565e6b", onAccent: "#0d1117", video: "#56b4e9", audio: "#e69f00", data: "#cc79a7",
		ok: "#3fb27f", warning: "#f0b429", bad: "#e75f57", stopped: "#c66a6b",
	}
)

// Distances within the picture, in points.
const (
	svgMargin     = 24
	svgLegend     = 34 // height of the line below the graph
	svgTitleSize  = 13
	svgSmallSize  = 10.5
	svgFrameSize  = 12.5
	maxFitWidth   = 320
	svgLabelRoom  = 37 + 10 // left of the label is the icon, right of it air
	svgStatesRoom = 12 + 10
)

// FitText makes the boxes of a graph as wide as their text needs, within
// bounds: for WriteSVG, before Layout. It gives a copy.
func (g *Graph) FitText() *Graph {
	out := g.clone()
	for i := range out.Nodes {
		n := &out.Nodes[i]
		w := max(textWidth(n.Label, svgTitleSize*boldRatio)+svgLabelRoom,
			textWidth(strings.TrimSpace(n.Sub+"   "+n.LatencyWord()), svgSmallSize)+svgLabelRoom, textWidth(n.Summary, svgSmallSize)+svgStatesRoom)
		n.W = min(max(DefaultNodeWidth, math.Ceil(w)), maxFitWidth)
	}
	return out
}

// WriteSVG draws a placed graph, in the light or the dark variant of the
// window's colours. Text stays text, whatever a server sent is escaped, and the
// result is well-formed XML for any graph. Edges without a path are left out.
// The error is that of w. Any goroutine.
func (g *Graph) WriteSVG(w io.Writer, onDark bool) error {
	p := &svgPainter{Writer: bufio.NewWriter(w), svgLook: &light}
	if onDark {
		p.svgLook = &dark
	}
	width, height := max(sane(g.W), 200)+2*svgMargin, max(sane(g.H), 40)+2*svgMargin
	if len(g.Edges) > 0 {
		height += svgLegend
		width = max(width, legendWidth)
	}
	p.printf(`<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="%s %s %s %s" stroke="none" font-family="Inter, system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif">
`, num(width), num(height), num(-svgMargin), num(-svgMargin), num(width), num(height))
	p.printf("<title>%s</title>\n", esc(g.Sum()))
	p.printf(`<rect x="%s" y="%s" width="%s" height="%s" fill="%s"/>`+"\n", num(-svgMargin), num(-svgMargin), num(width), num(height), p.background)
	for i := range g.Frames {
		p.frameBox(&g.Frames[i])
	}
	for _, flowing := range []bool{false, true} { // what flows on top
		for i := range g.Edges {
			if e := &g.Edges[i]; (e.Flow == Flowing) == flowing {
				p.edge(e)
			}
		}
	}
	for i := range g.Edges {
		p.word(&g.Edges[i])
	}
	for i := range g.Nodes {
		p.node(&g.Nodes[i])
	}
	if len(g.Frames) == 0 {
		p.text("no pipelines", 0, 20, svgTitleSize, p.dim, "")
	}
	if len(g.Edges) > 0 {
		p.legend(max(sane(g.H), 40) + svgLegend)
	}
	p.printf("</svg>\n")
	return p.Flush()
}

type svgPainter struct {
	*bufio.Writer
	*svgLook
	words []box // where words stand on edges
}

// printf writes; bufio keeps the error for Flush.
func (p *svgPainter) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

func (p *svgPainter) text(s string, x, y, size float64, hue, more string) {
	if s != "" {
		p.printf(`<text x="%s" y="%s" font-size="%s" fill="%s"%s>%s</text>`+"\n", num(x), num(y), num(size), hue, more, esc(s))
	}
}

const bold = ` font-weight="600"`

func (p *svgPainter) frameBox(f *Frame) {
	x, y, w, h := sane(f.X), sane(f.Y), sane(f.W), sane(f.H)
	p.printf(`<g><title>%s</title>`+"\n", esc(f.ID))
	p.printf(`<rect x="%s" y="%s" width="%s" height="%s" rx="8" fill="%s" stroke="%s"/>`+"\n", num(x), num(y), num(w), num(h), p.frame, p.line)
	name := f.Label
	if f.ID != "" {
		name = "pipeline " + strings.TrimPrefix(name, "MediaPipeline ")
	}
	name = fit(name, svgFrameSize*boldRatio, w-28)
	p.text(name, x+14, y+22, svgFrameSize, p.svgLook.text, bold)
	at := x + 14 + textWidth(name, svgFrameSize*boldRatio) + 16
	note := strconv.Itoa(f.Elements) + " elements"
	switch {
	case f.Dead:
		note = "gone"
	case f.Elements == 1:
		note = "1 element"
	case f.Elements == 0:
		note = "no elements"
	}
	if f.Errors > 0 && !f.Dead {
		note += fmt.Sprintf(" · errors: %d", f.Errors)
	}
	if w := f.zombieWord(); w != "" && f.Elements > 0 {
		note = w + " · " + note
	} else if w != "" {
		note = w
	}
	if f.Note != "" {
		note += " · " + f.Note
	}
	p.text(fit(note, svgSmallSize, x+w-14-at), at, y+22, svgSmallSize, p.dim, "")
	p.printf("</g>\n")
}

func (p *svgPainter) node(n *Node) {
	x, y, w, h := sane(n.X), sane(n.Y), sane(n.W), sane(n.H)
	fill, line, text := p.raised, p.line, p.svgLook.text
	if n.Dead {
		fill, text = p.frame, p.dim
	} else if n.Health == HealthError {
		line = p.bad
	}
	p.printf(`<g><title>%s</title>`+"\n", esc(n.ID))
	p.printf(`<rect x="%s" y="%s" width="%s" height="%s" rx="6" fill="%s" stroke="%s"/>`+"\n", num(x), num(y), num(w), num(h), fill, line)
	p.icon(n.Kind, x+20, y+21)
	room := w - svgLabelRoom
	p.text(fit(n.Label, svgTitleSize*boldRatio, room), x+37, y+19, svgTitleSize, text, bold)
	sub := n.Sub
	if sub == n.Label { // nobody named it: say what it is instead
		sub = n.Kind.String()
	}
	if latency := n.LatencyWord(); latency != "" {
		sub += " · " + latency
	}
	p.text(fit(sub, svgSmallSize, room), x+37, y+33, svgSmallSize, p.dim, "")
	hue := p.dim
	if !n.Dead {
		hue = p.health(n.Health)
	}
	p.text(fit(n.Summary, svgSmallSize, w-svgStatesRoom), x+12, y+h-8.5, svgSmallSize, hue, "")
	right := x + w + 4
	if n.Errors > 0 && !n.Dead {
		right = p.pill(strconv.Itoa(n.Errors), right, y-8, p.bad) - 3
	}
	if n.Transcoding {
		p.pill("transcodes", right, y-8, p.warning)
	}
	p.printf("</g>\n")
}

func (p *svgPainter) health(h Health) string {
	switch h {
	case HealthOK:
		return p.ok
	case HealthWarning:
		return p.warning
	case HealthError:
		return p.bad
	}
	return p.dim
}

// pill draws a badge that ends at right, and gives the x where it begins.
func (p *svgPainter) pill(s string, right, y float64, hue string) float64 {
	w := max(textWidth(s, 10*boldRatio)+14, 24)
	p.printf(`<rect x="%s" y="%s" width="%s" height="16" rx="8" fill="%s"/>`+"\n", num(right-w), num(y), num(w), hue)
	p.text(s, right-w/2, y+11.5, 10, p.onAccent, bold+` text-anchor="middle"`)
	return right - w
}

func (p *svgPainter) icon(k Kind, x, y float64) {
	const r = 9
	p.printf(`<circle cx="%s" cy="%s" r="%d" fill="none" stroke="%s"/>`+"\n", num(x), num(y), r, p.dim)
	letter := ""
	switch k {
	case WebRTC:
		letter = "W"
	case RTP:
		letter = "R"
	case HTTP:
		letter = "h"
	case Filter:
		letter = "F"
	case Hub:
		letter = "H"
	case HubPort:
		letter = "P"
	case PipelineKind:
		letter = "≡"
	case Player:
		p.printf(`<path d="M%s %sL%s %sL%s %sZ" fill="%s"/>`+"\n", num(x-2.5), num(y-4), num(x+4.5), num(y), num(x-2.5), num(y+4), p.dim)
	case Recorder:
		p.printf(`<circle cx="%s" cy="%s" r="3.8" fill="%s"/>`+"\n", num(x), num(y), p.dim)
	case PassThrough:
		letter = "→"
	default:
		letter = "?"
	}
	p.text(letter, x, y+3.5, 10, p.dim, bold+` text-anchor="middle"`)
}

// edgeLook gives the hue, the width and the dashes of an edge, as in the window:
// by medium, and by whether it flows.
func (p *svgPainter) edgeLook(media inventory.Media, flow Flow) (hue string, width float64, dash string) {
	switch flow {
	case NotFlowing:
		return p.stopped, 1.2, "3 6"
	case Flowing:
		switch media {
		case inventory.Video:
			return p.video, 1.8, ""
		case inventory.Audio:
			return p.audio, 1.8, "5 5"
		case inventory.Data:
			return p.data, 1.8, "8 4 0.1 4"
		}
		return p.dim, 1.8, ""
	}
	return p.dim, 1.2, "0.1 4.5"
}

func stroke(hue string, width float64, dash string) string {
	s := fmt.Sprintf(`fill="none" stroke="%s" stroke-width="%s" stroke-linecap="round"`, hue, num(width))
	if dash != "" {
		s += ` stroke-dasharray="` + dash + `"`
	}
	return s
}

func (p *svgPainter) edge(e *Edge) {
	n := len(e.Path)
	if n < 2 {
		return
	}
	for _, q := range e.Path {
		if sane(q.X) != q.X || sane(q.Y) != q.Y {
			return
		}
	}
	end := e.Path[n-1]
	if e.PartOf {
		p.printf(`<path d="%s" %s/>`+"\n", pathData(e.Path, end), stroke(p.port, 1, ""))
		return
	}
	hue, width, dash := p.edgeLook(e.Media, e.Flow)
	p.printf(`<g><title>%s, %s</title>`+"\n", esc(edgeWord(e)), e.Flow)
	// The line ends inside the head, so that its round end does not stick out.
	before := e.Path[n-2]
	dx, dy := end.X-before.X, end.Y-before.Y
	if d := math.Hypot(dx, dy); d > 0 {
		dx, dy = dx/d, dy/d
		const size = 8
		p.printf(`<path d="M%s %sL%s %sL%s %sZ" fill="%s"/>`+"\n", num(end.X), num(end.Y),
			num(end.X-size*dx-size*0.4*dy), num(end.Y-size*dy+size*0.4*dx),
			num(end.X-size*dx+size*0.4*dy), num(end.Y-size*dy-size*0.4*dx), hue)
		end = Point{end.X - dx*size*0.8, end.Y - dy*size*0.8}
	}
	p.printf(`<path d="%s" %s/>`+"\n", pathData(e.Path, end), stroke(hue, width, dash))
	p.printf("</g>\n")
}

// wordPlaces are where on an edge its word may stand, best first: of video and
// other media, and of audio.
var wordPlaces = [2][]float64{{0.46, 0.38, 0.56, 0.3, 0.64}, {0.56, 0.64, 0.46, 0.7, 0.36}}

// word writes on an edge what is to be said of it, where no other word stands:
// edges of the same two nodes run side by side. Short edges have no room.
func (p *svgPainter) word(e *Edge) {
	s, n := e.Word(), len(e.Path)
	if s == "" || n < 4 || n%3 != 1 || sane(e.Path[0].X) != e.Path[0].X {
		return
	}
	w := textWidth(s, svgSmallSize)
	if math.Hypot(e.Path[n-1].X-e.Path[0].X, e.Path[n-1].Y-e.Path[0].Y) < w+26 {
		return
	}
	places := wordPlaces[0]
	if e.Media == inventory.Audio {
		places = wordPlaces[1]
	}
	hue, _, _ := p.edgeLook(e.Media, e.Flow)
	for _, t := range places {
		piece, within := math.Modf(t * float64(n/3))
		at := along(e.Path[3*int(piece):3*int(piece)+4], within)
		b := box{at.X - w/2 - 4, at.Y - 7, w + 8, 14}
		if slices.ContainsFunc(p.words, func(o box) bool { return o.hits(b, 0) }) {
			continue
		}
		p.words = append(p.words, b)
		p.printf(`<rect x="%s" y="%s" width="%s" height="%s" rx="3" fill="%s"/>`+"\n", num(b.x), num(b.y), num(b.w), num(b.h), p.frame)
		p.text(s, at.X, at.Y+3.7, svgSmallSize, hue, ` text-anchor="middle"`)
		return
	}
}

// pathData writes a path with another end.
func pathData(path []Point, end Point) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M%s %s", num(path[0].X), num(path[0].Y))
	last := len(path) - 1
	at := func(i int) Point {
		if i == last {
			return end
		}
		return path[i]
	}
	if len(path)%3 == 1 {
		for i := 1; i < len(path); i += 3 {
			a, c, d := at(i), at(i+1), at(i+2)
			fmt.Fprintf(&b, "C%s %s %s %s %s %s", num(a.X), num(a.Y), num(c.X), num(c.Y), num(d.X), num(d.Y))
		}
		return b.String()
	}
	for i := 1; i < len(path); i++ {
		fmt.Fprintf(&b, "L%s %s", num(at(i).X), num(at(i).Y))
	}
	return b.String()
}

const legendWidth = 560

// legend explains hues and dashes below the graph.
func (p *svgPainter) legend(y float64) {
	x := 0.0
	for _, l := range []struct {
		media inventory.Media
		flow  Flow
		word  string
	}{
		{inventory.Video, Flowing, "video flows"}, {inventory.Audio, Flowing, "audio flows"}, {inventory.Data, Flowing, "data flows"},
		{"", NotFlowing, "does not flow"}, {"", FlowUnknown, "not known"},
	} {
		hue, width, dash := p.edgeLook(l.media, l.flow)
		p.printf(`<path d="M%s %sL%s %s" %s/>`+"\n", num(x), num(y-3.5), num(x+24), num(y-3.5), stroke(hue, width, dash))
		p.text(l.word, x+30, y, svgSmallSize, p.dim, "")
		x += 30 + textWidth(l.word, svgSmallSize) + 16
	}
}

// num writes a coordinate.
func num(v float64) string {
	s := strconv.FormatFloat(sane(v), 'f', 1, 64)
	return strings.TrimSuffix(s, ".0")
}

// sane replaces what is no coordinate.
func sane(v float64) float64 {
	if math.Abs(v) < 1e7 {
		return v
	}
	return 0 // also for NaN
}

// esc makes text for XML; what XML cannot hold is replaced.
func esc(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a Buffer takes everything
	return b.String()
}

// boldRatio is how much wider bold text is.
const boldRatio = 1.07

// textWidth estimates how wide a sans-serif font sets a text, rather too wide
// than too narrow.
func textWidth(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r), r == 0x200D, r == 0xFE0F:
		case r >= 0x1100 && !unicode.In(r, unicode.Latin, unicode.Arabic, unicode.Punct, unicode.Sm):
			w += 1.05 // ideographs, emoji
		case strings.ContainsRune("ijlItfr.,:;|!'()[] ·/", r):
			w += 0.36
		case r == 'm', r == 'w', r == 'M', r == 'W', r == '@', r == '%':
			w += 0.9
		case unicode.IsUpper(r), r == '_':
			w += 0.7
		default:
			w += 0.58
		}
	}
	return w * size
}

// fit shortens a text to a width.
func fit(s string, size, room float64) string {
	if textWidth(s, size) <= room {
		return s
	}
	runes := []rune(s)
	w := textWidth("…", size)
	for i, r := range runes {
		w += textWidth(string(r), size)
		if w > room {
			if i == 0 {
				return ""
			}
			return strings.TrimRight(string(runes[:i]), " \u200d\ufe0f·") + "…"
		}
	}
	return s
}
