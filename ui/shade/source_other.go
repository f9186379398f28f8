//go:build !linux || arm || arm64 || gles

package shade

import "fyne.io/fyne/v2"

// Software reports whether the processor draws a window, for want of a graphics card;
// it is not known here.
func Software(fyne.Window) bool { return false }

// The sources are for systems where software may have to draw.
var copySource, fillSource, plateSource []byte
