// Package stats turns getStats replies into series with units: typed RTCStats,
// rates from the server's own timestamps, gaps where a counter restarted.
package stats

import "time"

// Unit of a series.
type Unit string

// The units in use. Rates are per second.
const (
	Bps       Unit = "bit/s"
	PerSecond Unit = "1/s"
	Ratio     Unit = "ratio" // 0..1, shown as percent
	Ms        Unit = "ms"
	Count     Unit = "count"
	Bytes     Unit = "B"
	KiB       Unit = "KiB"
)

// Direction of an RTP stream, seen from the media server.
type Direction string

// The directions. In is inboundrtp (received by the server).
const (
	In   Direction = "in"
	Out  Direction = "out"
	None Direction = ""
)

// Key identifies a series.
type Key struct {
	// Element is the object id; ManagerID for figures of the server itself.
	Element string
	// Metric is a name of the catalogue, for example "bitrate".
	Metric string
	Dir    Direction
	// Media is AUDIO, VIDEO, DATA or "" when nobody asked with a mediaType.
	Media string
	// Stream is the SSRC, or the stats id where there is none; "" for figures
	// of the whole element.
	Stream string
}

// Point is one value. Gap marks that the line must not be drawn from the point
// before to this one (a reset, a pause in sampling, a new epoch).
type Point struct {
	At  time.Time
	V   float64
	Gap bool
}

// Series is a copy of one series, oldest point first; the caller owns it.
type Series struct {
	Key
	Unit   Unit
	Points []Point
}

// Contract for the other rooms; implemented in this package:
//
//	func NewStore() *Store
//	func (s *Store) Feed(f wire.Fact)          // session loop only; looks at getStats, getUsedCpu, getUsedMemory, ... calls
//	func (s *Store) Series(q Query) []Series   // any goroutine
//	func (s *Store) Latest(q Query) []Series   // like Series with the last point only
//	func (s *Store) Samples() int              // successful getStats replies seen
//	func (s *Store) Span() (first, last time.Time)
//	func Catalogue() []Metric                  // name, label, unit, kind, direction, help, source, reliability note
//	type Query struct { Element string; Metrics []string; Dir Direction; Media string; From, To time.Time; MaxPoints int }
//	func Format(v float64, u Unit) string      // "1.24 Mbit/s", "31 ms", "0.8 %"
//
// Metrics of the first charts page: bitrate (Bps, in/out), loss (Ratio per
// interval, in), fraction-lost (Ratio, out; guarded), jitter (Ms), rtt (Ms,
// out), packet-rate (1/s), nack/pli/fir rates (1/s), remb and target-bitrate
// (Bps), e2e-latency and input-latency (Ms), cpu (Ratio), memory (KiB).
