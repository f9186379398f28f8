package app

import (
	"fyne.io/fyne/v2"
	"github.com/go-gl/glfw/v3.4/glfw"
)

// minimised reports whether a window is an icon now. The toolkit goes on
// painting such a window, and does not tell; the library below it knows. (Under
// Wayland a window that cannot be seen is not painted anyway.) Interface
// goroutine.
//
// A signal ends the toolkit's loop at once. What is handed to it after that runs on
// whoever handed it over, and the library below, which is gone, panics: then nobody
// can see the window any more.
func minimised(w fyne.Window) (icon bool) {
	native, ok := w.(interface{ RunWithContext(func()) })
	if !ok {
		return false // a window of tests
	}
	defer func() {
		if recover() != nil {
			icon = true
		}
	}()
	native.RunWithContext(func() {
		if v := glfw.GetCurrentContext(); v != nil {
			icon = v.GetAttrib(glfw.Iconified) == glfw.True
		}
	})
	return icon
}

// flat asks for windows without buffers of depth and stencils, before the first is
// shown: nothing of ours has a depth, and where no graphics card draws, clearing them
// costs a millisecond a frame. Where there is no display the toolkit says so itself.
func flat(w fyne.Window) {
	if _, native := w.(interface{ RunWithContext(func()) }); !native {
		return // a window of tests
	}
	defer func() { _ = recover() }() // the library below is not there
	glfw.WindowHint(glfw.DepthBits, 0)
	glfw.WindowHint(glfw.StencilBits, 0)
}

// takeStopped takes from the toolkit what it does when its loop has ended, to be done
// after that. The toolkit itself hands it to a goroutine, which hands it back to the
// loop, and waits for it: where that was too slow by some microseconds, or quick, it is
// lost, and the program never ends. One end in some dozens on a busy computer.
func takeStopped(l fyne.Lifecycle) (stopped func()) {
	inner, ok := l.(interface {
		OnStopped() func()
		SetOnStoppedHookExecuted(func())
	})
	if !ok {
		return func() {} // an application of tests
	}
	stopped = inner.OnStopped()
	l.SetOnStopped(nil)
	inner.SetOnStoppedHookExecuted(nil)
	if stopped == nil {
		return func() {}
	}
	return stopped
}
