package surface

import (
	"math"
	"strconv"
	"strings"
	"time"

	"kmscope/stats"
	"kmscope/ui/view"
)

// Axis is the vertical scale of a chart: from Bottom to Top in steps of Step,
// all in the series' own unit; labels show v/Div in Unit. A logarithmic one has
// its marks at the powers of ten, and at 2 and 5 where there is room.
type Axis struct {
	Bottom, Top, Step float64
	Div               float64
	Unit              string
	Log               bool
	decimals          int
}

// Scale says how an axis comes by its range.
type Scale struct {
	Mode ScaleMode
	// Low and High are the ends of a Fixed one, in the unit of the series.
	Low, High float64
	// Log makes it logarithmic: what is not above zero stands at the bottom.
	Log bool
}

// ScaleMode is where the range of an axis comes from.
type ScaleMode uint8

// The modes. FromZero is the usual one: only lengths that begin at zero can be
// compared by eye.
const (
	FromZero ScaleMode = iota
	FromData
	Fixed
)

// Axis makes an axis for values from lo to hi, the smallest of which above zero
// is least (0: none), with about steps steps.
func (s Scale) Axis(lo, hi, least float64, u stats.Unit, steps int) Axis {
	bad := func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }
	if bad(lo) || bad(hi) {
		lo, hi = 0, 0
	}
	fixed := s.Mode == Fixed && !bad(s.Low) && !bad(s.High) && s.High > s.Low
	if fixed {
		lo, hi = s.Low, s.High
	}
	if s.Log {
		return logAxis(lo, hi, least, u, fixed)
	}
	switch {
	case fixed:
		a := between(lo, hi, u, steps)
		a.Bottom, a.Top = lo, hi
		return a
	case s.Mode == FromData:
		if room := leastTop(u) / 10; hi-lo < room {
			low := (lo+hi)/2 - room/2
			if lo >= 0 {
				low = max(low, 0)
			}
			lo, hi = low, low+room
		}
		return between(lo, hi, u, steps)
	}
	return AxisFor(lo, hi, u, steps)
}

// logAxis makes an axis of whole decades, or of exactly the ends that were
// typed.
func logAxis(lo, hi, least float64, u stats.Unit, fixed bool) Axis {
	if hi <= 0 {
		hi = leastTop(u)
	}
	if lo <= 0 {
		lo = least
	}
	if lo <= 0 || lo > hi {
		lo = hi / 1000
	}
	a := Axis{Log: true}
	a.Div, a.Unit = divisor(hi, u)
	if a.Bottom, a.Top = lo, hi; !fixed {
		a.Bottom = math.Pow(10, math.Floor(math.Log10(lo/a.Div)+1e-9)) * a.Div
		a.Top = math.Pow(10, math.Ceil(math.Log10(hi/a.Div)-1e-9)) * a.Div
	}
	if !(a.Top > a.Bottom) {
		a.Top = a.Bottom * 10
	}
	return a
}

// Share gives where a value stands on the axis: 0 is the bottom, 1 the top;
// values beyond the ends lie outside, but for those that a logarithm does not
// have, which lie at the bottom.
func (a Axis) Share(v float64) float64 {
	if !a.Log {
		return (v - a.Bottom) / (a.Top - a.Bottom)
	}
	if v <= 0 {
		return 0
	}
	return math.Log(v/a.Bottom) / math.Log(a.Top/a.Bottom)
}

// leastTop keeps noise from filling a chart: an axis reaches at least this far.
func leastTop(u stats.Unit) float64 {
	switch u {
	case stats.Bps:
		return 10_000
	case stats.Ratio:
		return 0.01
	case stats.Ms:
		return 10
	case stats.KiB:
		return 1024
	}
	return 1
}

// AxisFor makes an axis that begins at zero, or below for values under it, for
// values from lo to hi with about steps steps.
func AxisFor(lo, hi float64, u stats.Unit, steps int) Axis {
	if math.IsNaN(hi) || math.IsInf(hi, 0) {
		hi = 0
	}
	if math.IsNaN(lo) || math.IsInf(lo, 0) || lo > 0 {
		lo = 0
	}
	a := between(lo, max(hi, lo+leastTop(u)), u, steps)
	if u == stats.Ratio && a.Top > 1 && hi <= 1 {
		a.Top = 1
	}
	return a
}

// divisor gives what values up to hi are divided by, and the unit that then
// holds.
func divisor(hi float64, u stats.Unit) (float64, string) {
	switch u {
	case stats.Bps:
		return metric(hi, 1000, "bit/s", "kbit/s", "Mbit/s", "Gbit/s")
	case stats.Bytes:
		return metric(hi, 1000, "B", "kB", "MB", "GB")
	case stats.BytesPerSecond:
		return metric(hi, 1000, "B/s", "kB/s", "MB/s", "GB/s")
	case stats.KiB:
		return metric(hi, 1024, "KiB", "MiB", "GiB")
	case stats.Ratio:
		return 0.01, "%"
	case stats.PerSecond:
		return 1, "per s"
	case stats.Count:
		return 1, ""
	}
	return 1, string(u)
}

// between makes an axis whose ends are the round numbers around lo and hi.
func between(lo, hi float64, u stats.Unit, steps int) Axis {
	var a Axis
	a.Div, a.Unit = divisor(max(math.Abs(lo), math.Abs(hi)), u)
	step := niceStep((hi - lo) / a.Div / float64(max(steps, 1)))
	a.Step = step * a.Div
	a.Top = math.Ceil(hi/a.Step-1e-9) * a.Step
	a.Bottom = math.Floor(lo/a.Step+1e-9) * a.Step
	a.decimals = max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	if s := step * math.Pow10(a.decimals); math.Abs(s-math.Round(s)) > 1e-6 {
		a.decimals++ // 0.25 needs one more than 0.2
	}
	return a
}

func metric(v, step float64, units ...string) (float64, string) {
	div := 1.0
	i := 0
	for i < len(units)-1 && v >= step*div {
		div *= step
		i++
	}
	return div, units[i]
}

// niceStep is the smallest of 1, 2, 2.5, 5 times a power of ten that is not
// below v.
func niceStep(v float64) float64 {
	if !(v > 0) || math.IsInf(v, 0) {
		return 1
	}
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if v <= m*p*(1+1e-9) {
			return m * p
		}
	}
	return 10 * p
}

// Label writes a tick of the axis.
func (a Axis) Label(v float64) string {
	if a.Log {
		// Three digits, and never an exponent.
		short, _ := strconv.ParseFloat(strconv.FormatFloat(v/a.Div, 'g', 3, 64), 64)
		return strconv.FormatFloat(short, 'f', -1, 64)
	}
	if math.Abs(v) < a.Step*1e-6 {
		return "0"
	}
	return strconv.FormatFloat(v/a.Div, 'f', a.decimals, 64)
}

// Ticks gives the values of the grid, from the bottom up.
func (a Axis) Ticks() []float64 {
	if a.Log {
		return a.logTicks()
	}
	if !(a.Step > 0) {
		return nil
	}
	var out []float64
	first := math.Ceil(a.Bottom/a.Step - 1e-6)
	for i := 0.0; i < 32; i++ {
		v := (first + i) * a.Step
		if v > a.Top+a.Step*1e-6 {
			break
		}
		out = append(out, v)
	}
	return out
}

// logTicks gives at most seven marks: every decade, or every second, third…
// one, with 2 and 5 between where there are only one or two.
func (a Axis) logTicks() []float64 {
	lo, hi := math.Log10(a.Bottom/a.Div), math.Log10(a.Top/a.Div)
	decades := hi - lo
	between := []float64{1}
	if decades <= 2.01 {
		between = []float64{1, 2, 5}
	}
	every := max(math.Ceil(decades/5), 1)
	var out []float64
	for e := math.Floor(lo); e <= hi+1e-9 && len(out) < 32; e += every {
		for _, m := range between {
			if v := m * math.Pow(10, e) * a.Div; v >= a.Bottom*(1-1e-9) && v <= a.Top*(1+1e-9) {
				out = append(out, v)
			}
		}
	}
	return out
}

// timeSteps are the distances that a time axis may have between its marks.
var timeSteps = []time.Duration{
	time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
}

// TimeTicks gives round moments between from and to, at most n of them; round
// as the clock shows them.
func TimeTicks(from, to time.Time, n int, clock view.Clock) (ticks []time.Time, step time.Duration) {
	span := to.Sub(from)
	if span <= 0 || n <= 0 {
		return nil, 0
	}
	step = timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if span/s < time.Duration(n) {
			step = s
			break
		}
	}
	if span/step > 1000 {
		return nil, step
	}
	var shift time.Duration // from the clock's zero to a multiple of the step
	switch clock.Mode {
	case view.Relative:
		shift = clock.Zero.Sub(clock.Zero.Truncate(step))
	case view.LocalTime:
		_, east := from.Local().Zone()
		shift = -time.Duration(east) * time.Second % step
	}
	at := from.Add(-shift).Truncate(step).Add(shift)
	for !at.After(to) && len(ticks) < n {
		if !at.Before(from) {
			ticks = append(ticks, at)
		}
		at = at.Add(step)
	}
	return ticks, step
}

// ClockLabel writes a moment as precisely as marks step apart need.
func ClockLabel(c view.Clock, t time.Time, step time.Duration) string {
	if c.Mode == view.Relative {
		s := c.Format(t)
		if step >= time.Second {
			s = strings.Replace(s, ".000", "", 1)
		}
		return s
	}
	if t = t.Local(); c.Mode == view.UTC {
		t = t.UTC()
	}
	switch {
	case step < time.Second:
		return t.Format("15:04:05.000")
	case step < time.Minute:
		return t.Format("15:04:05")
	case step < 24*time.Hour:
		return t.Format("15:04")
	}
	return t.Format("Jan 2")
}
