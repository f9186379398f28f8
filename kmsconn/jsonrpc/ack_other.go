//go:build !linux

package jsonrpc

import (
	"net"
	"syscall"
)

// ackNow does nothing: the system acknowledges when it likes, and several
// answers at a time come later for it; see ack_linux.go.
func ackNow(syscall.RawConn) {}

func rawSocket(net.Conn) syscall.RawConn { return nil }
