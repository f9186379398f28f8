package serverlog

import (
	"slices"
	"testing"
)

func TestWorst(t *testing.T) {
	b := &Book{}
	for _, l := range []Level{Warning, Error, Info, Warning, Plain, Error, Warning, Debug} {
		b.rows = append(b.rows, row{level: l})
	}
	for _, c := range []struct {
		level Level
		most  int
		want  []int32
	}{
		{Warning, 100, []int32{0, 1, 3, 5, 6}},
		{Error, 100, []int32{1, 5}},
		{Warning, 3, []int32{1, 5, 6}},
		{Warning, 1, []int32{5}},
		{Warning, 0, nil},
		{Debug, 6, []int32{0, 1, 2, 3, 5, 6}},
	} {
		if got := b.Worst(c.level, c.most); !slices.Equal(got, c.want) {
			t.Errorf("at least %v, %d: %v, want %v", c.level, c.most, got, c.want)
		}
	}
}
