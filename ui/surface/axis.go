package surface

import (
	"math"
	"strconv"
	"strings"
	"time"

	"kmscope/stats"
	"kmscope/ui/view"
)

// Axis is the vertical scale of a chart: from 0 (or below, for values under
// it) to Top in steps of Step, all in the series' own unit; labels show v/Div
// in Unit.
type Axis struct {
	Bottom, Top, Step float64
	Div               float64
	Unit              string
	decimals          int
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

// AxisFor makes an axis for values from lo to hi with about steps steps.
func AxisFor(lo, hi float64, u stats.Unit, steps int) Axis {
	if math.IsNaN(hi) || math.IsInf(hi, 0) {
		hi = 0
	}
	if math.IsNaN(lo) || math.IsInf(lo, 0) || lo > 0 {
		lo = 0
	}
	hi = max(hi, lo+leastTop(u))
	a := Axis{Div: 1, Unit: string(u)}
	switch u {
	case stats.Bps:
		a.Div, a.Unit = metric(hi, 1000, "bit/s", "kbit/s", "Mbit/s", "Gbit/s")
	case stats.Bytes:
		a.Div, a.Unit = metric(hi, 1000, "B", "kB", "MB", "GB")
	case stats.KiB:
		a.Div, a.Unit = metric(hi, 1024, "KiB", "MiB", "GiB")
	case stats.Ratio:
		a.Div, a.Unit = 0.01, "%"
	case stats.PerSecond:
		a.Unit = "per s"
	case stats.Count:
		a.Unit = ""
	}
	step := niceStep((hi - lo) / a.Div / float64(max(steps, 1)))
	a.Step = step * a.Div
	a.Top = math.Ceil(hi/a.Step-1e-9) * a.Step
	a.Bottom = math.Floor(lo/a.Step+1e-9) * a.Step
	if u == stats.Ratio {
		if a.Top > 1 && hi <= 1 {
			a.Top = 1
		}
	}
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
	if math.Abs(v) < a.Step*1e-6 {
		return "0"
	}
	return strconv.FormatFloat(v/a.Div, 'f', a.decimals, 64)
}

// Ticks gives the values of the grid, from the bottom up.
func (a Axis) Ticks() []float64 {
	if !(a.Step > 0) {
		return nil
	}
	var out []float64
	for i := 0; i < 32; i++ {
		v := a.Bottom + float64(i)*a.Step
		if v > a.Top+a.Step*1e-6 {
			break
		}
		out = append(out, v)
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
