package capture

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// waypoint is a frame with a mark.
type waypoint struct {
	part  int
	start int64 // of its mark in the file
	mark  mark
}

// SeekTo makes Next go on with the first record at or after a moment. In a
// capture of this program that costs the decoding of one frame, after a first
// walk over the headers of all; other files are read again from their start.
// The records keep the Index that they have when all are read. What the state
// of a server was at a moment is told by all records before it: SeekTo is for
// looking at records themselves.
func (r *Reader) SeekTo(at time.Time) error {
	if len(r.parts) == 0 {
		return errors.New("the capture is closed")
	}
	if r.way == nil {
		if err := r.survey(); err != nil {
			return err
		}
	}
	r.rewind()
	r.notFrom = at
	last := -1
	for i, w := range r.way {
		if w.mark.micros < at.UnixMicro() { // equal moments may stand before it
			last = i
		}
	}
	if last < 1 {
		return nil
	}
	// Records that no writer wrote stand before the first that one did.
	r.notFrom = time.Time{}
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if !rec.Resumed && rec.Index >= r.extra {
			break
		}
	}
	before := r.extra
	r.leave()
	w := r.way[last]
	r.cur = w.part
	if err := r.enter(); err != nil {
		return err
	}
	r.frames.jump(w.start)
	r.index = w.mark.record - r.way[0].mark.record + before
	r.waiting, r.ended, r.segment, r.within, r.landed = nil, false, 0, true, w.mark.micros
	r.notFrom = at
	return nil
}

// rewind goes back to the start.
func (r *Reader) rewind() {
	r.leave()
	r.cur, r.index, r.extra, r.lastMs, r.segment = 0, 0, 0, 0, 0
	r.anchor, r.anchored = r.header.WallMs*1000, r.header.WallMs > 0
	r.waiting, r.ended, r.within, r.landed = nil, false, false, 0
	clear(r.open)
	if r.header.Segment > 1 {
		r.waiting = append(r.waiting, r.gap("older records were let go: the size of the capture is limited"))
	}
}

// survey finds the marks of all files, up to a fault.
func (r *Reader) survey() error {
	r.way = []waypoint{}
	for i, p := range r.parts {
		if !p.zstd {
			return nil
		}
		for off := int64(0); off < p.size; {
			e, err := scanFrame(p.f, off, p.size)
			if errors.Is(err, errDamaged) || e.cut {
				break
			}
			if err != nil {
				return fmt.Errorf("%s cannot be read: %w", p.f.Name(), err)
			}
			if e.mark != nil {
				r.way = append(r.way, waypoint{i, off, *e.mark})
			}
			off = e.end
		}
	}
	return nil
}
