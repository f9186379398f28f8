package jsonrpc

import "sync/atomic"

// IDs hands out the numeric ids of requests: 1, 2, 3, ... They never repeat
// within one IDs. Connections that follow each other within one session share
// one IDs, because a Kurento server answers a repeated id with the OLD reply,
// to whatever method, for 20 s (observed: recording 17-request-cache).
//
// The zero IDs is ready. It may be used from any goroutine.
type IDs struct{ last atomic.Int64 }

// Next gives the next id.
func (i *IDs) Next() int64 { return i.last.Add(1) }
