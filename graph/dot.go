package graph

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"kmscope/inventory"
)

// WriteDOT writes the graph in graphviz' language, for people who want to go
// on with it elsewhere: one cluster per pipeline, the media as colours. The
// error is that of w. Any goroutine.
func (g *Graph) WriteDOT(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "digraph kurento {\n\trankdir=LR;\n\tnode [shape=box, style=rounded];\n")
	inside := make(map[string][]*Node, len(g.Frames))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		inside[n.Frame] = append(inside[n.Frame], n)
	}
	for i, f := range g.Frames {
		fmt.Fprintf(b, "\tsubgraph cluster_%d {\n\t\tlabel=%s;\n", i, Quote(f.title()))
		for _, n := range inside[f.ID] {
			style := ""
			if n.Dead {
				style = ", style=dotted"
			}
			label := n.Label
			if n.Sub != n.Label {
				label += "\n" + n.Sub
			}
			for _, more := range []string{n.Summary, n.LatencyWord()} {
				if more != "" {
					label += "\n" + more
				}
			}
			fmt.Fprintf(b, "\t\t%s [label=%s%s];\n", Quote(n.ID), Quote(label), style)
		}
		fmt.Fprint(b, "\t}\n")
	}
	for _, e := range g.Edges {
		fmt.Fprintf(b, "\t%s -> %s [%s];\n", Quote(e.From), Quote(e.To), edgeStyle(&e))
	}
	fmt.Fprint(b, "}\n")
	return b.Flush()
}

// edgeStyle uses the light theme's hues of the media: the paper is white.
func edgeStyle(e *Edge) string {
	if e.PartOf {
		return "dir=none, style=dotted"
	}
	colour := map[inventory.Media]string{inventory.Video: "#0072b2", inventory.Audio: "#9f5e00", inventory.Data: "#a6407f"}[e.Media]
	if colour == "" {
		colour = "#646e83"
	}
	style := "solid"
	if e.Flow != Flowing {
		style = "dashed"
	}
	label := edgeWord(e)
	return fmt.Sprintf("color=%s, style=%s, label=%s", Quote(colour), style, Quote(label))
}

// Quote makes a DOT string of any text: what graphviz reads back as a label is
// the text itself, with broken UTF-8 replaced and control characters but the
// line feed left out. In a DOT string only the quote is special, but in a label
// the backslash starts an escape ("\N" is the name of the node), so it is
// doubled.
func Quote(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '&':
			b.WriteString("&amp;") // graphviz reads HTML entities in labels
		case r < 0x20 || r == 0x7f:
		case r == utf8.RuneError:
			b.WriteRune('\uFFFD')
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
