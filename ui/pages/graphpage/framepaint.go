package graphpage

import (
	"fmt"
	"image"
	"strconv"
	"strings"
	"time"

	"kmscope/graph"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// tiles draws an overview: a tile per pipeline.
func (gp *graphPainter) tiles(c *paint.Canvas, l *surface.Look, s *scene, v surface.Viewport, marks graphMarks, k, scale float32) {
	shown := v.Shown()
	one := surface.Hairline(scale)
	for i := range s.g.Frames {
		f := &s.g.Frames[i]
		if !surface.Overlaps(frameRect(f), shown) {
			continue
		}
		x, y, w, h := snap(v, frameRect(f), scale)
		on := s.serverAt(f.X, f.Y)
		health, state := marks.troubles.tileState(f, on)
		hue, line := healthColor(l, health), l.Line
		if f.Dead {
			hue = l.Line
		}
		if marks.hover.frame == f {
			line = l.Dim
		}
		c.RoundRect(x, y, w, h, frameRadius*k, l.Raised)
		c.StrokeRoundRect(x, y, w, h, frameRadius*k, one, line)
		c.RoundRect(x+8*k, y+12*k, max(3*k, 2*one), h-24*k, 1.5*k, hue)
		name := strings.TrimPrefix(f.Label, "MediaPipeline ")
		if 11.5*k < leastText*scale { // far away the name alone, as large as fits
			if size := min(11*scale, h*0.5); size >= leastText*scale {
				far := l.Regular.Face(size)
				c.Text(far, far.Fit(name, w-22*k), x+18*k, y+h/2+far.CapHeight()/2, l.Text)
			}
			continue
		}
		bold, small := l.Bold.Face(13.5*k), l.Regular.Face(11.5*k)
		left, room := x+22*k, w-34*k
		if f.Errors > 0 && !f.Dead {
			gp.pill(c, l, x+w-10*k, y+12*k, strconv.Itoa(f.Errors), l.Error, k, true)
			room -= 36 * k
		}
		c.Text(bold, bold.Fit(name, room), left, y+28*k, l.Text)
		c.Text(small, small.Fit(view.Plural(f.Elements, "element")+" · "+view.Plural(f.Connections, "connection"), room), left, y+50*k, l.Dim)
		switch {
		case f.Dead:
			state, hue = "gone", l.Dim
		case f.Zombie != "" && health < graph.HealthWarning:
			state, hue = "zombie? "+f.Zombie, l.Warning
		case f.Elements == 0:
			state, hue = "empty", l.Dim
		case health == graph.HealthUnknown:
			state = "state unknown"
		}
		end := c.Text(small, state, left, y+72*k, hue)
		if age := frameAge(f, s.now(f)); age != "" {
			c.Text(small, small.Fit(age, x+w-12*k-end), end+10*k, y+72*k, l.Dim)
		}
	}
}

// frameAge says for how long a pipeline is there; "" where that is not known.
func frameAge(f *graph.Frame, now time.Time) string {
	switch {
	case f.Dead || f.Born.IsZero() || !now.After(f.Born):
		return ""
	case f.BornSeen:
		return "seen for " + hms(now.Sub(f.Born))
	}
	return hms(now.Sub(f.Born))
}

func (gp *graphPainter) frame(c *paint.Canvas, l *surface.Look, f *graph.Frame, v surface.Viewport, k, scale float32, selected bool) {
	x, y, w, h := snap(v, frameRect(f), scale)
	one := surface.Hairline(scale)
	r := frameRadius * min(k, scale*1.5)
	fill := paint.Mix(l.Background, l.Panel, 0.35)
	c.RoundRect(x, y, w, h, r, fill)
	line, width := l.Line, one
	if selected {
		line, width = l.Accent, 2*one
	}
	c.StrokeRoundRect(x, y, w, h, r, width, line)
}

// frameTitle writes the name of a pipeline. It stays readable as long as it
// fits: far away it lies over the nodes.
func (gp *graphPainter) frameTitle(c *paint.Canvas, l *surface.Look, f *graph.Frame, now time.Time, v surface.Viewport, k, scale float32) {
	x, y, w, h := snap(v, frameRect(f), scale)
	if w < 36*scale || h < 16*scale {
		return
	}
	size := max(frameTitle*k, min(10.5*scale, h*0.42))
	pad := max(14*k, 5*scale)
	bold, small := l.Bold.Face(size), l.Regular.Face(size*0.86)
	base := y + max(22*k, bold.Ascent+1.5*scale)
	room := w - 2*pad
	c.Clip(image.Rect(int(x), int(y), int(x+w), int(y+h)))
	defer c.Unclip()
	name := strings.TrimPrefix(f.Label, "MediaPipeline ")
	if full := "pipeline " + name; f.ID != "" && k >= 0.5*scale && bold.Width(full) <= room {
		name = full
	}
	name = bold.Fit(name, room)
	note, hue := frameNote(f, now), l.Dim
	if !f.Dead && (f.Zombie != "" || f.Health == graph.HealthIdle && f.Elements > 0) {
		hue = l.Warning
	}
	gap := 16 * max(k, 0.5*scale)
	left := room - bold.Width(name) - gap
	over := base+bold.Descent > y+graph.HeaderHeight*k // the text lies over the nodes
	if left > 40*scale && !over {
		note = small.Fit(note, left)
	} else {
		note = ""
	}
	if over {
		c.Rect(x+1, y+1, min(bold.Width(name)+2*pad, w-2), base+bold.Descent-y, paint.WithAlpha(l.Background, 0.8))
	}
	end := c.Text(bold, name, x+pad, base, l.Text)
	if note != "" {
		c.Text(small, note, end+gap, base, hue)
	}
	if f.Errors > 0 && !f.Dead && k >= 0.5*scale {
		gp.pill(c, l, x+w-pad, y+8*min(k, scale), strconv.Itoa(f.Errors), l.Error, min(k, scale), true)
	}
	if v.Zoom >= labelsFrom && f.Elements == 0 && !f.Dead && h > 40*k {
		text, hue := "no elements", l.Dim
		if f.Zombie != "" {
			text, hue = zombieNote(f, now), l.Warning
		}
		c.TextCentred(small, small.Fit(text, w-2*pad), x+w/2, y+h*0.62, hue)
	}
}

// frameNote says in a few words how a pipeline is.
func frameNote(f *graph.Frame, now time.Time) string {
	s := view.Plural(f.Elements, "element")
	if f.Dead {
		return "gone"
	}
	if age := frameAge(f, now); age != "" {
		s += " · " + age
	}
	if f.Zombie != "" && f.Elements > 0 {
		s = zombieNote(f, now) + " · " + s
	} else if f.Health == graph.HealthIdle && f.Elements > 0 {
		s += " · idle"
	}
	if f.Note != "" {
		s += " · " + f.Note
	}
	return s
}

// zombieNote says why a pipeline looks left behind, and for how long.
func zombieNote(f *graph.Frame, now time.Time) string {
	return "zombie? " + f.Zombie + " for " + hms(now.Sub(f.ZombieSince))
}

// hms writes how long something lasts: 00:41:07.
func hms(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}
