package timeline

import (
	"cmp"
	"slices"
)

// align learns what the server's clock is ahead from the difference of one
// event, in microseconds, and moves the entries when it is another than thought.
func (l *Log) align(d int64) {
	l.skew.take(d)
	if l.aligned && d >= l.ahead && d < l.ahead+skewStep/2 {
		return // on its way for longer than the quickest: nothing new
	}
	ahead, _ := l.skew.value()
	if by := ahead - l.ahead; l.aligned && by > -minShift && by < minShift {
		return
	}
	l.ahead = ahead
	if !l.aligned {
		l.aligned = true
		return // no entry has a timestamp yet
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, seq := range l.order[l.head:] {
		r := l.record(seq)
		r.at = l.standing(r)
	}
	slices.SortStableFunc(l.order[l.head:], func(a, b uint64) int {
		x, y := l.record(a), l.record(b)
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(y.flags&flagCommand, x.flags&flagCommand))
	})
	for _, o := range l.objects {
		for i := range o.lanes {
			for j := range o.lanes[i].last {
				if x := &o.lanes[i].last[j]; l.record(x.seq) != nil {
					x.at = l.record(x.seq).at
				}
			}
		}
	}
	l.version++
	l.deep++
}

// standing gives where a record stands, in milliseconds: see place.
func (l *Log) standing(r *record) int64 {
	if r.stamp == 0 {
		return r.at
	}
	return floorMs(place(r.stamp*1000, r.arrived/1000, l.ahead))
}

func floorMs(micro int64) int64 {
	ms := micro / 1000
	if micro%1000 < 0 {
		ms--
	}
	return ms
}

// place inserts by time, at the end of equal times (a command at their
// beginning), or before an entry with the same time that must follow; 0 is none.
func (l *Log) place(seq, before uint64) {
	r := l.record(seq)
	at := r.at
	if r.flags&flagCommand != 0 {
		at-- // after all that stand earlier
	}
	i := len(l.order)
	for i > l.head && l.record(l.order[i-1]).at > at {
		if len(l.order)-i > 64 { // far back: search instead
			i = l.head + l.search(l.order[l.head:i], at+1)
			break
		}
		i--
	}
	if r.flags&flagCommand != 0 { // after the commands of the same time
		for i < len(l.order) && l.record(l.order[i]).at == r.at && l.record(l.order[i]).flags&flagCommand != 0 {
			i++
		}
	}
	for j := i; before != 0 && j > l.head && l.record(l.order[j-1]).at == r.at; j-- {
		if l.order[j-1] == before {
			i = j - 1
			break
		}
	}
	l.noteChange(r.at)
	if len(l.order) == cap(l.order) { // twice the space: append gives a quarter, and copies five times as much
		l.order = slices.Grow(l.order, max(len(l.order), 1024))
	}
	l.order = slices.Insert(l.order, i, seq)
}

// search gives the index of the first of some entries, in order, that stands at
// a time or later. Entries of a dropped chunk count as earlier.
func (l *Log) search(seqs []uint64, at int64) int {
	i, _ := slices.BinarySearchFunc(seqs, at, func(seq uint64, at int64) int {
		if r := l.record(seq); r != nil && r.at >= at {
			return 1
		}
		return -1
	})
	return i
}

// noteChange tells the views how far back they must look.
func (l *Log) noteChange(at int64) {
	l.version++
	if n := len(l.order); n > l.head && l.record(l.order[n-1]).at-at > viewDepth.Milliseconds() {
		l.deep++
	}
}
