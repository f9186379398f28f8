package jsonrpc

import (
	"math/rand/v2"
	"sync/atomic"
)

// IDs hands out the numeric ids of requests: 1, 2, 3, ... They never repeat
// within one IDs. Connections that follow each other within one session share
// one IDs, because a Kurento server answers a repeated id with the OLD reply,
// to whatever method, for 20 s (observed: recording 17-request-cache).
//
// The zero IDs is ready. It may be used from any goroutine.
type IDs struct{ last atomic.Int64 }

// Next gives the next id.
func (i *IDs) Next() int64 { return i.last.Add(1) }

// RandomID gives an id that no counter reaches and that nobody else is likely
// to use: for requests whose replies a server caches for several clients
// together. It is exact as a floating-point number.
func RandomID() int64 { return 1<<40 + rand.Int64N(1<<53-1<<40) }
