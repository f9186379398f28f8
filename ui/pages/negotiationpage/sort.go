package negotiationpage

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"kmscope/negotiation"
)

// sorting is by which column the candidates stand; the zero value leaves them
// as they came.
type sorting struct {
	column int // 1 is the first; 0 is none
	down   bool
}

// candidateTitles head the columns of a candidate.
var candidateTitles = [...]string{"Type", "Protocol", "Address", "Port", "Class", "Comp.", "Priority", "Source", "m-line"}

// titles are the column heads with the sign of the order.
func (s sorting) titles() []string {
	out := slices.Clone(candidateTitles[:])
	if s.column > 0 && s.column <= len(out) {
		sign := " ▴"
		if s.down {
			sign = " ▾"
		}
		out[s.column-1] += sign
	}
	return out
}

// next is the order after a press on a column's head: up, down, as they came.
func (s sorting) next(column int) sorting {
	switch {
	case s.column != column:
		return sorting{column: column}
	case !s.down:
		return sorting{column: column, down: true}
	}
	return sorting{}
}

// order gives the places of candidates in their order. Equal ones stay as they
// came.
func (s sorting) order(list []negotiation.Candidate) []int {
	at := make([]int, len(list))
	for i := range at {
		at[i] = i
	}
	if s.column == 0 {
		return at
	}
	slices.SortStableFunc(at, func(i, j int) int {
		c := s.compare(&list[i], &list[j])
		if s.down {
			return -c
		}
		return c
	})
	return at
}

func (s sorting) compare(a, b *negotiation.Candidate) int {
	switch s.column {
	case 1:
		return cmp.Compare(slices.Index(negotiation.Types[:], a.Type), slices.Index(negotiation.Types[:], b.Type))
	case 2:
		return strings.Compare(a.Protocol+a.TCPType, b.Protocol+b.TCPType)
	case 3:
		return compareAddress(a.Address, b.Address)
	case 4:
		return cmp.Compare(a.Port, b.Port)
	case 5:
		return strings.Compare(string(a.Class), string(b.Class))
	case 6:
		return cmp.Compare(a.Component, b.Component)
	case 7:
		return cmp.Compare(a.Priority, b.Priority)
	case 8:
		return strings.Compare(string(a.Origin), string(b.Origin))
	}
	return strings.Compare(strings.Join(a.Mids, ","), strings.Join(b.Mids, ","))
}

// compareAddress orders addresses as numbers, names after them.
func compareAddress(a, b string) int {
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	switch {
	case errX == nil && errY == nil:
		return x.Compare(y)
	case errX == nil:
		return -1
	case errY == nil:
		return 1
	}
	return strings.Compare(a, b)
}
