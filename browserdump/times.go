package browserdump

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// A moment as a dump writes it. Chrome wrote, over the years: milliseconds since
// 1970 as a number or as a string, and before that the date as the user's
// language has it, in the user's zone and without saying which, to the second.
type moment struct {
	at time.Time
	// local is set where at is a local date that still lacks its zone, and other
	// the same read with day and month exchanged; zero where that is no date.
	local bool
	other time.Time
}

// The times that are believed: an earlier one is a counter from some start.
var (
	earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

func believed(t time.Time) bool { return t.After(earliest) && t.Before(latest) }

// milliseconds gives the time of a number of milliseconds since 1970, to the
// microsecond; false for what is no such number.
func milliseconds(ms float64) (time.Time, bool) {
	if math.IsNaN(ms) || ms < 0 || ms > 1e13 {
		return time.Time{}, false
	}
	t := time.UnixMicro(int64(math.Round(ms * 1000))).UTC()
	return t, believed(t)
}

func momentOf(raw json.RawMessage) (moment, bool) {
	s := strings.TrimSpace(word(raw))
	if s == "" || len(s) > 64 {
		return moment{}, false
	}
	if ms, err := strconv.ParseFloat(s, 64); err == nil {
		t, ok := milliseconds(ms)
		return moment{at: t}, ok
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return moment{at: t.UTC()}, believed(t)
	}
	return localDate(s)
}

// localDate reads what Date.toLocaleString gives in most languages: six
// numbers, the year first or third, perhaps with AM or PM.
func localDate(s string) (moment, bool) {
	var n []int
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		v, err := strconv.Atoi(f)
		if err != nil || len(f) > 4 {
			return moment{}, false
		}
		n = append(n, v)
	}
	if len(n) != 6 {
		return moment{}, false
	}
	h, m, sec := n[3], n[4], n[5]
	upper := strings.ToUpper(s)
	switch {
	case strings.Contains(upper, "PM") && h < 12:
		h += 12
	case strings.Contains(upper, "AM") && h == 12:
		h = 0
	}
	date := func(year, month, day int) time.Time {
		if month < 1 || month > 12 || day < 1 || day > 31 || h > 23 || m > 59 || sec > 60 {
			return time.Time{}
		}
		if t := time.Date(year, time.Month(month), day, h, m, sec, 0, time.UTC); believed(t) {
			return t
		}
		return time.Time{}
	}
	out := moment{local: true}
	if n[0] > 31 {
		out.at = date(n[0], n[1], n[2])
	} else {
		out.at, out.other = date(n[2], n[0], n[1]), date(n[2], n[1], n[0])
	}
	if out.at.IsZero() {
		out.at, out.other = out.other, time.Time{}
	}
	return out, !out.at.IsZero()
}

// zone finds what to add to local dates to get UTC: the browser takes its first
// statistics within seconds of the first event, and their times have a zone.
// Zones are multiples of a quarter of an hour. exchanged tells that day and
// month stand the other way round. False when the two cannot belong together.
func zone(first moment, stats time.Time) (add time.Duration, exchanged, ok bool) {
	if stats.IsZero() {
		return 0, false, false
	}
	const quarter = 15 * time.Minute
	for i, t := range []time.Time{first.at, first.other} {
		if t.IsZero() {
			continue
		}
		d := stats.Sub(t)
		if d.Abs() > 15*time.Hour {
			continue
		}
		return d.Round(quarter), i == 1, true
	}
	return 0, false, false
}
