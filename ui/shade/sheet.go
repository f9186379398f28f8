// Package shade draws pictures and plates with shaders of its own, which do nothing
// but that.
//
// The toolkit's shaders round corners, fade, filter and cast shadows, whether that is
// wanted or not. A graphics card does not mind; where the processor draws instead, a
// pixel of a canvas.Raster costs a third more than one of a Sheet, and one of a
// canvas.Rectangle four times one of a Plate. Both are the toolkit's own objects where
// its OpenGL for desktops is not what draws, as in tests, and on systems where a
// graphics card is certain.
//
// Everything belongs to the interface goroutine.
package shade

import (
	"image"
	"strconv"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
)

// apply reports whether shaders of our own can be used.
func apply() bool {
	app := fyne.CurrentApp()
	if app == nil || copySource == nil {
		return false
	}
	_, ok := app.Driver().(desktop.Driver)
	return ok
}

// Sheet brings a picture to the screen pixel by pixel.
//
// The toolkit keeps what it uploaded by the shader's name, until the program ends, and
// by the pointer to the picture: so each sheet has a name of its own, there are few of
// them, and two headers of the same pixels take turns.
type Sheet struct {
	*canvas.Shader
	headers [2]image.RGBA
	turn    int
}

// sheets counts the names that were given.
var sheets atomic.Int32

// maxSheets is more than the pages' surfaces.
const maxSheets = 8

// NewSheet is nil where there can be none: then a canvas.Raster does.
func NewSheet() *Sheet {
	if !apply() {
		return nil
	}
	n := sheets.Add(1)
	if n > maxSheets {
		return nil
	}
	s := &Sheet{Shader: canvas.NewShader("sheet"+strconv.Itoa(int(n)), copySource, nil)}
	s.Textures = map[string]image.Image{}
	return s
}

// Show puts a picture on the sheet, whose pixels may be those of the last one; its size
// is that of the sheet in device pixels. It is seen when the toolkit draws the sheet
// next.
func (s *Sheet) Show(img *image.RGBA) {
	s.turn = 1 - s.turn
	s.headers[s.turn] = *img
	s.Textures["tex"] = &s.headers[s.turn]
}
