package surface

import (
	"math"
	"slices"
	"testing"
	"time"

	"kmscope/stats"
	"kmscope/ui/view"
)

func TestAxis(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lo, hi float64
		unit   stats.Unit
		want   []string
		word   string
	}{
		{"megabits", 0, 1_240_000, stats.Bps, []string{"0", "0.5", "1.0", "1.5"}, "Mbit/s"},
		{"kilobits", 0, 480_000, stats.Bps, []string{"0", "200", "400", "600"}, "kbit/s"},
		{"silence", 0, 0, stats.Bps, []string{"0", "5", "10"}, "kbit/s"},
		{"loss", 0, 0.098, stats.Ratio, []string{"0", "5", "10"}, "%"},
		{"no loss", 0, 0, stats.Ratio, []string{"0", "0.5", "1.0"}, "%"},
		{"all lost", 0, 1, stats.Ratio, []string{"0", "50", "100"}, "%"},
		{"milliseconds", 0, 31, stats.Ms, []string{"0", "20", "40"}, "ms"},
		{"negative", -3, 8, stats.Count, []string{"-5", "0", "5", "10"}, ""},
		{"memory", 0, 412 * 1024, stats.KiB, []string{"0", "200", "400", "600"}, "MiB"},
		{"not a number", math.NaN(), math.NaN(), stats.Ms, []string{"0", "5", "10"}, "ms"},
		{"infinite", 0, math.Inf(1), stats.Ms, []string{"0", "5", "10"}, "ms"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := AxisFor(tt.lo, tt.hi, tt.unit, 3)
			var got []string
			for _, v := range a.Ticks() {
				got = append(got, a.Label(v))
			}
			if !slices.Equal(got, tt.want) || a.Unit != tt.word {
				t.Errorf("%v %s, want %v %s", got, a.Unit, tt.want, tt.word)
			}
		})
	}
}

func TestScale(t *testing.T) {
	for _, tt := range []struct {
		name          string
		scale         Scale
		lo, hi, least float64
		unit          stats.Unit
		want          []string
	}{
		{"from zero", Scale{}, 400, 480, 400, stats.Ms, []string{"0", "200", "400", "600"}},
		{"from data", Scale{Mode: FromData}, 402, 480, 402, stats.Ms, []string{"400", "450", "500"}},
		{"all the same", Scale{Mode: FromData}, 7, 7, 7, stats.Ms, []string{"6.5", "7.0", "7.5"}},
		{"nothing", Scale{Mode: FromData}, 0, 0, 0, stats.Ms, []string{"0", "0.5", "1.0"}},
		{"typed", Scale{Mode: Fixed, Low: 30, High: 170}, 0, 5, 1, stats.Ms, []string{"50", "100", "150"}},
		{"typed the wrong way", Scale{Mode: Fixed, Low: 9, High: 3}, 0, 31, 1, stats.Ms, []string{"0", "20", "40"}},
		{"log", Scale{Log: true}, 0, 3_000_000, 40_000, stats.Bps, []string{"0.01", "0.1", "1", "10"}},
		{"log of one decade", Scale{Log: true}, 20, 80, 20, stats.Ms, []string{"10", "20", "50", "100"}},
		{"log of nothing", Scale{Log: true}, 0, 0, 0, stats.Ms, []string{"0.01", "0.1", "1", "10"}},
		{"log, typed", Scale{Log: true, Mode: Fixed, Low: 5, High: 5000}, 0, 1, 1, stats.Ms, []string{"10", "100", "1000"}},
		{"not a number", Scale{Mode: FromData}, math.NaN(), math.Inf(1), 0, stats.Ms, []string{"0", "0.5", "1.0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := tt.scale.Axis(tt.lo, tt.hi, tt.least, tt.unit, 3)
			var got []string
			for _, v := range a.Ticks() {
				got = append(got, a.Label(v))
				if s := a.Share(v); s < -1e-9 || s > 1+1e-9 {
					t.Errorf("the mark %v stands at %v", v, s)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
	if a := (Scale{Log: true}).Axis(0, 1000, 1, stats.Ms, 3); a.Share(-4) != 0 || a.Share(0) != 0 || a.Share(1000) != 1 {
		t.Errorf("shares %v %v %v", a.Share(-4), a.Share(0), a.Share(1000))
	}
}

func TestAxisHoldsItsValues(t *testing.T) {
	for e := -6.0; e < 14; e += 0.037 {
		for _, u := range []stats.Unit{stats.Bps, stats.Ms, stats.Count, stats.PerSecond, stats.KiB, "lux"} {
			hi := math.Pow(10, e)
			a := AxisFor(0, hi, u, 3)
			n := len(a.Ticks())
			if a.Top < hi*(1-1e-6) || n < 2 || n > 8 {
				t.Fatalf("axis for %v %s: up to %v in %d steps", hi, u, a.Top, n)
			}
		}
	}
}

func TestTimeTicks(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 3, 34, 500_000_000, time.UTC)
	utc := view.Clock{Mode: view.UTC}
	for _, tt := range []struct {
		span  time.Duration
		n     int
		clock view.Clock
		want  []string
	}{
		{20 * time.Second, 6, utc, []string{"12:03:35", "12:03:40", "12:03:45", "12:03:50"}},
		{5 * time.Minute, 6, utc, []string{"12:04", "12:05", "12:06", "12:07", "12:08"}},
		{50 * time.Hour, 6, utc, nil},
		{200 * time.Millisecond, 6, utc, []string{"12:03:34.500", "12:03:34.550", "12:03:34.600", "12:03:34.650", "12:03:34.700"}},
		{20 * time.Second, 6, view.Clock{Mode: view.Relative, Zero: at}, []string{"+0 s", "+5 s", "+10 s", "+15 s", "+20 s"}},
		{0, 6, utc, nil},
		{time.Second, 0, utc, nil},
	} {
		ticks, step := TimeTicks(at, at.Add(tt.span), tt.n, tt.clock)
		var got []string
		for _, m := range ticks {
			got = append(got, ClockLabel(tt.clock, m, step))
		}
		if len(tt.want) == 0 {
			if len(got) > tt.n {
				t.Errorf("%v: %d marks", tt.span, len(got))
			}
			continue
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%v: %v, want %v", tt.span, got, tt.want)
		}
	}
}

func TestChartTime(t *testing.T) {
	from := time.Unix(1000, 0)
	ct := TimeAxis{From: from, To: from.Add(10 * time.Second)}
	if x := ct.XAt(from.Add(5*time.Second), 100, 200); !near(x, 200) {
		t.Errorf("x %v", x)
	}
	if at := ct.TimeAt(200, 100, 200); !at.Equal(from.Add(5 * time.Second)) {
		t.Errorf("at %v", at)
	}
	if at := ct.TimeAt(-50, 100, 200); !at.Equal(from) {
		t.Errorf("left of the plot: %v", at)
	}
}
