package capture

import (
	"encoding/json"
	"fmt"
	"time"
)

// Version is the version of the format that this package writes, and the
// newest that it reads.
const Version = 1

// Extension is how the names of capture files end. A Reader does not need it.
const Extension = ".kmscap"

// Header is the first line of a capture. Recordings of a proxy have none: their
// Version is 0.
type Header struct {
	// Version of the format; Create writes its own whatever stands here.
	Version int
	// Created is the wall clock at TimeMs 0, in whole milliseconds.
	Created time.Time
	// Tool is the program that wrote the file, with its version.
	Tool string
	// Redacted says that secrets were replaced before they were written.
	Redacted bool
	// Servers are the addresses of the servers, as far as known when the header
	// was written, without userinfo.
	Servers []string
}

// headerLine is a Header as it stands in a file.
type headerLine struct {
	Version  int       `json:"kmscope_capture"`
	Created  time.Time `json:"created"`
	WallMs   int64     `json:"wall"`
	Tool     string    `json:"tool,omitempty"`
	Redacted bool      `json:"redacted"`
	Servers  []string  `json:"servers,omitempty"`
	// Segment numbers the files of a ring from 1; 0 is a capture of one file.
	Segment int `json:"segment,omitempty"`
}

// appendHeader appends the first line of a file.
func appendHeader(dst []byte, h Header, segment int) ([]byte, error) {
	created := time.UnixMilli(h.Created.UnixMilli()).UTC()
	line := headerLine{
		Version: Version, Created: created, WallMs: created.UnixMilli(),
		Tool: h.Tool, Redacted: h.Redacted, Segment: segment,
	}
	for _, s := range h.Servers {
		line.Servers = append(line.Servers, withoutUserinfo(s))
	}
	text, err := json.Marshal(line)
	if err != nil {
		return dst, fmt.Errorf("the header of the capture cannot be written: %w", err)
	}
	return append(append(dst, text...), '\n'), nil
}

// newerError says that a file is of a version that this program cannot read.
type newerError struct{ version int }

func (e newerError) Error() string {
	return fmt.Sprintf("was written by a newer kmscope (capture version %d, this program reads up to %d): update kmscope to open it", e.version, Version)
}

// parseHeader reads a line that has a kmscope_capture field.
func parseHeader(line []byte) (headerLine, error) {
	var probe struct {
		Version int `json:"kmscope_capture"`
	}
	if err := json.Unmarshal(line, &probe); err != nil || probe.Version < 1 {
		return headerLine{}, fmt.Errorf("the header has no version number")
	}
	if probe.Version > Version {
		return headerLine{}, newerError{probe.Version}
	}
	var h headerLine
	if err := json.Unmarshal(line, &h); err != nil {
		return headerLine{}, fmt.Errorf("the header is not readable: %w", err)
	}
	if h.WallMs <= 0 || h.WallMs > maxWallMs {
		h.WallMs = 0
		if ms := h.Created.UnixMilli(); ms > 0 && ms <= maxWallMs {
			h.WallMs = ms
		}
	}
	return h, nil
}

func (h headerLine) header() Header {
	out := Header{Version: h.Version, Tool: h.Tool, Redacted: h.Redacted, Servers: h.Servers}
	if h.WallMs > 0 {
		out.Created = time.UnixMilli(h.WallMs).UTC()
	}
	return out
}
