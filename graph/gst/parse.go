package gst

import (
	"errors"
	"fmt"
	"strings"

	"gonum.org/v1/gonum/graph/formats/dot"
	"gonum.org/v1/gonum/graph/formats/dot/ast"
)

// How GStreamer writes (gst/gstdebugutils.c): an element is a cluster whose
// label has a line each for type, name, state and properties; inside are two
// clusters without label for its sink and source pads, which are the nodes; the
// dumped bin's own label is the graph's. A ghost pad comes with the proxy pad
// behind it and a dashed edge between the two. Links are edges with the caps as
// their label, or as the labels of their ends where these differ; invisible
// edges are there for the picture's sake. gonum reads the DOT language; what is
// checked before it is what it cannot defend itself against, and a text that was
// cut is closed.

// The bounds of a dump. Kurento's endpoints have about 90 kB and 60 elements.
const (
	maxText  = 32 << 20
	maxDepth = 100
)

// Parse reads a dump. A text that ends early is read as far as it goes, and a
// note says so. The error is one sentence. Any goroutine; 7 ms for 265 kB.
func Parse(text string) (*Dump, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("the dump has %d MB: more than %d MB are not read", len(text)>>20, maxText>>20)
	}
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
	text, cut, err := closed(text)
	if err != nil {
		return nil, err
	}
	file, err := dot.ParseBytes([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("the text is no graph in the DOT language: %s", short(err.Error(), 160))
	}
	if len(file.Graphs) == 0 {
		return nil, errors.New("the text holds no graph")
	}
	b := builder{pads: make(map[string]int), proxy: make(map[string]string), paths: make(map[string]int)}
	if cut {
		b.d.Notes = append(b.d.Notes, "The text of the dump ends too early: what comes after is missing.")
	}
	b.element(-1, graphLabel(file.Graphs[0].Stmts))
	b.walk(file.Graphs[0].Stmts, 0, noSide)
	if err := b.link(); err != nil {
		return nil, err
	}
	b.roles()
	return &b.d, nil
}

// short cuts a text at a number of runes.
func short(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	for i := range s {
		if n--; n < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

var (
	errNoGraph = errors.New("the text is no graph as GStreamer writes it")
	errDeep    = fmt.Errorf("the dump has bins nested more than %d deep", maxDepth)
)

// closed checks a text and ends it properly where it was cut.
func closed(text string) (out string, cut bool, err error) {
	depth, deep, safe := 0, 0, 0
	quoted, listed := false, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		if quoted {
			switch c {
			case '\\':
				i++
			case '"':
				quoted = false
			}
			continue
		}
		switch c {
		case '"':
			quoted = true
		case '[':
			listed = true
		case ']':
			listed = false
		case '{':
			if depth++; depth > maxDepth {
				return "", false, errDeep
			}
		case '}':
			if depth--; depth < 0 {
				return "", false, errNoGraph
			}
		case '/', '#', '<': // comments and HTML: nothing of the kind is in a dump
			return "", false, errNoGraph
		}
		if !listed && (c == '{' || c == '}' || c == ';' || c == ']') {
			safe, deep = i+1, depth
		}
	}
	switch {
	case safe == 0:
		return "", false, errNoGraph
	case depth == 0 && !quoted && !listed:
		return text, false, nil
	}
	return text[:safe] + strings.Repeat("}", deep), true, nil
}

// side is which pads a cluster holds.
type side uint8

const (
	noSide side = iota
	sinkSide
	sourceSide
)

type edge struct {
	from, to string
	attrs    []*ast.Attr
}

type builder struct {
	d     Dump
	pads  map[string]int    // by node id
	proxy map[string]string // node id of a proxy pad -> of its ghost pad; "" not known yet
	paths map[string]int
	edges []edge
}

// element adds one by the lines of its label.
func (b *builder) element(parent int, lines []string) int {
	e := Element{Parent: parent}
	if len(lines) > 0 {
		e.Type = strings.Trim(lines[0], "<>")
	}
	if len(lines) > 1 {
		e.Name = lines[1]
	}
	for i := 2; i < len(lines); i++ {
		if i == 2 && e.readState(lines[i]) {
			continue
		}
		e.Params = addParam(e.Params, lines[i])
	}
	e.Path = e.Name
	if parent >= 0 {
		e.Path = b.d.Elements[parent].Path + "/" + e.Name
	}
	b.paths[e.Path]++
	if n := b.paths[e.Path]; n > 1 {
		e.Path = fmt.Sprintf("%s#%d", e.Path, n)
	}
	n := len(b.d.Elements)
	b.d.Elements = append(b.d.Elements, e)
	if parent >= 0 {
		p := &b.d.Elements[parent]
		p.Children = append(p.Children, n)
	}
	return n
}

// addParam reads the line of a property.
func addParam(params []Param, line string) []Param {
	name, value, ok := strings.Cut(line, "=")
	switch {
	case ok:
		return append(params, Param{name, concealed(name, value)})
	case line != "" && len(params) > 0: // a value of several lines
		p := &params[len(params)-1]
		p.Value = concealed(p.Name, p.Value+"\n"+line)
	}
	return params
}

// stateLetters are GStreamer's, by the order of State.
const stateLetters = "~0-=>"

func stateOf(s string) State {
	if len(s) != 3 || s[0] != '[' || s[2] != ']' {
		return StateUnknown
	}
	return State(strings.IndexByte(stateLetters, s[1]) + 1)
}

// readState reads a line like "[>]", "[-](locked)" or "[-] -> [>]".
func (e *Element) readState(line string) bool {
	now, next, _ := strings.Cut(line, " -> ")
	now, locked := strings.CutSuffix(now, "(locked)")
	s := stateOf(now)
	if s == StateUnknown {
		return false
	}
	e.State, e.Pending, e.Locked = s, stateOf(next), locked
	return true
}

// walk reads statements that belong to an element.
func (b *builder) walk(stmts []ast.Stmt, element int, in side) {
	for _, s := range stmts {
		switch s := s.(type) {
		case *ast.Subgraph:
			lines := graphLabel(s.Stmts)
			switch {
			case lines != nil:
				b.walk(s.Stmts, b.element(element, lines), noSide)
			case strings.HasSuffix(unquoted(s.ID), "_sink"):
				b.walk(s.Stmts, element, sinkSide)
			case strings.HasSuffix(unquoted(s.ID), "_src"):
				b.walk(s.Stmts, element, sourceSide)
			default:
				b.walk(s.Stmts, element, in)
			}
		case *ast.NodeStmt:
			b.pad(s, element, in)
		case *ast.EdgeStmt:
			from := s.From
			for to := s.To; to != nil; to = to.To {
				a, okA := from.(*ast.Node)
				z, okZ := to.Vertex.(*ast.Node)
				if okA && okZ {
					b.edges = append(b.edges, edge{a.ID, z.ID, s.Attrs})
				}
				from = to.Vertex
			}
		}
	}
}

func (b *builder) pad(s *ast.NodeStmt, element int, in side) {
	id := s.Node.ID
	if id == "legend" {
		return
	}
	if strings.HasPrefix(id, "_") { // a proxy pad has no element in front of its name
		b.proxy[id] = ""
		return
	}
	if _, twice := b.pads[id]; twice {
		return
	}
	lines := linesOf(attr(s.Attrs, "label"))
	fill := unquoted(attr(s.Attrs, "fillcolor"))
	p := Pad{Element: element, Name: short(unquoted(id), 200), Gives: in == sourceSide}
	if in == noSide {
		p.Gives = fill == "#ffaaaa" || fill == "#ffdddd"
	}
	p.Ghost = fill == "#ddddff" || fill == "#ffdddd"
	style := attr(s.Attrs, "style")
	switch {
	case strings.Contains(style, "dotted"):
		p.Presence = Sometimes
	case strings.Contains(style, "dashed"):
		p.Presence = Request
	}
	for i, line := range lines {
		switch {
		case i == 0:
			p.Name = line
		case strings.HasPrefix(line, "["):
			p.readFlags(line)
		default:
			p.Params = addParam(p.Params, line)
		}
	}
	b.addPad(id, p)
}

func (b *builder) addPad(id string, p Pad) int {
	n := len(b.d.Pads)
	b.pads[id] = n
	b.d.Pads = append(b.d.Pads, p)
	e := &b.d.Elements[p.Element]
	e.Pads = append(e.Pads, n)
	return n
}

// readFlags reads a line like "[>][bfbE][T]".
func (p *Pad) readFlags(line string) {
	for i, part := range strings.Split(strings.Trim(line, "[]"), "][") {
		switch i {
		case 0:
			if len(part) == 1 {
				p.Mode = Mode(strings.Index("-><", part) + 1)
			}
		case 1:
			p.Known = true
			for k, c := range []byte(part) {
				switch {
				case c == 'B' && k == 0:
					p.Blocked = true
				case c == 'F':
					p.Flushing = true
				case c == 'B':
					p.Blocking = true
				case c == 'E':
					p.EOS = true
				}
			}
		case 2:
			switch part {
			case "T":
				p.Task = TaskStarted
			case "t":
				p.Task = TaskPaused
			}
		}
	}
}

// link reads the edges, when all pads are known.
func (b *builder) link() error {
	var links []edge
	for _, e := range b.edges {
		style := unquoted(attr(e.attrs, "style"))
		_, fromProxy := b.proxy[e.from]
		_, toProxy := b.proxy[e.to]
		switch {
		case style == "invis":
		case style == "dashed" && fromProxy && !toProxy:
			b.proxy[e.from] = e.to
		case style == "dashed" && toProxy && !fromProxy:
			b.proxy[e.to] = e.from
		default:
			links = append(links, e)
		}
	}
	type ends struct{ from, to int }
	seen := make(map[ends]bool, len(links))
	for _, e := range links {
		l := Link{From: b.end(e.from, true), To: b.end(e.to, false)}
		k := ends{l.From, l.To}
		if seen[k] {
			continue
		}
		seen[k] = true
		if tail := attr(e.attrs, "taillabel"); tail != "" {
			l.Caps = readCaps(linesOf(tail))
			l.SinkCaps = readCaps(linesOf(attr(e.attrs, "headlabel")))
		} else {
			l.Caps = readCaps(linesOf(attr(e.attrs, "label")))
		}
		b.d.Links = append(b.d.Links, l)
	}
	b.terse()
	return nil
}

// end finds the pad at one end of a link, or makes one for it: the pads of the
// dumped bin itself are not in the text.
func (b *builder) end(id string, gives bool) int {
	if ghost := b.proxy[id]; ghost != "" {
		id = ghost
	}
	if n, ok := b.pads[id]; ok {
		return n
	}
	name := strings.TrimPrefix(unquoted(id), "_")
	if i := strings.LastIndex(name, "_0x"); i > 0 {
		name = name[:i]
	}
	// What gives to the inside takes from the outside.
	return b.addPad(id, Pad{Element: 0, Name: short(name, 200), Gives: !gives, Ghost: true})
}

// terse notes whether the dump has caps without their fields: then a lone
// media type says nothing on what was negotiated.
func (b *builder) terse() {
	for i := range b.d.Links {
		for _, c := range [...]*Caps{&b.d.Links[i].Caps, &b.d.Links[i].SinkCaps} {
			for _, s := range c.Structures {
				if len(s.Fields) > 0 || len(c.Structures) > 1 {
					return
				}
			}
		}
	}
	for i := range b.d.Links {
		b.d.Links[i].Caps.Terse, b.d.Links[i].SinkCaps.Terse = true, true
	}
}

// roles sums up the pads of each element.
func (b *builder) roles() {
	for i := range b.d.Elements {
		e := &b.d.Elements[i]
		gives, takes := false, false
		for _, p := range e.Pads {
			gives, takes = gives || b.d.Pads[p].Gives, takes || !b.d.Pads[p].Gives
		}
		switch {
		case gives && takes:
			e.Role = Through
		case gives:
			e.Role = Source
		case takes:
			e.Role = Sink
		}
	}
}

// graphLabel gives the lines of the label of a graph; nil where it has none.
func graphLabel(stmts []ast.Stmt) []string {
	for _, s := range stmts {
		if a, ok := s.(*ast.Attr); ok && a.Key == "label" {
			return linesOf(a.Val)
		}
	}
	return nil
}

func attr(attrs []*ast.Attr, key string) string {
	for _, a := range attrs {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func unquoted(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// linesOf gives the lines of a quoted label; nil for an empty one. \n, \l and
// \r end a line; the rest is what g_strescape does to a text.
func linesOf(quoted string) []string {
	s := unquoted(quoted)
	if s == "" {
		return nil
	}
	var out []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '\\' || i+1 == len(s) {
			b.WriteByte(c)
			continue
		}
		i++
		switch c = s[i]; {
		case c == 'n' || c == 'l' || c == 'r':
			out = append(out, b.String())
			b.Reset()
		case c >= '0' && c <= '7':
			v, k := 0, 0
			for ; k < 3 && i+k < len(s) && s[i+k] >= '0' && s[i+k] <= '7'; k++ {
				v = v<<3 | int(s[i+k]-'0')
			}
			i += k - 1
			b.WriteByte(byte(v)) //nolint:gosec // three octal digits of a byte
		case c == 't':
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	if b.Len() > 0 {
		out = append(out, b.String())
	}
	for i := range out {
		out[i] = strings.ToValidUTF8(out[i], "\uFFFD")
	}
	return out
}
