//go:build windows

package earlytmp

import "syscall"

// names are the variables that GetTempPath reads, in its order.
var names = []string{"TMP", "TEMP"}

// nowhere is a folder in which nothing can be made: no file name may hold "|".
const nowhere = `C:\|`

// private makes the folder; what is below LocalAppData is the user's own.
func private() string {
	root, _ := syscall.Getenv("LocalAppData")
	if root == "" {
		return ""
	}
	dir := root
	for _, part := range []string{`\kmscope`, `\graphviz`} {
		dir += part
		p, err := syscall.UTF16PtrFromString(dir)
		if err != nil {
			return ""
		}
		if err := syscall.CreateDirectory(p, nil); err != nil && err != syscall.ERROR_ALREADY_EXISTS {
			return ""
		}
	}
	return dir
}
