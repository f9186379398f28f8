package conformance

import (
	"errors"
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
		"two in a frame":  `{"id":80,"jsonrpc":"2.0","method":"ping"}{"id":81,"jsonrpc":"2.0","method":"ping"}`,
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

// TestSlowMeasurementStallsItsConnectionAlone: getUsedCpu sleeps in one worker.
func TestSlowMeasurementStallsItsConnectionAlone(t *testing.T) {
	servers(t, func(t *testing.T, s *server) {
		slow, quick := dial(t, s.url), dial(t, s.url)
		slow.call("connect", nil)
		quick.call("connect", nil)
		asked := make(chan struct{})
		measured := make(chan struct{})
		go func() {
			defer close(measured)
			close(asked)
			if _, err := slow.request("invoke", object{"object": manager, "operation": "getUsedCpu", "operationParams": object{"interval": 1500}}); err != nil {
				t.Error(err)
			}
		}()
		<-asked
		for range 20 {
			quick.call("ping", nil)
		}
		select {
		case <-measured:
			t.Error("the measurement was over at once")
		default:
		}
		began := time.Now()
		slow.call("ping", nil)
		if waited := time.Since(began); waited < 500*time.Millisecond {
			t.Logf("the ping behind the measurement waited %s only", waited)
		}
		<-measured
	})
}
