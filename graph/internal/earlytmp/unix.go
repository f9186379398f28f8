//go:build unix

package earlytmp

import "syscall"

// names are the variables that os.TempDir reads.
var names = []string{"TMPDIR"}

// nowhere is a folder in which nothing can be made.
const nowhere = "/dev/null"

// private makes the folder and makes sure that nobody else can write to it.
func private() string {
	root, _ := syscall.Getenv(cacheVariable)
	if root == "" || root[0] != '/' {
		home, _ := syscall.Getenv("HOME")
		if home == "" || home[0] != '/' {
			return ""
		}
		root = home + cacheBelowHome
	}
	_ = syscall.Mkdir(root, 0o700)
	dir := root
	for _, part := range []string{"/kmscope", "/graphviz"} {
		dir += part
		_ = syscall.Mkdir(dir, 0o700)
		var st syscall.Stat_t
		if syscall.Lstat(dir, &st) != nil {
			return ""
		}
		mode := uint32(st.Mode) //nolint:unconvert // sixteen bits wide on macOS
		if mode&syscall.S_IFMT != syscall.S_IFDIR || int(st.Uid) != syscall.Geteuid() {
			return ""
		}
		if mode&0o022 != 0 && syscall.Chmod(dir, 0o700) != nil {
			return ""
		}
	}
	if syscall.Chmod(dir, 0o700) != nil {
		return ""
	}
	return dir
}
