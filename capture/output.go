package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// maxNotedConns bounds what an output remembers of connections and servers.
const maxNotedConns = 4096

func hasLineEnd(b []byte) bool { return bytes.IndexByte(b, '\n') >= 0 || bytes.IndexByte(b, '\r') >= 0 }

// outFile is what an output does with a file.
type outFile interface {
	io.Writer
	io.Seeker
	io.Closer
	Truncate(size int64) error
}

// fileSystem is where the files are; tests give one that is full.
type fileSystem interface {
	create(path string) (outFile, error) // a new file; os.ErrExist
	rename(from, to string) error
	remove(path string) error
	appendTo(path string) (outFile, error)
}

type diskFiles struct{}

func (diskFiles) create(path string) (outFile, error) {
	// A capture tells who talked to whom: nobody else reads it.
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}
func (diskFiles) rename(from, to string) error { return os.Rename(from, to) }
func (diskFiles) remove(path string) error     { return os.Remove(path) }
func (diskFiles) appendTo(path string) (outFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekEnd); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// segment is a finished file of a ring.
type segment struct {
	number  int
	bytes   int64
	startMs float64 // TimeMs of its beginning
}

// output is the file, or the ring of files, that a Writer writes. It belongs to
// the Writer's goroutine.
type output struct {
	files   fileSystem
	path    string
	limit   int64 // of all files together; 0 is none
	f       outFile
	size    int64 // of f: whole frames only
	segment int   // number of f in the ring; 0 is no ring
	done    []segment
	startMs float64
	lastMs  float64 // TimeMs of the newest record
	open    map[string]Record
	seen    map[string]bool // servers
	dirty   bool            // f may hold a part of a frame after size
}

// create makes the first file.
func (o *output) create() error {
	if o.limit > 0 {
		o.segment = 1
		if old := ringFiles(o.path); len(old) > 0 {
			return fmt.Errorf("%s exists already: choose another name", segmentPath(o.path, old[0]))
		}
	}
	f, err := o.files.create(o.path)
	if err != nil {
		return sentence(o.path, err)
	}
	o.f = f
	return nil
}

// abandon removes a file that could not even be begun.
func (o *output) abandon(err error) error {
	return errors.Join(err, o.f.Close(), o.files.remove(o.path))
}

// sentence says for a user why a file was refused.
func sentence(path string, err error) error {
	switch {
	case errors.Is(err, os.ErrExist):
		return fmt.Errorf("%s exists already: choose another name", path)
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("there is no folder %s: make it, or choose another", filepath.Dir(path))
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s must not be written by this user: choose another folder: %w", path, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("the disk is full, capturing waits for room on it: %w", err)
	}
	return fmt.Errorf("%s cannot be written: %w", path, err)
}

// note remembers what later files must repeat.
func (o *output) note(r *Record) {
	o.lastMs = r.TimeMs
	switch r.Dir {
	case DirOpen:
		if _, known := o.open[r.Conn]; known || len(o.open) < maxNotedConns {
			o.open[r.Conn] = *r
		}
		if r.Server != "" && len(o.seen) < maxNotedConns {
			if o.seen == nil {
				o.seen = map[string]bool{}
			}
			o.seen[r.Server] = true
		}
	case DirClose:
		delete(o.open, r.Conn)
	}
}

// servers gives the given addresses and those that were seen.
func (o *output) servers(given []string) []string {
	all := maps.Clone(o.seen)
	if all == nil {
		all = map[string]bool{}
	}
	for _, s := range given {
		all[s] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// resume appends an open record for each connection that is open.
func (o *output) resume(dst []byte, atMs float64) []byte {
	for _, conn := range slices.Sorted(maps.Keys(o.open)) {
		r := o.open[conn]
		if r.WallMs != 0 {
			r.WallMs += micros(atMs-r.TimeMs) / 1000
		}
		r.TimeMs, r.Resumed = atMs, true
		dst = appendLine(dst, &r)
	}
	return dst
}

// write appends whole frames. After an error the file ends where it did.
func (o *output) write(b []byte) error {
	if o.f == nil {
		f, err := o.files.appendTo(o.path)
		if err != nil {
			return sentence(o.path, err)
		}
		o.f, o.dirty = f, true
	}
	if o.dirty {
		if err := o.clip(); err != nil {
			return sentence(o.path, err)
		}
	}
	n, err := o.f.Write(b)
	if err == nil && n == len(b) {
		o.size += int64(n)
		return nil
	}
	if err == nil {
		err = io.ErrShortWrite
	}
	o.dirty = true
	if cerr := o.clip(); cerr == nil {
		o.dirty = false
	}
	return sentence(o.path, err)
}

// clip takes off what stands after the last whole frame.
func (o *output) clip() error {
	if err := o.f.Truncate(o.size); err != nil {
		return err
	}
	if _, err := o.f.Seek(o.size, io.SeekStart); err != nil {
		return err
	}
	o.dirty = false
	return nil
}

func (o *output) full() bool {
	return o.limit > 0 && o.size >= max(1, o.limit/ringSegments)
}

// rotate ends the file and begins the next of the ring.
func (o *output) rotate() error {
	if err := o.shut(); err != nil {
		return sentence(o.path, err)
	}
	finished := segmentPath(o.path, o.segment)
	if err := o.files.rename(o.path, finished); err != nil {
		return sentence(finished, err) // write opens the file again
	}
	f, err := o.files.create(o.path)
	if err != nil {
		return errors.Join(sentence(o.path, err), o.files.rename(finished, o.path))
	}
	o.done = append(o.done, segment{o.segment, o.size, o.startMs})
	o.f, o.size, o.startMs, o.segment = f, 0, o.lastMs, o.segment+1
	for len(o.done) >= ringSegments {
		err := o.files.remove(segmentPath(o.path, o.done[0].number))
		if err != nil && !errors.Is(err, os.ErrNotExist) && len(o.done) < 2*ringSegments {
			break // somebody reads it; the next round tries again
		}
		o.done = o.done[1:]
	}
	return nil
}

// shut closes the file; write opens it again.
func (o *output) shut() error {
	if o.f == nil {
		return nil
	}
	err := o.f.Close()
	o.f = nil
	return err
}

// total is the size of all files.
func (o *output) total() int64 {
	n := o.size
	for _, s := range o.done {
		n += s.bytes
	}
	return n
}

// oldestMs is the TimeMs from which on there are records.
func (o *output) oldestMs() float64 {
	if len(o.done) > 0 {
		return o.done[0].startMs
	}
	return o.startMs
}

func (o *output) close() error {
	if err := o.shut(); err != nil {
		return fmt.Errorf("the end of %s may be missing: %w", o.path, err)
	}
	return nil
}

// keep moves everything into one file of another name and goes on there,
// without a limit.
func (o *output) keep(path string) error {
	if filepath.Clean(path) == filepath.Clean(o.path) && len(o.done) == 0 {
		o.limit = 0
		return nil
	}
	// The new file holds the place: from here on nobody else takes the name.
	dst, err := o.files.create(path)
	if err != nil {
		return sentence(path, err)
	}
	if err := o.shut(); err != nil {
		return errors.Join(sentence(o.path, err), dst.Close(), o.files.remove(path))
	}
	size := int64(0)
	names := make([]string, 0, len(o.done)+1)
	for _, s := range o.done {
		names = append(names, segmentPath(o.path, s.number))
	}
	names = append(names, o.path)
	if len(names) == 1 && dst.Close() == nil {
		if o.files.rename(o.path, path) == nil {
			o.path, o.limit = path, 0
			return nil
		}
		// Another disk: copy.
		if dst, err = o.files.appendTo(path); err != nil {
			return errors.Join(sentence(path, err), o.files.remove(path))
		}
	}
	for i, name := range names {
		n, err := copyFile(dst, name)
		if err != nil && errors.Is(err, os.ErrNotExist) && i < len(names)-1 {
			continue // it was let go of by somebody else: the numbers show the gap
		}
		if err != nil {
			return errors.Join(fmt.Errorf("the capture could not be moved to %s and goes on as before: %w", path, err), dst.Close(), o.files.remove(path))
		}
		size += n
	}
	for _, name := range names {
		// A file that stays behind costs room, nothing else.
		_ = o.files.remove(name)
	}
	o.path, o.limit, o.f, o.size, o.done = path, 0, dst, size, nil
	return nil
}

func copyFile(dst io.Writer, name string) (int64, error) {
	src, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(dst, src)
	return n, errors.Join(err, src.Close())
}
