// Package kmsconn speaks the Kurento protocol over package jsonrpc: calls with
// their own timeouts, a session that survives reconnects, and the two ways of
// observing that leave the server as it would be without us.
//
// The parts, each on a WebSocket of its own:
//
//	Client   one connection with its session, kept alive and replaced when deaf
//	Reader   bursts of calls whose references are dropped at the end of each
//	Watcher  event subscriptions on everything that lives, as a lease
//	Probe    getUsedCpu, which blocks its connection while it measures
//
// Each has its own socket because the server maps a socket to one session: a
// request with another session id moves the mapping, and the events of the
// first session then go nowhere ([source] WebSocketTransport::storeConnection).
//
// There is no way in this package to send closeSession with "release": it
// destroys, for everybody, whatever the session ever looked at.
package kmsconn
