package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"kmscope/capture"
	"kmscope/kmsconn/jsonrpc"
	"kmscope/wire"
)

// CapturedDump is a dump of GStreamer's graph that a capture holds, because somebody
// asked for it while it was made.
type CapturedDump struct {
	// At is when the answer came, TimeMs the same in milliseconds from the first
	// record.
	At     time.Time
	TimeMs float64
	// Server is the address; "" when the capture does not say.
	Server string
	Object string
	// Details is one of DumpDetails; "" is the server's default.
	Details string
	// Text is in the DOT language, without secrets.
	Text string
}

// How much Dumps gives of a capture that holds more: the newest.
const (
	maxDumps     = 60
	maxDumpBytes = 96 << 20
)

// Dumps gives the dumps that the capture behind a replay holds of its server, also
// those after its present position, the oldest first; of very many the newest. A live
// session has none: who asks for a dump gets it. It takes as long as it takes to read
// the capture. Any goroutine.
func (s *Session) Dumps(ctx context.Context) ([]CapturedDump, error) {
	if s.replay == nil {
		return nil, nil
	}
	several := len(s.replay.Sessions()) > 1
	var out []CapturedDump
	total := 0
	err := EachDump(ctx, s.replay.path, func(d CapturedDump) error {
		if several && d.Server != "" && d.Server != s.url {
			return nil
		}
		out = append(out, d)
		total += len(d.Text)
		for len(out) > maxDumps || total > maxDumpBytes && len(out) > 1 {
			total -= len(out[0].Text)
			out = slices.Delete(out, 0, 1)
		}
		return nil
	})
	return out, err
}

// dumpCall is in every request that asks for a dump.
var dumpCall = []byte(`GstreamerDot`)

// EachDump calls f for every dump that a capture file holds, the oldest first, until
// it gives an error. It keeps none of them. Any goroutine.
func EachDump(ctx context.Context, path string, f func(CapturedDump) error) error {
	reader, err := capture.Open(path)
	if err != nil {
		return err
	}
	defer reader.Close()
	var (
		decoder wire.Decoder
		redact  = capture.NewRedactor()
		servers = map[string]string{} // by connection
		startMs = -1.0
	)
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return fmt.Errorf("the search for a dump in %s was stopped: %w", filepath.Base(path), ctx.Err())
		}
		rec, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if startMs < 0 {
			startMs = rec.TimeMs
		}
		if rec.Dir == capture.DirOpen {
			servers[rec.Conn] = rec.Server
		}
		// Most of a capture can hold no dump and need not be decoded.
		if rec.Dir == capture.DirSend && !bytes.Contains(rec.Frame, dumpCall) ||
			rec.Dir == capture.DirRecv && isEvent(jsonrpc.Frame{Dir: jsonrpc.Recv, Data: rec.Frame}) {
			continue
		}
		for _, fact := range decoder.Feed(rec) {
			if fact.Kind != wire.KindCall || fact.Err != nil || fact.Operation != "getGstreamerDot" && fact.Operation != "getElementGstreamerDot" {
				continue
			}
			d := CapturedDump{At: fact.At, TimeMs: rec.TimeMs - startMs, Server: servers[rec.Conn], Object: fact.Object}
			var ok bool
			if d.Text, ok = dumpText(redact.Redact, fact.Result); !ok {
				continue
			}
			var asked struct {
				Details string `json:"details"`
			}
			if json.Unmarshal(fact.Params, &asked) == nil && slices.Contains(dumpDetails, asked.Details) {
				d.Details = asked.Details
			}
			if err := f(d); err != nil {
				return err
			}
		}
	}
}
