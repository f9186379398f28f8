package conformance

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"kmscope/kmssim"
)

// TestMalformedFramesSilenceTheConnection: the server answers nothing to a frame
// that is no JSON object, or whose params are none, and nothing more from then
// on. The socket is torn down, or it stays open: both were seen.
func TestMalformedFramesSilenceTheConnection(t *testing.T) {
	frames := map[string]string{
		"not json":        "this is not json",
		"empty":           "",
		"number":          "42",
		"batch":           `[{"id":78,"jsonrpc":"2.0","method":"ping","params":{}}]`,
		"params array":    `{"id":77,"jsonrpc":"2.0","method":"describe","params":["x"]}`,
		"params string":   `{"id":79,"jsonrpc":"2.0","method":"ping","params":"x"}`,
		"cut in the half": `{"id":82,"jsonrpc":"2.0","meth`,
	}
	check := func(t *testing.T, s *server) {
		for name, frame := range frames {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c := dial(t, s.url)
				c.call("connect", nil)
				if err := c.send(frame); err != nil {
					t.Fatal(err)
				}
				reply, err := c.raw(99, `{"id":99,"jsonrpc":"2.0","method":"ping","params":{}}`, deafness)
				if err == nil {
					t.Errorf("still alive: %v", reply)
				}
				// Nobody else is hurt.
				dial(t, s.url).call("ping", nil)
			})
		}
	}
	servers(t, check)
	t.Run("simulated, deaf", func(t *testing.T) {
		check(t, simulated(t, kmssim.Options{Malformed: kmssim.MalformedDeaf}))
	})
}

// TestWrongPath: the socket opens, and is closed with 1002.
func TestWrongPath(t *testing.T) {
	servers(t, func(t *testing.T, s *server) {
		c := dial(t, strings.TrimSuffix(s.url, "/kurento")+"/nonsense")
		eventually(t, patience, "the socket is closed", c.ended)
		c.mu.Lock()
		defer c.mu.Unlock()
		var closed *websocket.CloseError
		if !errors.As(c.closed, &closed) || closed.Code != websocket.CloseProtocolError || closed.Text != "Invalid path" {
			t.Errorf("closed with %v", c.closed)
		}
	})
}

// TestPaddingOfSessions: getSessions lists as many blanks as there are sessions.
func TestPaddingOfSessions(t *testing.T) {
	servers(t, func(t *testing.T, s *server) {
		c := dial(t, s.url)
		c.call("connect", nil)
		for _, id := range []string{"conformance-a", "conformance-b"} {
			c.call("describe", object{"object": manager, "sessionId": id})
		}
		list, _ := c.invoke(manager, "getSessions", nil).([]any)
		blank, named := 0, map[any]bool{}
		for _, id := range list {
			if id == "" {
				blank++
			} else {
				named[id] = true
			}
		}
		// Where getPipelines made the session "", it is one more blank.
		if d := blank - len(named); d != 0 && d != 2 {
			t.Errorf("%d blanks for %d sessions", blank, len(named))
		}
		for _, id := range []string{"conformance-a", "conformance-b", c.session} {
			if !named[id] {
				t.Errorf("session %s is not listed", id)
			}
		}
		c.call("closeSession", object{"sessionId": "conformance-a"})
		for _, id := range c.sessions() {
			if id == "conformance-a" {
				t.Error("a closed session is listed")
			}
		}
	})
}

// TestSlowMeasurementStallsItsConnectionAlone: getUsedCpu sleeps in one worker,
// and what its connection asks next waits.
func TestSlowMeasurementStallsItsConnectionAlone(t *testing.T) {
	const interval = 1500 * time.Millisecond
	servers(t, func(t *testing.T, s *server) {
		slow, quick := dial(t, s.url), dial(t, s.url)
		slow.call("connect", nil)
		quick.call("connect", nil)
		// Where this process itself got no time for so long, a try tells nothing.
		for told := false; !told && !t.Failed(); {
			began := time.Now()
			measured, err := slow.post(700, fmt.Sprintf(`{"jsonrpc":"2.0","id":700,"method":"invoke","params":{"object":%q,"operation":"getUsedCpu","operationParams":{"interval":%d},"sessionId":%q}}`,
				manager, interval.Milliseconds(), slow.session))
			if err != nil {
				t.Fatal(err)
			}
			behind, err := slow.post(701, `{"jsonrpc":"2.0","id":701,"method":"ping","params":{}}`)
			if err != nil {
				t.Fatal(err)
			}
			for range 20 {
				quick.call("ping", nil)
			}
			told = time.Since(began) < interval
			if told && len(measured) > 0 {
				t.Error("the measurement was over at once")
			}
			if told && len(behind) > 0 {
				t.Error("the ping behind the measurement did not wait for it")
			}
			eventually(t, patience, "both are answered", func() bool { return len(measured) == 1 && len(behind) == 1 })
		}
	})
}

// What follows a request in its frame is ignored, and does no harm.
func TestMoreThanOneRequestInAFrame(t *testing.T) {
	servers(t, func(t *testing.T, s *server) {
		for name, more := range map[string]string{"a request": `{"id":81,"jsonrpc":"2.0","method":"ping"}`, "no JSON": ` xyz ]`} {
			t.Run(name, func(t *testing.T) {
				c := dial(t, s.url)
				c.call("connect", nil)
				reply, err := c.raw(80, `{"id":80,"jsonrpc":"2.0","method":"ping"}`+more, deafness)
				if err != nil || reply["result"] == nil {
					t.Fatalf("the first got %v, %v", reply, err)
				}
				if reply, err := c.raw(99, `{"id":99,"jsonrpc":"2.0","method":"ping","params":{}}`, deafness); err != nil || reply["result"] == nil {
					t.Errorf("the next frame got %v, %v", reply, err)
				}
			})
		}
	})
}
