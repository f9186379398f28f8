// Package theme is how the window looks: one table of colours for both
// variants, the sizes and the fonts. Widgets get them through Theme; what
// paints into pictures of its own (graph, charts, lanes) takes them from
// Current.
package theme

import (
	"image/color"
	"strings"
)

// Palette is the table of colours of one variant. All are opaque but Selection,
// Hover, Pressed and Shadow, which lie over others.
type Palette struct {
	Dark bool

	Background color.NRGBA // behind pages
	Panel      color.NRGBA // navigator, inspector, bars
	Raised     color.NRGBA // buttons, nodes, chips
	Line       color.NRGBA // separators, outlines
	Text       color.NRGBA
	Dim        color.NRGBA // secondary text; readable on all three grounds
	Faint      color.NRGBA // grid lines, tracks: never text
	Accent     color.NRGBA
	OnAccent   color.NRGBA // text on Accent, Error, OK, Warning and Control

	Video color.NRGBA
	Audio color.NRGBA
	Data  color.NRGBA

	OK      color.NRGBA
	Warning color.NRGBA
	Error   color.NRGBA
	Control color.NRGBA // a server may be changed from here

	Selection color.NRGBA // translucent
	Hover     color.NRGBA // translucent
	Pressed   color.NRGBA // translucent
	Shadow    color.NRGBA // translucent
}

// The two variants.
var (
	Dark = Palette{
		Dark:       true,
		Background: rgb(0x14171c), Panel: rgb(0x1a1e25), Raised: rgb(0x20252e), Line: rgb(0x2b313c),
		Text: rgb(0xd9dee7), Dim: rgb(0x8b95a5), Faint: rgb(0x242a33),
		Accent: rgb(0x4c9be8), OnAccent: rgb(0x0d1117),
		Video: rgb(0x56b4e9), Audio: rgb(0xe69f00), Data: rgb(0xcc79a7),
		OK: rgb(0x3fb27f), Warning: rgb(0xf0b429), Error: rgb(0xe75f57), Control: rgb(0xb58af5),
		Selection: alpha(0x4c9be8, 0x30), Hover: alpha(0xd9dee7, 0x10), Pressed: alpha(0xd9dee7, 0x20),
		Shadow: alpha(0x000000, 0x66),
	}
	Light = Palette{
		Background: rgb(0xf6f7f9), Panel: rgb(0xffffff), Raised: rgb(0xeef1f5), Line: rgb(0xd8dde5),
		Text: rgb(0x1d2430), Dim: rgb(0x646e83), Faint: rgb(0xe4e8ee),
		Accent: rgb(0x1a6fc4), OnAccent: rgb(0xffffff),
		Video: rgb(0x0072b2), Audio: rgb(0x9f5e00), Data: rgb(0xa6407f),
		OK: rgb(0x157d52), Warning: rgb(0x976200), Error: rgb(0xc4362d), Control: rgb(0x7a3fd6),
		Selection: alpha(0x1a6fc4, 0x28), Hover: alpha(0x1d2430, 0x0c), Pressed: alpha(0x1d2430, 0x18),
		Shadow: alpha(0x1d2430, 0x33),
	}
)

func rgb(v uint32) color.NRGBA { return alpha(v, 0xff) }

func alpha(v uint32, a uint8) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: a}
}

// Media gives the hue of a Kurento MediaType (VIDEO, AUDIO, DATA, in any
// case); Dim for all else.
func (p Palette) Media(media string) color.NRGBA {
	switch strings.ToUpper(media) {
	case "VIDEO":
		return p.Video
	case "AUDIO":
		return p.Audio
	case "DATA":
		return p.Data
	}
	return p.Dim
}

// Level says how well something is, from the point of view of somebody who
// looks for trouble.
type Level uint8

// The levels, from "nothing is known" to the worst.
const (
	Unknown Level = iota
	Fine
	Attention
	Trouble
)

// Level gives the colour of a level; Dim for Unknown.
func (p Palette) Level(l Level) color.NRGBA {
	switch l {
	case Fine:
		return p.OK
	case Attention:
		return p.Warning
	case Trouble:
		return p.Error
	}
	return p.Dim
}

// Over mixes a translucent colour over an opaque one.
func Over(top, ground color.NRGBA) color.NRGBA {
	a := uint32(top.A)
	mix := func(t, g uint8) uint8 { return uint8((uint32(t)*a + uint32(g)*(255-a) + 127) / 255) }
	return color.NRGBA{R: mix(top.R, ground.R), G: mix(top.G, ground.G), B: mix(top.B, ground.B), A: 255}
}

// Fade gives the colour with its opacity multiplied by a ratio of 0..1.
func Fade(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(float64(c.A)*min(max(opacity, 0), 1) + 0.5)
	return c
}
