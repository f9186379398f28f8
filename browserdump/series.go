package browserdump

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmscope/stats"
)

// Series is one metric of one object of the browser's statistics.
type Series struct {
	// Stat is the object's id: "IT01V997385135".
	Stat string
	// Kind is the object's type in the W3C's webrtc-stats: "inbound-rtp"; what
	// older browsers call it otherwise is left as it is.
	Kind string
	// Metric is the member's name in webrtc-stats: "packetsReceived". What the
	// browser derived itself stands in brackets, as it writes it.
	Metric string
	// Unit is "" where the metric is not known.
	Unit stats.Unit
	// Points are the numbers, oldest first, by the browser's clock. Booleans are
	// 0 and 1.
	Points []Point
	// Words are the values of a metric that is no number; Points are then nil.
	Words []Word
}

// Point is one sample.
type Point struct {
	At    time.Time
	Value float64
}

// Word is one sample of a metric that is text: a state, an id.
type Word struct {
	At    time.Time
	Value string
}

type seriesJSON struct {
	Start  json.RawMessage `json:"startTime"`
	End    json.RawMessage `json:"endTime"`
	Kind   string          `json:"statsType"`
	Values json.RawMessage `json:"values"`
}

// rawSeries is a series before its samples have times.
type rawSeries struct {
	key, stat, metric string
	kind              string
	start, end        time.Time
	values            []json.RawMessage
	clocked           []time.Time // of each sample, where the dump says it
}

// series reads the statistics of a connection. A series has the time of its
// first and last sample only; those of newer browsers come with the times of all
// samples of the object, as a series of their own ("timestamp"), in which the
// others are found again by their ends.
func (d *Dump) series(p *PeerConnection, all map[string]json.RawMessage) {
	keys := make([]string, 0, len(all))
	for k := range all {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if len(keys) > maxSeries {
		d.note("peer connection %s has more than %d series; the rest is left out", p.ID, maxSeries)
		keys = keys[:maxSeries]
	}
	bad := 0
	var list []rawSeries
	clocks := make(map[string][]time.Time)
	for _, k := range keys {
		r, ok := rawOf(k, all[k])
		if !ok {
			bad++
			continue
		}
		if r.metric == "timestamp" {
			clocks[r.stat] = r.clock()
			continue
		}
		list = append(list, r)
	}
	for i := range list {
		r := &list[i]
		s := Series{Stat: r.stat, Kind: r.kind, Metric: r.metric, Unit: unitOf(r.metric)}
		s.fill(r, clocks[r.stat])
		p.Series = append(p.Series, s)
	}
	if bad > 0 {
		d.note("%d series of peer connection %s cannot be read", bad, p.ID)
	}
	slices.SortStableFunc(p.Series, func(a, b Series) int {
		return cmp.Or(cmp.Compare(a.Stat, b.Stat), cmp.Compare(a.Metric, b.Metric))
	})
}

// rawOf reads one member of stats: "<id>-<metric>".
func rawOf(key string, raw json.RawMessage) (rawSeries, bool) {
	i := strings.Index(key, "-[")
	if i < 0 {
		i = strings.LastIndexByte(key, '-')
	}
	if i <= 0 || i == len(key)-1 || len(key) > 1024 {
		return rawSeries{}, false
	}
	r := rawSeries{key: key, stat: key[:i], metric: key[i+1:]}
	var j seriesJSON
	if json.Unmarshal(raw, &j) != nil {
		return r, false
	}
	r.kind = clip(j.Kind, 100)
	start, okS := momentOf(j.Start)
	end, okE := momentOf(j.End)
	if !okS || !okE || start.local || end.local || end.at.Before(start.at) {
		return r, false
	}
	r.start, r.end = start.at, end.at
	var text string
	if json.Unmarshal(j.Values, &text) == nil { // an array, as a string
		j.Values = json.RawMessage(text)
	}
	if json.Unmarshal(j.Values, &r.values) != nil {
		return r, false
	}
	if n := len(r.values); n > maxSamples {
		r.values = r.values[n-maxSamples:]
	}
	return r, len(r.values) > 0
}

// clock reads the times of the samples; nil when they are not all times.
func (r *rawSeries) clock() []time.Time {
	out := make([]time.Time, 0, len(r.values))
	for _, v := range r.values {
		ms, err := strconv.ParseFloat(string(bytes.TrimSpace(v)), 64)
		t, ok := milliseconds(ms)
		if err != nil || !ok {
			return nil
		}
		out = append(out, t)
	}
	return out
}

// times gives the time of each sample.
func (r *rawSeries) times(clock []time.Time) []time.Time {
	n := len(r.values)
	if len(clock) >= n {
		near := func(a, b time.Time) bool { return a.Sub(b).Abs() <= 2*time.Millisecond }
		for to := len(clock); to >= n; to-- {
			if near(clock[to-1], r.end) && near(clock[to-n], r.start) {
				return clock[to-n : to]
			}
		}
	}
	out := make([]time.Time, n)
	for i := range out {
		out[i] = r.end
		if n > 1 {
			share := float64(i) / float64(n-1)
			out[i] = r.start.Add(time.Duration(share * float64(r.end.Sub(r.start))))
		}
	}
	return out
}

func (s *Series) fill(r *rawSeries, clock []time.Time) {
	times := r.times(clock)
	numbers := make([]Point, 0, len(r.values))
	for i, raw := range r.values {
		v, ok := number(raw)
		if !ok {
			numbers = nil
			break
		}
		if !math.IsNaN(v) { // null: nothing was measured
			numbers = append(numbers, Point{times[i], v})
		}
	}
	if len(numbers) > 0 {
		s.Points = numbers
		return
	}
	for i, raw := range r.values {
		w := clip(word(raw), 1024)
		if n := len(s.Words); w == "" || n > 0 && s.Words[n-1].Value == w {
			continue
		}
		s.Words = append(s.Words, Word{times[i], w})
	}
	if s.Unit = ""; len(s.Words) > 0 {
		s.Unit = stats.Word
	}
}

// number reads a sample; NaN for null, false for what is no number.
func number(raw json.RawMessage) (float64, bool) {
	switch s := string(bytes.TrimSpace(raw)); s {
	case "null":
		return math.NaN(), true
	case "true":
		return 1, true
	case "false":
		return 0, true
	default:
		v, err := strconv.ParseFloat(s, 64)
		return v, err == nil && !math.IsInf(v, 0) && !math.IsNaN(v)
	}
}

// report is one object of the statistics with all of its series.
type report struct {
	id, kind string
	series   []Series
}

// reports gives the objects; the series are sorted by them.
func (p *PeerConnection) reports() []report {
	var out []report
	for i := 0; i < len(p.Series); {
		j := i
		for j < len(p.Series) && p.Series[j].Stat == p.Series[i].Stat {
			j++
		}
		out = append(out, report{p.Series[i].Stat, p.Series[i].Kind, p.Series[i:j]})
		i = j
	}
	return out
}

func (r *report) find(metric string) *Series {
	for i := range r.series {
		if r.series[i].Metric == metric {
			return &r.series[i]
		}
	}
	return nil
}

// last gives the newest value of a metric.
func (r *report) last(metric string) (float64, bool) {
	s := r.find(metric)
	if s == nil || len(s.Points) == 0 {
		return 0, false
	}
	return s.Points[len(s.Points)-1].Value, true
}

// word gives the newest value of a metric as text.
func (r *report) word(metric string) string {
	s := r.find(metric)
	if s == nil {
		return ""
	}
	if n := len(s.Words); n > 0 {
		return s.Words[n-1].Value
	}
	if v, ok := r.last(metric); ok {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}
