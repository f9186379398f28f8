package stats

import (
	"math"
	"strconv"
	"strings"
)

// Format writes a value for people: "1.24 Mbit/s", "31 ms", "0.8 %". About
// three digits are kept; what is no number is "–". Any goroutine.
func Format(v float64, u Unit) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	switch u {
	case Bps:
		return scaled(v, 1000, []string{"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"})
	case Bytes:
		return scaled(v, 1000, []string{"B", "kB", "MB", "GB", "TB"})
	case BytesPerSecond:
		return scaled(v, 1000, []string{"B/s", "kB/s", "MB/s", "GB/s", "TB/s"})
	case KiB:
		return scaled(v, 1024, []string{"KiB", "MiB", "GiB", "TiB"})
	case Ratio:
		return digits(v*100) + " %"
	case Ms:
		if math.Abs(v) >= 9999.5 {
			return digits(v/1000) + " s"
		}
		return digits(v) + " ms"
	case PerSecond:
		return digits(v) + " /s"
	case Count:
		if v == math.Trunc(v) {
			return grouped(v)
		}
		return digits(v)
	}
	if u == "" {
		return digits(v)
	}
	return digits(v) + " " + string(u)
}

// scaled picks the unit in which the number has one to three digits before the
// point, after rounding: 999.7 kbit/s is 1.00 Mbit/s.
func scaled(v, step float64, units []string) string {
	i := 0
	for i < len(units)-1 && math.Abs(v) >= step-0.5 {
		v /= step
		i++
	}
	if i == 0 {
		return strconv.FormatFloat(v, 'f', 0, 64) + " " + units[0]
	}
	switch a := math.Abs(v); {
	case a < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64) + " " + units[i]
	case a < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64) + " " + units[i]
	}
	return grouped(math.Round(v)) + " " + units[i]
}

// digits writes a number with two significant digits below 10 and none after
// the point from there on.
func digits(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0"
	case a < 0.005:
		return strings.TrimRight(strconv.FormatFloat(v, 'g', 1, 64), ".")
	case a < 0.095:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case a < 9.95:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	}
	return grouped(math.Round(v))
}

// grouped writes a whole number with a comma per three digits.
func grouped(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if sign != "" && s == "0" {
		sign = ""
	}
	return sign + s
}
