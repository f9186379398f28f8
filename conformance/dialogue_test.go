package conformance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A dialogue is a text of requests and the answers that a real server gave:
//
//	app > {"method":"connect"}           a request; jsonrpc and id are added
//	$p = app > {...}                     the same, and the answer's value has a name now
//	app ~ {...}                          a request of whose answer only the shape matters
//	app ! {"id":7,"method":"ping"}       a frame as it stands
//	app * 3                              three events that came since, sorted
//	app dead                             no answer any more, open or closed
//	app cut                              the socket is cut
//	    < {...}                          what came back
//
// Sessions are called $s1, $s2, ... in the order in which they first appear.
// What differs each time is replaced: other ids, times, numbers in names.

func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/dialogues/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := string(raw)
			if *update && *kms != "" {
				want = play(t, realServer(), want)
				if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			servers(t, func(t *testing.T, s *server) {
				if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(play(t, s, want), "\n")); diff != "" {
					t.Errorf("the %s server answers otherwise (-expected +got):\n%s", s.name, diff)
				}
			})
		})
	}
}

// play sends the requests of a dialogue and gives it with the answers that came.
func play(t *testing.T, s *server, script string) string {
	t.Helper()
	d := &dialogue{t: t, s: s, clients: map[string]*client{}, names: map[string]string{}}
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "    <") {
			continue
		}
		fmt.Fprintln(&d.out, line)
		if line != "" && !strings.HasPrefix(line, "#") {
			d.step(line)
		}
	}
	for _, name := range d.order {
		for _, e := range d.fresh(name) {
			fmt.Fprintf(&d.out, "    < left over at %s: %s\n", name, e)
		}
	}
	d.leave()
	return d.out.String()
}

type dialogue struct {
	t        *testing.T
	s        *server
	clients  map[string]*client
	order    []string
	read     map[string]int // events already told, by client
	names    map[string]string
	sessions int
	ids      int
	out      strings.Builder
}

var stepLine = regexp.MustCompile(`^(?:(\$\w+) = )?(\w+) (>|~|!|\*|dead|cut) ?(.*)$`)

func (d *dialogue) step(line string) {
	m := stepLine.FindStringSubmatch(line)
	if m == nil {
		d.t.Fatalf("no step of a dialogue: %s", line)
	}
	bind, name, verb, rest := m[1], m[2], m[3], d.expand(m[4])
	c := d.clients[name]
	if c == nil {
		c = dial(d.t, d.s.url)
		d.clients[name] = c
		d.order = append(d.order, name)
	}
	switch verb {
	case ">", "~":
		var req object
		if err := json.Unmarshal([]byte(rest), &req); err != nil {
			d.t.Fatalf("%s: %v", line, err)
		}
		if _, has := req["id"]; !has {
			d.ids++
			req["id"] = 1000 + d.ids // numbers never repeat, whatever the session
		}
		if _, has := req["jsonrpc"]; !has {
			req["jsonrpc"] = "2.0"
		}
		reply, err := c.raw(fmt.Sprint(req["id"]), writeJSON(req), patience)
		if err != nil {
			fmt.Fprintf(&d.out, "    < nothing: %v\n", err)
			return
		}
		value := dig(reply, "result", "value")
		if s, ok := value.(string); ok && bind != "" {
			d.names[s] = bind
		}
		d.nameSessions(reply)
		delete(reply, "jsonrpc")
		delete(reply, "id")
		if verb == "~" {
			fmt.Fprintf(&d.out, "    < %s\n", writeJSON(shape(reply)))
			return
		}
		fmt.Fprintf(&d.out, "    < %s\n", d.normal(reply))
	case "!":
		reply, err := c.raw(anyReply, rest, patience)
		if err != nil {
			fmt.Fprintf(&d.out, "    < nothing: %v\n", err)
			return
		}
		d.nameSessions(reply)
		fmt.Fprintf(&d.out, "    < %s\n", d.normal(reply))
	case "*":
		n, err := strconv.Atoi(rest)
		if err != nil {
			d.t.Fatalf("%s: %v", line, err)
		}
		before := d.read[name]
		deadline := within(d.t, patience)
		for n > 0 && deadline.Err() == nil {
			if len(d.relevant(c, before)) >= n {
				break
			}
			pause(deadline)
		}
		for _, e := range d.fresh(name) {
			fmt.Fprintf(&d.out, "    < %s\n", e)
		}
	case "dead":
		// Both ways of dying are known: torn down, and open but deaf.
		_, err := c.raw(99, `{"id":99,"jsonrpc":"2.0","method":"ping","params":{}}`, deafness)
		if err == nil {
			fmt.Fprintln(&d.out, "    < alive")
		}
	case "cut":
		c.die()
	}
}

// fresh gives the events that came to a client since the last call.
func (d *dialogue) fresh(name string) []string {
	c := d.clients[name]
	if d.read == nil {
		d.read = map[string]int{}
	}
	c.mu.Lock()
	end := len(c.events)
	c.mu.Unlock()
	var out []string
	for _, e := range d.relevant(c, d.read[name]) {
		out = append(out, d.normal(e))
	}
	d.read[name] = end
	sort.Strings(out)
	return out
}

// relevant gives the events from a place on, without those of the manager about
// objects of somebody else: an earlier test's may still be on their way out.
func (d *dialogue) relevant(c *client, from int) []any {
	c.mu.Lock()
	events := slices.Clone(c.events[from:])
	c.mu.Unlock()
	var out []any
	for _, e := range events {
		value := dig(e, "params", "value")
		about, isText := dig(value, "data", "object").(string)
		if gone, ok := dig(value, "data", "objectId").(string); ok {
			about, isText = gone, true
		}
		if isText && d.names[about] == "" {
			continue
		}
		out = append(out, value)
	}
	return out
}

// leave removes what the dialogue has made.
func (d *dialogue) leave() {
	c := dial(d.t, d.s.url)
	for id, name := range d.names {
		if strings.HasSuffix(id, "_kurento.MediaPipeline") {
			c.call("release", object{"object": id})
		} else if strings.HasPrefix(name, "$s") {
			c.call("closeSession", object{"sessionId": id})
		}
	}
	for _, old := range d.clients {
		old.die()
	}
	c.die()
}

func (d *dialogue) nameSessions(reply object) {
	if s, ok := dig(reply, "result", "sessionId").(string); ok && s != "" && d.names[s] == "" {
		d.sessions++
		d.names[s] = fmt.Sprintf("$s%d", d.sessions)
	}
	if list, ok := dig(reply, "result", "value").([]any); ok { // of a transaction
		for _, r := range list {
			if r, ok := r.(object); ok && r["id"] != nil {
				d.nameSessions(r)
			}
		}
	}
}

// longest gives the named values, the longest first: ids contain ids.
func (d *dialogue) longest() []string {
	var values []string
	for v := range d.names {
		values = append(values, v)
	}
	sort.Slice(values, func(i, k int) bool {
		if len(values[i]) != len(values[k]) {
			return len(values[i]) > len(values[k])
		}
		return values[i] < values[k]
	})
	return values
}

var variable = regexp.MustCompile(`\$\w+`)

func (d *dialogue) expand(text string) string {
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		for value, n := range d.names {
			if n == name {
				return value
			}
		}
		return name
	})
}

var (
	uuidText = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	numbers  = regexp.MustCompile(`[0-9]+`)
)

// normal writes a message with everything replaced that differs each time.
func (d *dialogue) normal(v any) string {
	text := writeJSON(d.anonymous(v))
	for _, value := range d.longest() {
		text = strings.ReplaceAll(text, value, d.names[value])
	}
	return uuidText.ReplaceAllString(text, "<uuid>")
}

func (d *dialogue) anonymous(v any) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for k, x := range v {
			switch k {
			case "timestampMillis", "timestamp", "creationTime", "serverId":
				out[k] = shape(x)
			case "binName":
				out[k] = numbers.ReplaceAllString(fmt.Sprint(x), "N")
			default:
				out[k] = d.anonymous(x)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = d.anonymous(x)
		}
		// The server lists connections in an order of no meaning.
		if len(v) > 0 && dig(v[0], "__type__") == "ElementConnectionData" {
			key := func(v any) string { return d.names[fmt.Sprint(dig(v, "sink"))] + fmt.Sprint(dig(v, "type")) }
			sort.Slice(out, func(i, k int) bool { return key(out[i]) < key(out[k]) })
		}
		return out
	case json.Number: // 0.0 is 0
		return json.Number(strings.TrimSuffix(v.String(), ".0"))
	}
	return v
}

// shape says what kind of value something is; of arrays the kinds of members.
func shape(v any) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for k, x := range v {
			out[uuidText.ReplaceAllString(k, "<uuid>")] = shape(x)
		}
		return out
	case []any:
		seen := map[string]any{}
		for _, x := range v {
			s := shape(x)
			seen[writeJSON(s)] = s
		}
		var keys []string
		for k := range seen {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		out := []any{}
		for _, k := range keys {
			out = append(out, seen[k])
		}
		return out
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	}
	return v
}
