//go:build unix

package framebench

import (
	"syscall"
	"time"
)

// cpu gives the processor time that this process took so far, on all of its threads:
// those of a software renderer as well. It says more than the clock on a computer that
// has other things to do.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
