package session

import (
	"fmt"
	"os"
	"path/filepath"

	"kmscope/stats"
)

// pagePattern names the files that hold samples which memory has no room for.
const pagePattern = "kmscope-*.figures"

// pageFile makes the file for samples that memory has no room for, beside the
// captures. It holds figures alone, and nobody else sees it: its name is gone at once
// where the system allows that for an open file, elsewhere when the next one is made.
// It is closed when nothing refers to it any more.
func (w *Workspace) pageFile() (stats.PageFile, error) {
	dir := w.opts.CacheDir
	switch {
	case dir != "":
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("the folder for captures cannot be made: %w", err)
		}
	case w.opts.CaptureFile != "":
		dir = filepath.Dir(w.opts.CaptureFile)
	default:
		dir = os.TempDir()
	}
	// What is still in use elsewhere either has no name or cannot be removed.
	if old, err := filepath.Glob(filepath.Join(dir, pagePattern)); err == nil {
		for _, name := range old {
			_ = os.Remove(name)
		}
	}
	f, err := os.CreateTemp(dir, pagePattern)
	if err != nil {
		w.opts.Logger.Warn("older figures are kept as sums alone", "error", err)
		return nil, fmt.Errorf("no file for older figures: %w", err)
	}
	_ = os.Remove(f.Name())
	return f, nil
}
