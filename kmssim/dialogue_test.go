package kmssim

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A dialogue is a recording of clients talking to a real server. The test says
// to the simulator what the clients said, at the same times, and compares the
// answers: the same refusals word for word, the same fields, the same words;
// ids, figures and long texts may differ.

type record struct {
	T     float64         `json:"t"`
	Dir   string          `json:"dir"`
	Conn  string          `json:"conn"`
	By    string          `json:"by"`
	Frame json.RawMessage `json:"frame"`
}

var uuidPattern = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// replay is one dialogue on its way through the simulator.
type replay struct {
	t       *testing.T
	s       *Server
	clock   *FakeClock
	zero    time.Time // the recording's time 0
	url     string
	clients map[string]*client
	ids     map[string]string // recorded -> simulated
	mute    map[string]bool   // connections whose socket died of a malformed frame
	differs []string
	skip    func(op string) bool
	// compared counts the answers that were compared.
	compared int
}

func load(t *testing.T, name string) []record {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "dialogues", name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out []record
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 8<<20)
	for sc.Scan() {
		var r record
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func newReplay(t *testing.T, opt Options, at time.Time) *replay {
	clock := NewFakeClock(at)
	opt.Clock, opt.Faults.ReorderEvents = clock, -1
	s, url := start(t, opt)
	return &replay{t: t, s: s, clock: clock, zero: at, url: url, clients: map[string]*client{},
		ids: map[string]string{}, mute: map[string]bool{}}
}

// translate puts the simulator's ids where the recorded ones stand; false when
// the recording speaks of an object that was there before it began.
func (p *replay) translate(frame []byte) ([]byte, bool) {
	known := true
	out := uuidPattern.ReplaceAllStringFunc(string(frame), func(id string) string {
		if own, ok := p.ids[id]; ok {
			return own
		}
		if id == "00000000-0000-0000-0000-000000000000" {
			return id
		}
		known = false
		return id
	})
	return []byte(out), known
}

// learn pairs the ids of two answers of the same kind.
func (p *replay) learn(recorded, simulated map[string]any) {
	a, _ := recorded["result"].(map[string]any)
	b, _ := simulated["result"].(map[string]any)
	for _, key := range []string{"serverId", "sessionId", "value"} {
		x, okX := a[key].(string)
		y, okY := b[key].(string)
		if !okX || !okY {
			continue
		}
		was, is := uuidPattern.FindAllString(x, -1), uuidPattern.FindAllString(y, -1)
		if len(was) != len(is) {
			continue
		}
		for i := range was {
			if _, have := p.ids[was[i]]; !have {
				p.ids[was[i]] = is[i]
			}
		}
	}
}

func (p *replay) run(records []record) {
	p.t.Helper()
	replies := map[string][]map[string]any{} // recorded answers by connection and id, in order
	for _, r := range records {
		if r.Dir == "recv" {
			if m, ok := decode(r.Frame); ok && m["method"] == nil {
				key := r.Conn + "|" + fmt.Sprint(m["id"])
				replies[key] = append(replies[key], m)
			}
		}
	}
	for i, r := range records {
		if at := p.zero.Add(time.Duration(r.T * float64(time.Millisecond))); at.After(p.clock.Now()) {
			p.clock.Advance(at.Sub(p.clock.Now()))
		}
		switch {
		case r.Dir == "open":
			p.clients[r.Conn] = dial(p.t, p.url)
			delete(p.mute, r.Conn)
		case r.Dir == "close" && r.By == "client":
			if c := p.clients[r.Conn]; c != nil {
				c.settle()
				c.close()
				eventually(p.t, "socket closed", func() bool { return p.s.Connections() == p.open() })
			}
		case r.Dir == "close" && r.By == "server" && !p.mute[r.Conn] && endsWithRestart(records[i:]):
			p.mute[r.Conn] = true
			if len(p.mute) == 1 {
				p.s.Restart()
			}
		case r.Dir == "send":
			p.send(r, replies)
		case r.Dir == "recv":
			p.peerLeft(r)
		}
	}
}

// open counts the clients whose sockets live.
func (p *replay) open() int {
	n := 0
	for _, c := range p.clients {
		select {
		case <-c.done:
		default:
			n++
		}
	}
	return n
}

// peerLeft lets the simulated peer hang up when the recorded one did.
func (p *replay) peerLeft(r record) {
	frame, known := p.translate(r.Frame)
	m, ok := decode(frame)
	d, typ := eventOf(m)
	if !known || !ok || typ != "DtlsConnectionStateChange" || d["state"] != "CLOSED" {
		return
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if o := p.s.objects[fmt.Sprint(d["source"])]; o != nil {
		p.s.hangUpLocked(o, true)
		p.s.flushLocked()
	}
}

// endsWithRestart: the real server died here if all connections close at once.
func endsWithRestart(rest []record) bool {
	n := 0
	for _, r := range rest[:min(len(rest), 3)] {
		if r.Dir == "close" && r.By == "server" {
			n++
		}
	}
	return n >= 3
}

func (p *replay) send(r record, replies map[string][]map[string]any) {
	c := p.clients[r.Conn]
	if c == nil || p.mute[r.Conn] {
		return
	}
	req, ok := decode(r.Frame)
	key := r.Conn + "|" + fmt.Sprint(req["id"])
	want := replies[key]
	if nothing := r.Conn + "|<nil>"; len(want) == 0 && len(replies[nothing]) > 0 {
		key, want = nothing, replies[nothing] // refused without an id
	}
	if !ok || len(want) == 0 || req["_raw"] != nil {
		p.malformed(c, r, req)
		return
	}
	replies[key] = want[1:]
	frame, known := p.translate(r.Frame)
	if !known {
		return
	}
	own, _ := decode(frame)
	op := operationOf(own)
	stop := make(chan struct{})
	if op == "getUsedCpu" {
		go func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(2 * time.Millisecond):
					p.clock.Advance(100 * time.Millisecond)
				}
			}
		}()
	}
	id := want[0]["id"]
	got, answered := c.try(id, own, patience)
	close(stop)
	if !answered {
		p.differs = append(p.differs, fmt.Sprintf("%s: no answer", frame))
		return
	}
	p.learn(want[0], got)
	p.compared++
	if p.skip != nil && p.skip(op) {
		return
	}
	if a, b := shape(want[0]), shape(got); a != b {
		p.differs = append(p.differs, fmt.Sprintf("%.300s\n  real      %.900s\n  simulated %.900s", frame, a, b))
	}
}

// malformed sends a frame that got no answer; the connection must be gone.
func (p *replay) malformed(c *client, r record, req map[string]any) {
	text := []byte(r.Frame)
	if raw, ok := req["_raw"].(string); ok {
		text = []byte(raw)
	}
	p.mute[r.Conn] = true
	if err := c.ws.WriteMessage(websocket.TextMessage, text); err != nil {
		return
	}
	select {
	case <-c.done:
		p.compared++
	case <-time.After(patience):
		p.differs = append(p.differs, fmt.Sprintf("%s: the connection lives on", text))
	}
}

func operationOf(req map[string]any) string {
	params, _ := req["params"].(map[string]any)
	if op, ok := params["operation"].(string); ok && req["method"] == "invoke" {
		return op
	}
	m, _ := req["method"].(string)
	return m
}

var digits = regexp.MustCompile(`[0-9]+`)

// shape is what two answers must share.
func shape(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var keys []string
		for k, e := range v {
			switch k {
			case "timestampMillis", "generationTime", "kurentoVersion":
				keys = append(keys, k+": stamp")
				continue
			}
			if uuidPattern.MatchString(k) {
				m, _ := e.(map[string]any)
				k = fmt.Sprintf("<%v>", m["__type__"])
			}
			keys = append(keys, k+": "+shape(e))
		}
		return "{" + strings.Join(unique(keys), ", ") + "}"
	case []any:
		var items []string
		for _, e := range v {
			items = append(items, shape(e))
		}
		return "[" + strings.Join(unique(items), ", ") + "]"
	case json.Number:
		return "0"
	case string:
		switch {
		case strings.HasPrefix(v, "v=0"):
			return "<sdp>"
		case strings.HasPrefix(v, "candidate:"):
			return "<candidate>"
		case strings.HasPrefix(v, "digraph"):
			return "<dot>"
		case strings.HasPrefix(v, `{"`):
			return "<kmd>"
		}
		return digits.ReplaceAllString(uuidPattern.ReplaceAllString(v, "#"), "0")
	}
	return fmt.Sprint(v)
}

func unique(list []string) []string {
	sort.Strings(list)
	out := list[:0:0]
	for i, e := range list {
		if i == 0 || e != list[i-1] {
			out = append(out, e)
		}
	}
	return out
}

// events gives the shapes of all events, by class of the object.
func eventShapes(frames []map[string]any) []string {
	var out []string
	for _, f := range frames {
		d, typ := eventOf(f)
		if d == nil {
			continue
		}
		source, _ := d["source"].(string)
		d["source"] = source[strings.LastIndexByte(source, '.')+1:]
		for _, k := range []string{"binName", "description", "errorCode", "connectionId"} {
			if _, has := d[k]; has {
				d[k] = "x"
			}
		}
		if s, ok := d["sink"].(string); ok {
			d["sink"] = s[strings.LastIndexByte(s, '.')+1:]
		}
		if s, ok := d["object"].(string); ok {
			d["object"] = s[strings.LastIndexByte(s, '.')+1:]
		}
		if s, ok := d["objectId"].(string); ok {
			d["objectId"] = s[strings.LastIndexByte(s, '.')+1:]
		}
		out = append(out, typ+" "+shape(d))
	}
	return unique(out)
}

func minus(a, b []string) []string {
	have := map[string]bool{}
	for _, e := range b {
		have[e] = true
	}
	var out []string
	for _, e := range a {
		if !have[e] {
			out = append(out, e)
		}
	}
	return out
}

func TestDialogues(t *testing.T) {
	tests := []struct {
		name   string
		opt    Options
		least  int             // answers that must have been compared
		ignore map[string]bool // operations whose answers depend on the machine or on what was there before
		// events that only one side has, because of the machine or the peer
		real, simulated []string
	}{
		{name: "05-errors", least: 140},
		{name: "05b-malformed", least: 19},
		{name: "06-reconnect", least: 34},
		{name: "17-request-cache", least: 11},
		{name: "07-manager-events", least: 54},
		// That server was configured to use one network interface.
		{name: "01-inventory", least: 400, ignore: map[string]bool{"getNetworkInterfaces": true}},
		{name: "02-webrtc-loopback", least: 40},
		{name: "04-hubs", least: 200},
		// After the end of a file the real server says of video alone that it flows no more.
		{name: "03-player-eos", least: 100, simulated: []string{"MediaFlowOutStateChanged {mediaType: AUDIO, padName: default, source: PlayerEndpoint, " +
			"state: NOT_FLOWING, tags: [], timestampMillis: stamp, type: MediaFlowOutStateChanged}"}},
		// The sender of plain RTP stopped, which no call tells.
		{name: "10-rtp", least: 60, real: []string{"MediaFlowOutStateChanged {mediaType: VIDEO, padName: default, source: RtpEndpoint, " +
			"state: NOT_FLOWING, tags: [], timestampMillis: stamp, type: MediaFlowOutStateChanged}"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			records := load(t, tc.name)
			p := newReplay(t, tc.opt, time.UnixMilli(1795246696583))
			p.zero = p.zero.Add(-time.Duration(records[0].T * float64(time.Millisecond)))
			p.skip = func(op string) bool { return tc.ignore[op] }
			p.run(records)
			for _, d := range p.differs {
				t.Error(d)
			}
			if p.compared < tc.least {
				t.Errorf("%d answers compared, want %d", p.compared, tc.least)
			}
			var was, is []map[string]any
			for _, r := range records {
				if m, ok := decode(r.Frame); ok && m["method"] == "onEvent" {
					was = append(was, m)
				}
			}
			for _, c := range p.clients {
				c.mu.Lock()
				is = append(is, c.events...)
				c.mu.Unlock()
			}
			a, b := eventShapes(was), eventShapes(is)
			for _, e := range minus(minus(a, b), tc.real) {
				t.Errorf("only real: %s", e)
			}
			for _, e := range minus(minus(b, a), tc.simulated) {
				t.Errorf("only simulated: %s", e)
			}
		})
	}
}
