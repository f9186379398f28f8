package jsonrpc

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scripted is a WebSocket server whose behaviour a test writes as a function.
type scripted struct {
	*httptest.Server
	t     testing.TB
	mu    sync.Mutex
	conns []*websocket.Conn
}

// serve runs script for every connection that asks for path.
func serve(t testing.TB, useTLS bool, script func(ws *websocket.Conn)) *scripted {
	t.Helper()
	s := &scripted{t: t}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !websocket.IsWebSocketUpgrade(r) {
			http.Error(w, "this is a WebSocket", http.StatusUpgradeRequired)
			return
		}
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, ws)
		s.mu.Unlock()
		defer ws.Close()
		script(ws)
	})
	s.Server = httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = quiet()
	if useTLS {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(func() {
		s.mu.Lock()
		for _, c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		s.Close()
	})
	return s
}

func (s *scripted) ws() string {
	return "ws" + strings.TrimPrefix(s.URL, "http") + "/kurento"
}

// echo answers every request with its own params as the result.
func echo(ws *websocket.Conn) {
	for {
		_, data, err := ws.ReadMessage()
		if err != nil {
			return
		}
		respond(ws, data)
	}
}

func respond(ws *websocket.Conn, data []byte) {
	var req struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
		Params json.RawMessage `json:"params"`
	}
	if json.Unmarshal(data, &req) != nil {
		return
	}
	out := `{"id":` + string(req.ID) + `,"jsonrpc":"2.0","result":` + string(req.Params) + `}`
	if req.Method == "fail" {
		out = `{"error":{"code":40101,"data":{"type":"MEDIA_OBJECT_NOT_FOUND"},"message":"Object 'nope' not found"},"id":` + string(req.ID) + `,"jsonrpc":"2.0"}`
	}
	_ = ws.WriteMessage(websocket.TextMessage, []byte(out))
}

// silent reads and says nothing.
func silent(ws *websocket.Conn) {
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}

// within gives a context that ends long after anything should have happened.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func dial(t testing.TB, opts Options) *Conn {
	t.Helper()
	c, err := Dial(within(t), opts)
	if err != nil {
		t.Fatalf("Dial: %v", err)
	}
	t.Cleanup(func() { closeNow(t, c) })
	return c
}

func closeNow(t testing.TB, c *Conn) {
	t.Helper()
	if err := c.Close(within(t)); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// tapLog keeps the frames of a tap.
type tapLog struct {
	mu     sync.Mutex
	frames []Frame
}

func (l *tapLog) tap(f Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames = append(l.frames, f)
}

func (l *tapLog) all() []Frame {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Frame(nil), l.frames...)
}

func (l *tapLog) dirs() string {
	var b strings.Builder
	for _, f := range l.all() {
		b.WriteString(string(f.Dir))
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

// listen gives a raw TCP server that runs handle for every connection.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Add(1)
			go func() {
				defer wg.Done()
				defer c.Close()
				handle(c)
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}

func trusting(s *scripted) *tls.Config {
	return &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
}
