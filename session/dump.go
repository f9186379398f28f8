package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"kmscope/capture"
	"kmscope/inventory"
	"kmscope/kmsconn"
)

// A dump is what GStreamer itself knows of an element, a hub or a pipeline, as
// a graph in the DOT language: 93 kB for an endpoint, and nothing that the
// model could learn from. So it is the one call whose result goes to who asked
// for it instead of coming round through the frames. Its frames are captured
// like all others, and in a replay the newest of them is found again.

// dumpDetails are the values of kurento.GstreamerDotDetails (KMD of core).
var dumpDetails = []string{
	"SHOW_ALL", "SHOW_CAPS_DETAILS", "SHOW_FULL_PARAMS", "SHOW_MEDIA_TYPE",
	"SHOW_NON_DEFAULT_PARAMS", "SHOW_STATES", "SHOW_VERBOSE",
}

// DumpDetails gives the values that Dump takes for its details, besides "".
func DumpDetails() []string { return slices.Clone(dumpDetails) }

// Dump gives GStreamer's own graph of an element, a hub or a pipeline, as text
// in the DOT language (KMD: getGstreamerDot of MediaElement, MediaPipeline and
// Hub). details is one of DumpDetails, or "" for the server's default, which is
// SHOW_VERBOSE. Secrets are replaced as they are in the capture.
//
// A live server is asked under a throw-away session on a connection of its own,
// so that a long answer delays neither samples nor events; it is bounded by the
// largest frame (64 MiB) and by Options.Patience. A replay gives the newest dump
// of the object in the capture, up to its present position, whatever its
// details. An error is one sentence. Any goroutine may call it; it takes
// milliseconds live, and in a replay as long as it takes to read the capture.
func (s *Session) Dump(ctx context.Context, id, details string) (string, error) {
	if details != "" && !slices.Contains(dumpDetails, details) {
		return "", fmt.Errorf("the server has no level of detail %q: choose one of %v", details, dumpDetails)
	}
	switch {
	case s.live != nil:
		return s.live.dump(ctx, id, details)
	case s.replay != nil:
		return s.replay.dump(ctx, id)
	}
	return "", errors.New("no server and no capture is behind this session")
}

func (l *live) dump(ctx context.Context, id, details string) (string, error) {
	name := inventory.TypeOf(id)
	reader, err := l.dumpReader(ctx)
	if err != nil {
		return "", fmt.Errorf("the dump of %s was not made: %w", name, err)
	}
	var params any
	if details != "" {
		params = map[string]string{"details": details}
	}
	raw, err := reader.Invoke(ctx, id, "getGstreamerDot", params)
	switch {
	case kmsconn.IsNotFound(err):
		return "", fmt.Errorf("the server does not know this %s any more: it has been released", name)
	case kmsconn.IsUnknownOperation(err):
		return "", fmt.Errorf("the server has no dump of a %s: choose an element, a hub or a pipeline", name)
	case err != nil:
		return "", fmt.Errorf("the dump of %s was not made: %w", name, err)
	}
	text, ok := dumpText(l.ws.clean, raw)
	if !ok {
		return "", fmt.Errorf("the server's dump of %s is no text; its answer is in the capture", name)
	}
	return text, nil
}

// dumpText gives the text of an answer. What a capture would not show, nobody sees: it
// goes the same way as a frame.
func dumpText(clean func(capture.Record) capture.Record, value json.RawMessage) (text string, ok bool) {
	frame, err := json.Marshal(map[string]map[string]json.RawMessage{"result": {"value": value}})
	if err != nil {
		return "", false
	}
	var reply struct {
		Result struct {
			Value string `json:"value"`
		} `json:"result"`
	}
	err = json.Unmarshal(clean(capture.Record{Dir: capture.DirRecv, Frame: frame}).Frame, &reply)
	return reply.Result.Value, err == nil && reply.Result.Value != ""
}

// dumpReader gives the connection for dumps, made when the first is asked for.
func (l *live) dumpReader(ctx context.Context) (*kmsconn.Reader, error) {
	errOver := errors.New("the session is closed")
	l.dialDumps.Lock()
	defer l.dialDumps.Unlock()
	l.mu.Lock()
	reader, over := l.dumper, l.dumpsOver
	l.mu.Unlock()
	switch {
	case over:
		return nil, errOver
	case reader != nil:
		return reader, nil
	}
	reader, err := kmsconn.NewReader(ctx, l.options("dump", kmsconn.Observer{}), l.gate)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	if over = l.dumpsOver; !over {
		l.dumper = reader
	}
	l.mu.Unlock()
	if over {
		return nil, errors.Join(errOver, reader.Close(ctx))
	}
	return reader, nil
}

// closeDumps ends the connection for dumps, if there is one, for good.
func (l *live) closeDumps(ctx context.Context) error {
	l.mu.Lock()
	reader := l.dumper
	l.dumpsOver = true
	l.mu.Unlock()
	if reader == nil {
		return nil
	}
	return reader.Close(ctx)
}

// dump looks for the newest dump of an object among the records played.
func (r *Replay) dump(ctx context.Context, id string) (string, error) {
	r.mu.Lock()
	position := r.position
	r.mu.Unlock()
	dot := ""
	err := EachDump(ctx, r.path, func(d CapturedDump) error {
		if d.Object == id && !d.At.After(position) {
			dot = d.Text
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if dot == "" {
		return "", fmt.Errorf("the capture holds no dump of this %s up to here: dumps are there only if somebody asked for them while it was made", inventory.TypeOf(id))
	}
	return dot, nil
}
