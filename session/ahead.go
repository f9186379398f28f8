package session

import (
	"kmscope/capture"
	"kmscope/wire"
)

// A capture is read by three goroutines, for opening a large one is what a person
// waits for: one decompresses it and decodes the records, ahead of the others; the
// player routes the facts and brings all of the model up to date but the timeline;
// and the scribe writes the timeline, which is as much work as the rest of the
// model. Each takes the facts in the order of the file, so the model is what it is
// when one goroutine does everything; the player waits for the scribe before
// anything is published. Live, one goroutine does everything: a server is slower
// than a file.
//
// Rejected: a goroutine per room (most have nothing to do with most facts), and
// decoding parts of the file side by side (a reply needs its request).

const (
	batchRecords = 512
	batchBytes   = 1 << 20 // of messages; the last of them may be larger
	batchesAhead = 4
)

// batch is a handful of records and what they say. One goroutine at a time has it.
type batch struct {
	records  []capture.Record
	facts    []wire.Fact // of all of them
	ends     []int       // where those of each record end
	progress float64     // how much of the file was read
	err      error       // what came after the records: io.EOF at the end

	told []told // the facts that were routed
	kept int    // of these, how many the scribe has
}

// told is a fact and the model that it is for.
type told struct {
	model *Model
	fact  *wire.Fact
}

// ahead reads and decodes a capture ahead of who needs it.
type ahead struct {
	reader  *capture.Reader
	batches chan *batch
	spare   chan *batch // given back, to be used again
	quit    chan struct{}
	done    chan struct{}
}

// readAhead begins to read; close ends it. The reader is its own from now on.
func readAhead(reader *capture.Reader) *ahead {
	a := &ahead{reader: reader, batches: make(chan *batch, batchesAhead), spare: make(chan *batch, 4*batchesAhead), quit: make(chan struct{}), done: make(chan struct{})}
	go a.run()
	return a
}

func (a *ahead) run() {
	defer close(a.done)
	var d wire.Decoder
	for ended := false; !ended; {
		var b *batch
		select {
		case b = <-a.spare:
		default:
			b = new(batch)
		}
		b.fill(a.reader, &d)
		ended = b.err != nil
		select {
		case a.batches <- b:
		case <-a.quit:
			return
		}
	}
}

// close ends the reading. What is in batches is still good.
func (a *ahead) close() error {
	close(a.quit)
	<-a.done
	return a.reader.Close()
}

func (b *batch) fill(r *capture.Reader, d *wire.Decoder) {
	clear(b.facts) // what they hold need not live on when fewer come
	clear(b.records)
	*b = batch{records: b.records[:0], facts: b.facts[:0], ends: b.ends[:0], told: b.told[:0]}
	if b.records == nil {
		*b = batch{records: make([]capture.Record, 0, batchRecords), facts: make([]wire.Fact, 0, batchRecords), ends: make([]int, 0, batchRecords), told: make([]told, 0, batchRecords)}
	}
	for bytes := 0; len(b.records) < batchRecords && bytes < batchBytes && b.err == nil; {
		rec, err := r.Next()
		if err != nil {
			b.err = err
			break
		}
		bytes += len(rec.Frame)
		b.records = append(b.records, rec)
		b.facts = append(b.facts, d.Feed(rec)...)
		b.ends = append(b.ends, len(b.facts))
	}
	b.progress = r.Progress()
}

// of gives the facts of a record.
func (b *batch) of(i int) []wire.Fact {
	from := 0
	if i > 0 {
		from = b.ends[i-1]
	}
	return b.facts[from:b.ends[i]]
}

// scribe writes the timelines of models.
type scribe struct {
	work chan page
	done chan struct{}
}

// page is work for the scribe.
type page struct {
	told    []told
	batch   *batch // that they are of, when it is done with
	spare   chan *batch
	written chan<- struct{} // closed when all before it is written; or nil
}

func newScribe() *scribe {
	s := &scribe{work: make(chan page, batchesAhead), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *scribe) run() {
	defer close(s.done)
	for p := range s.work {
		for _, t := range p.told {
			t.model.write(t.fact)
		}
		if p.batch != nil {
			select {
			case p.spare <- p.batch:
			default:
			}
		}
		if p.written != nil {
			close(p.written)
		}
	}
}

// settle waits until all is written that was handed over.
func (s *scribe) settle(rest []told) {
	written := make(chan struct{})
	s.work <- page{told: rest, written: written}
	<-written
}

func (s *scribe) close() {
	close(s.work)
	<-s.done
}
