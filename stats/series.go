// Package stats turns getStats replies into series with units: typed RTCStats,
// rates from the server's own timestamps, gaps where a counter restarted.
package stats

import (
	"cmp"
	"strings"
	"time"
)

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

	BytesPerSecond Unit = "B/s"
	// MsPerSecond is time spent per time passed, in thousandths.
	MsPerSecond Unit = "ms/s"
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

// compare puts keys into an order that is the same each time.
func (k Key) compare(o Key) int {
	return cmp.Or(strings.Compare(k.Element, o.Element), strings.Compare(k.Metric, o.Metric),
		strings.Compare(string(k.Dir), string(o.Dir)), strings.Compare(k.Media, o.Media),
		strings.Compare(k.Stream, o.Stream))
}

// Point is one value. Gap marks that the line must not be drawn from the point
// before to this one (a reset, a pause in sampling, a new epoch).
type Point struct {
	// At is the server's own timestamp where the reply has one, else the time
	// of arrival moved to the server's clock (see Store.ClockOffset).
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

// Query selects series and a range of their points. A zero field selects
// everything.
type Query struct {
	// Element is an object id.
	Element string
	// Metrics are names of the catalogue.
	Metrics []string
	Dir     Direction
	Media   string
	// From and To bound the points, both ends included.
	From, To time.Time
	// MaxPoints bounds the points of each series that Store.Series gives:
	// beyond it, buckets give their smallest and largest value, in the order
	// in which they were. 0 is no bound.
	MaxPoints int
}
