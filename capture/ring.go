package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// A ring is a capture of bounded size. The file that is being written has the
// name that was given, PATH. When it is full it becomes PATH.000001, then
// PATH.000002 and so on, and the oldest is removed. Each is a complete capture
// alone: header, then an open marked "resumed" for each connection that is
// open. Numbers only grow, so nothing is renamed twice, and a crash at any
// moment leaves files that are read in the order of their numbers, PATH last.

const ringSegments = 8

var segmentName = regexp.MustCompile(`\.([0-9]{6,9})$`)

func segmentPath(path string, n int) string { return fmt.Sprintf("%s.%06d", path, n) }

// ringFiles gives the numbers of the finished segments beside path, ascending.
func ringFiles(path string) []int {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	base := filepath.Base(path)
	var out []int
	for _, e := range entries {
		m := segmentName.FindStringSubmatch(e.Name())
		if m == nil || e.Name()[:len(e.Name())-len(m[0])] != base {
			continue
		}
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 && segmentPath(base, n) == e.Name() {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// openParts opens the file, with the finished segments before it when it is
// that of a ring.
func (r *Reader) openParts(path string) error {
	// First the file, then its siblings: a writer may rename it meanwhile, and
	// then its number tells that it is here already.
	last, err := openPart(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	numbers := ringFiles(path)
	if err != nil && len(numbers) == 0 {
		return err
	}
	created := int64(0)
	if err == nil {
		h, herr := headerOf(last)
		if herr != nil || h.Segment == 0 { // no ring: what stands beside it is not its own
			r.parts = []*part{last}
			return nil
		}
		last.segment, created = h.Segment, h.WallMs
	}
	for _, n := range numbers {
		if last != nil && n >= last.segment {
			continue
		}
		p, perr := openPart(segmentPath(path, n))
		if perr != nil {
			continue // it is being removed, or empty: the gap shows
		}
		h, herr := headerOf(p)
		if created == 0 {
			created = h.WallMs
		}
		if herr != nil || h.Segment != n || h.WallMs != created {
			_ = p.f.Close() // it was only read
			continue
		}
		p.segment = n
		r.parts = append(r.parts, p)
	}
	if err == nil {
		r.parts = append(r.parts, last)
	}
	if len(r.parts) == 0 {
		return err
	}
	return nil
}

// headerOf reads the first line of a file.
func headerOf(p *part) (headerLine, error) {
	r := Reader{name: p.f.Name(), parts: []*part{p}, open: map[string]bool{}}
	if err := r.sniff(0, p); err != nil {
		return headerLine{}, err
	}
	return r.header, nil
}
