package timelinepage

import (
	"image"
	"math"
	"slices"
	"strings"

	"kmscope/inventory"
)

// strips draws the lanes of a folded object that tell most, three units high each.
func (p *painting) strips(r *boardRow, top float64) {
	for i, lane := range telling(r.lanes) {
		y := top + 3 + float64(i)*3
		w := p.window(r, p.columns)
		w.Coarse = true
		p.bars = p.of(r).source.Bars(p.bars[:0], r.object, lane, w)
		if len(p.bars) == 0 {
			continue
		}
		first, bottom := int(max(p.px(y), p.px(laneTop))), int(p.px(y+2))
		hue := p.hues(lane)
		for k := 0; k < len(p.bars); {
			k = p.run(hue, k, first, min(first+1, bottom), math.MaxInt)
		}
		p.repeat(0, len(p.bars), first, bottom)
	}
	p.unseen(r, top, laneHead)
}

// repeat copies the first row of what was drawn of bars to all of their rows.
func (p *painting) repeat(i, k, first, bottom int) {
	p.c.Repeat(image.Rect(p.left+p.bars[i].Column, first, p.left+p.bars[k-1].Until, bottom))
}

// maxStrips is how many lanes a folded object shows.
const maxStrips = 7

// telling chooses the lanes that a folded object shows: what connects and what
// flows. Left out while there are too many are those that say the same again (the
// second component of ICE, the summaries of connection and media), then
// transcoding.
func telling(lanes []inventory.Lane) []inventory.Lane {
	out := slices.Clone(lanes)
	for _, drop := range []func(head, rest string) bool{
		func(head, rest string) bool { return head == "ice" && strings.HasSuffix(rest, "/2") },
		func(head, _ string) bool { return head == "transcoding" },
		func(head, _ string) bool { return head == "connection" || head == "media" },
	} {
		if len(out) <= maxStrips {
			break
		}
		out = slices.DeleteFunc(out, func(l inventory.Lane) bool {
			head, rest, _ := strings.Cut(string(l), "/")
			return drop(head, rest)
		})
	}
	return out[:min(len(out), maxStrips)]
}
