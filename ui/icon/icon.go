// Package icon gives the small icons of the program in any colour, as
// resources for widgets and as masks for painters.
package icon

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"github.com/fyne-io/oksvg"
	"github.com/srwiley/rasterx"

	"kmscope/assets"
	"kmscope/graph"
)

// The names of the icons that widgets use.
const (
	Server       = "server"
	ChevronRight = "chevron-right"
	ChevronDown  = "chevron-down"
	Caret        = "caret"
	Copy         = "copy"
	Search       = "search"
	Record       = "record"
	Pause        = "pause"
	Play         = "play"
	Lock         = "lock"
	Gear         = "gear"
	Close        = "close"
	Back         = "back"
	Forward      = "forward"
	Folder       = "folder"
	Plug         = "plug"
	Info         = "info"
	Dead         = "dead"
)

// Of gives the name of the icon of a kind of element.
func Of(k graph.Kind) string {
	switch k {
	case graph.WebRTC:
		return "webrtc"
	case graph.RTP:
		return "rtp"
	case graph.Player:
		return "player"
	case graph.Recorder:
		return "recorder"
	case graph.HTTP:
		return "http"
	case graph.Filter:
		return "filter"
	case graph.Hub:
		return "hub"
	case graph.HubPort:
		return "hubport"
	case graph.PassThrough:
		return "passthrough"
	case graph.PipelineKind:
		return "pipeline"
	}
	return "unknown"
}

type sized struct {
	name string
	px   int
}

var (
	mu    sync.Mutex
	masks = map[sized]*image.Alpha{}
)

// maxMaskPx bounds the side of a mask; maxKept the caches, which are emptied
// when they are full.
const (
	maxMaskPx = 512
	maxKept   = 512
)

func source(name string) string {
	data := assets.Icon(name)
	if data == nil {
		data = assets.Icon("unknown")
	}
	return string(data)
}

// Picture is an icon as an object of a widget: sharp at every scale of the
// screen, unlike a Resource, whose lines keep their width in device pixels.
type Picture struct {
	*canvas.Raster
	name string
	c    color.NRGBA
}

// NewPicture makes a Picture of the usual size, 16 x 16.
func NewPicture(name string, c color.NRGBA) *Picture {
	p := &Picture{name: name, c: c}
	p.Raster = canvas.NewRaster(p.draw)
	p.SetMinSize(fyne.NewSquareSize(16))
	p.Hidden = name == ""
	return p
}

// Set changes icon and colour. Interface goroutine.
func (p *Picture) Set(name string, c color.NRGBA) {
	if p.name != name || p.c != c {
		p.name, p.c = name, c
		p.Hidden = name == "" // or an empty picture would be painted
		p.Refresh()
	}
}

func (p *Picture) draw(w, h int) image.Image {
	side := min(w, h)
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	if side <= 0 || p.name == "" {
		return img
	}
	at := image.Pt((w-side)/2, (h-side)/2)
	draw.DrawMask(img, image.Rectangle{Min: at, Max: at.Add(image.Pt(side, side))}, image.NewUniform(p.c), image.Point{}, Mask(p.name, side), image.Point{}, draw.Over)
	return img
}

// Mask gives the coverage of an icon in a square of px device pixels (1..512),
// for painters, who bring the colour. It is shared: nobody may change it. Any
// goroutine.
func Mask(name string, px int) *image.Alpha {
	px = min(max(px, 1), maxMaskPx)
	mu.Lock()
	defer mu.Unlock()
	k := sized{name, px}
	if m := masks[k]; m != nil {
		return m
	}
	if len(masks) >= maxKept {
		clear(masks)
	}
	m := image.NewAlpha(image.Rect(0, 0, px, px))
	svg := strings.ReplaceAll(source(name), "currentColor", "#000000")
	// oksvg takes the width of a stroke as device pixels whatever the scale.
	svg = strings.Replace(svg, `stroke-width="1.5"`, fmt.Sprintf(`stroke-width="%.3f"`, 1.5*float64(px)/16), 1)
	if drawn, err := oksvg.ReadIconStream(bytes.NewReader([]byte(svg))); err == nil {
		img := image.NewRGBA(m.Rect)
		drawn.SetTarget(0, 0, float64(px), float64(px))
		drawn.Draw(rasterx.NewDasher(px, px, rasterx.NewScannerGV(px, px, img, m.Rect)), 1)
		for i := range m.Pix {
			m.Pix[i] = img.Pix[4*i+3]
		}
	}
	masks[k] = m
	return m
}
