//go:build !unix

package framebench

import "time"

// cpu is not known here.
func cpu() time.Duration { return 0 }
