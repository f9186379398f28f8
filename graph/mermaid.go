package graph

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"

	"kmscope/inventory"
)

// WriteMermaid writes the graph as a flowchart of Mermaid, for wikis and issue
// trackers: one subgraph per pipeline, what flows as solid arrows, what does not
// or is not known to as dotted ones, the media as words and colours. The error
// is that of w. Any goroutine.
func (g *Graph) WriteMermaid(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "flowchart LR\n")
	number := make(map[string]int, len(g.Nodes))
	inside := make(map[string][]*Node, len(g.Frames))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if _, twice := number[n.ID]; twice {
			continue
		}
		number[n.ID] = len(number)
		inside[n.Frame] = append(inside[n.Frame], n)
	}
	for i, f := range g.Frames {
		label := f.title()
		if label == "" {
			label = " " // Mermaid takes no empty title
		}
		fmt.Fprintf(b, "  subgraph p%d[\"%s\"]\n    direction LR\n", i, mermaidText(label))
		for _, n := range inside[f.ID] {
			lines := []string{mermaidText(n.Label)}
			if n.Sub != n.Label {
				lines = append(lines, mermaidText(n.Sub))
			}
			for _, more := range []string{n.Summary, n.LatencyWord()} {
				if more != "" {
					lines = append(lines, mermaidText(more))
				}
			}
			opening, closing := "[", "]"
			switch n.Kind {
			case Hub:
				opening, closing = "{{", "}}"
			case HubPort:
				opening, closing = "([", "])"
			}
			fmt.Fprintf(b, "    n%d%s\"%s\"%s\n", number[n.ID], opening, strings.Join(lines, "<br/>"), closing)
		}
		fmt.Fprint(b, "  end\n")
	}
	byHue := map[string][]string{}
	written := 0
	for i := range g.Edges {
		e := &g.Edges[i]
		from, okFrom := number[e.From]
		to, okTo := number[e.To]
		if !okFrom || !okTo {
			continue
		}
		switch {
		case e.PartOf:
			fmt.Fprintf(b, "  n%d -.- n%d\n", from, to)
		case e.Flow == Flowing:
			fmt.Fprintf(b, "  n%d -->|\"%s\"| n%d\n", from, mermaidText(edgeWord(e)), to)
		default:
			fmt.Fprintf(b, "  n%d -.->|\"%s\"| n%d\n", from, mermaidText(edgeWord(e)), to)
		}
		if hue := mermaidHues[e.Media]; hue != "" && !e.PartOf {
			byHue[hue] = append(byHue[hue], fmt.Sprint(written))
		}
		written++
	}
	for _, m := range []inventory.Media{inventory.Video, inventory.Audio, inventory.Data} {
		if links := byHue[mermaidHues[m]]; len(links) > 0 {
			fmt.Fprintf(b, "  linkStyle %s stroke:%s\n", strings.Join(links, ","), mermaidHues[m])
		}
	}
	return b.Flush()
}

// mermaidHues are the light theme's hues of the media: pages are white.
var mermaidHues = map[inventory.Media]string{
	inventory.Video: light.video, inventory.Audio: light.audio, inventory.Data: light.data,
}

// edgeWord says what an edge carries: "video 1.24 Mbit/s ×2", "no video".
func edgeWord(e *Edge) string {
	if e.Flow == NotFlowing {
		return e.Word()
	}
	return strings.TrimSpace(mediaWord(e.Media) + " " + e.Word())
}

// mermaidText makes text that Mermaid shows as it is between quotes: letters,
// digits and what is harmless stay, all else is written as Mermaid's own
// entities ("#35;" is the number sign). So neither a quote, nor HTML, nor
// Mermaid's Markdown comes through.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 0x80 && unicode.IsPrint(r), r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z',
			strings.ContainsRune(" .,:-+()/", r):
			b.WriteRune(r)
		case r == 0x200D || r == 0xFE0F: // they join emoji
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f || r >= 0x80:
			b.WriteRune('\uFFFD')
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
