package stats

// thin reduces points to at most limit: the smallest and the largest of every
// bucket, in their order, and the newest. A bucket holds a power of two of
// points and starts at a multiple of it, counted from the series' first point
// ever, so that the picture does not flicker while it scrolls. first is the
// number of pts[0] in that count.
func thin(pts []point, first uint64, limit int) []point {
	n := len(pts)
	if limit <= 0 || n <= limit {
		return pts
	}
	if limit < 3 {
		return join(pts, []int{0, n - 1}[2-limit:])
	}
	buckets := (limit - 1) / 2
	size := uint64(n) // one bucket for all, wherever it starts
	if buckets > 1 {
		size = 1
		for uint64(n-1)/size+2 > uint64(buckets) { // n points touch so many buckets at most
			size <<= 1
		}
	} else {
		first = 0
	}
	keep := make([]int, 0, limit)
	for i := 0; i < n-1; {
		end := min(i+int(size-(first+uint64(i))%size), n-1)
		lo, hi := i, i
		for j := i + 1; j < end; j++ {
			if pts[j].v < pts[lo].v {
				lo = j
			}
			if pts[j].v > pts[hi].v {
				hi = j
			}
		}
		keep = append(keep, min(lo, hi))
		if lo != hi {
			keep = append(keep, max(lo, hi))
		}
		i = end
	}
	return join(pts, append(keep, n-1))
}

// join picks points and carries over the gaps between them.
func join(pts []point, keep []int) []point {
	out := make([]point, 0, len(keep))
	from := 0
	for k, i := range keep {
		p := pts[i]
		for j := from; j < i && k > 0 && !p.gap(); j++ {
			if pts[j].gap() {
				p.at |= 1
			}
		}
		from = i + 1
		out = append(out, p)
	}
	return out
}
