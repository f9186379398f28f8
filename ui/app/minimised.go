package app

import (
	"fyne.io/fyne/v2"
	"github.com/go-gl/glfw/v3.4/glfw"
)

// minimised reports whether a window is an icon now. The toolkit goes on
// painting such a window, and does not tell; the library below it knows. (Under
// Wayland a window that cannot be seen is not painted anyway.) Interface
// goroutine.
func minimised(w fyne.Window) bool {
	native, ok := w.(interface{ RunWithContext(func()) })
	if !ok {
		return false // a window of tests
	}
	icon := false
	native.RunWithContext(func() {
		if v := glfw.GetCurrentContext(); v != nil {
			icon = v.GetAttrib(glfw.Iconified) == glfw.True
		}
	})
	return icon
}
