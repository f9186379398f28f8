package surface

import (
	"image"
	"strconv"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
)

// sheet brings a picture to the screen pixel by pixel, by a shader that does nothing
// else. The toolkit's own one, of a canvas.Raster, rounds corners, fades and filters:
// where the processor draws instead of a graphics card, that is a third more for every
// pixel of every frame.
//
// The toolkit keeps what it uploaded by the shader's name, until the program ends, and
// by the pointer to the picture: so each sheet has a name of its own, there are few of
// them, and two headers of the same pixels take turns.
type sheet struct {
	shader  *canvas.Shader
	headers [2]image.RGBA
	turn    int
}

// sheets counts the names that were given.
var sheets atomic.Int32

// maxSheets is more than the pages' surfaces; others use a canvas.Raster.
const maxSheets = 8

// newSheet is nil where the toolkit does not draw with a desktop's OpenGL, as in tests
// and on systems where a graphics card is certain, or too many have been made.
func newSheet() *sheet {
	if app := fyne.CurrentApp(); app == nil || sheetSource == nil {
		return nil
	} else if _, ok := app.Driver().(desktop.Driver); !ok {
		return nil
	}
	n := sheets.Add(1)
	if n > maxSheets {
		return nil
	}
	s := &sheet{shader: canvas.NewShader("sheet"+strconv.Itoa(int(n)), sheetSource, nil)}
	s.shader.Textures = map[string]image.Image{}
	return s
}

// show puts a picture on the sheet, whose pixels may be those of the last one. It is
// seen when the toolkit draws the sheet next.
func (s *sheet) show(img *image.RGBA) {
	s.turn = 1 - s.turn
	s.headers[s.turn] = *img
	s.shader.Textures["tex"] = &s.headers[s.turn]
}
