package jsonrpc

import (
	"crypto/tls"
	"net"
	"syscall"
)

// ackNow tells the peer at once what has arrived of a socket.
//
// The server gives its answers to the system one by one and leaves Nagle's
// algorithm on (RFC 896): a small answer waits until the one before is
// acknowledged. Our system delays that by 40 ms (RFC 1122, 4.2.3.2), in the hope
// of sending it along with something, and who waits for several answers sends
// nothing. Observed on 7.3.1-dev: 200 calls in flight took 44 to 48 ms, whatever
// they were, and 11 to 16 ms with this.
//
// The option does not stay set, and does nothing when nothing is owed. An error
// costs no more than the delay.
func ackNow(socket syscall.RawConn) {
	if socket == nil {
		return
	}
	_ = socket.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	})
}

// rawSocket gives the socket beneath a connection, for ackNow; nil when it has
// none.
func rawSocket(conn net.Conn) syscall.RawConn {
	for {
		t, ok := conn.(*tls.Conn)
		if !ok {
			break
		}
		conn = t.NetConn()
	}
	if s, ok := conn.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}
