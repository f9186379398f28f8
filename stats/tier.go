package stats

// tierMs are the steps of the tiers; tier 0 is the samples themselves.
var tierMs = [...]int64{0, 10_000, 120_000, 1_800_000}

const lastTier = len(tierMs) - 1

// bucket sums up the samples of one step of time between two breaks of the
// line.
type bucket struct {
	from, to       int64 // of the first and the last sample, milliseconds
	min, max, mean float64
	n              int64
	gap            bool // the line is broken before it
	second         bool // it follows a break within its step
}

func bucketOf(p point) bucket {
	return bucket{from: p.ms(), to: p.ms(), min: p.v, max: p.v, mean: p.v, n: 1, gap: p.gap()}
}

// gather puts buckets into steps of time: give it each, oldest first; it gives
// those that are complete. A bucket never reaches over a break. Of a step in
// which the line breaks there are two: what is before the first break, and what
// is after it; so their number is bounded whatever comes.
type gather struct {
	step int64 // 0: every bucket stays as it is
	open bucket
	end  int64   // where the step of open ends
	sum  float64 // of open's samples; its mean waits for the end
}

// add takes the next bucket. done is one that is complete.
func (g *gather) add(b *bucket) (done bucket, ok bool) {
	o := &g.open
	same := o.n > 0 && b.from < g.end && b.from >= g.end-g.step
	if same && (!b.gap || o.second) {
		o.min, o.max = min(o.min, b.min), max(o.max, b.max)
		o.from, o.to = min(o.from, b.from), max(o.to, b.to)
		o.n += b.n
		g.sum += b.mean * float64(b.n)
		return bucket{}, false
	}
	done, ok = g.last()
	g.open, g.open.second = *b, same
	g.sum = b.mean * float64(b.n)
	if !same && g.step > 0 {
		// The start of the step, also before 1970.
		g.end = b.from - ((b.from%g.step)+g.step)%g.step + g.step
	}
	return done, ok
}

// addPoint is add for a sample that is no break and within the step of open;
// false when it is neither, or not later than what is there.
func (g *gather) addPoint(p point) bool {
	o := &g.open
	ms := p.ms()
	if o.n == 0 || p.gap() || ms >= g.end || ms < o.to {
		return false
	}
	o.min, o.max, o.to = min(o.min, p.v), max(o.max, p.v), ms
	o.n++
	g.sum += p.v
	return true
}

// last is the open bucket as it stands; false when there is none.
func (g *gather) last() (bucket, bool) {
	b := g.open
	if b.n == 0 {
		return b, false
	}
	// The sum of the largest numbers is infinite; their mean is not.
	b.mean = min(max(g.sum/float64(b.n), b.min), b.max)
	return b, true
}

// eachBucket gives the buckets of a run that touch a range of time, and those
// beside them in the same chunks, oldest first.
func (r *run) eachBucket(from, to int64, yield func(b bucket)) {
	r.each(from, to, triples(yield))
}

// triples makes buckets of the samples that addBucket wrote.
func triples(yield func(b bucket)) func(p point) bool {
	var b bucket
	i := 0
	return func(p point) bool {
		switch i {
		case 0:
			b = bucket{from: p.ms(), min: p.v, gap: p.gap()}
			i = 1
		case 1:
			b.to, b.max = p.ms(), p.v
			i = 2
		default:
			b.n, b.mean = p.ms()-b.to, p.v
			yield(b)
			i = 0
		}
		return true
	}
}
