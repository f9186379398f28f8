package graph

import (
	"os/exec"
	"syscall"
)

// hideWindow keeps a console from opening for the child.
func hideWindow(cmd *exec.Cmd) {
	const createNoWindow = 0x08000000
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: createNoWindow}
}
