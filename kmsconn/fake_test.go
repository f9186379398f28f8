package kmsconn

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// fakeServer models what matters here of a Kurento server, after its source
// (MediaSet, ServerMethods, WebSocketTransport): sessions and references,
// collection of sessions without a socket, one session per socket, events,
// transactions. Tests switch faults on.
type fakeServer struct {
	t    testing.TB
	http *httptest.Server

	mu       sync.Mutex
	serverID string
	n        int                        // for ids
	objects  map[string]map[string]bool // object: sessions that reference it
	inUse    map[string]bool            // sessions; false: not used in this period
	subs     map[string]map[string]bool // session: "object event"
	sockets  map[string]*fakeSocket     // session: socket
	open     map[*fakeSocket]bool
	cache    map[string]object // replies by session and id, for ever
	calls    []string          // methods and operations, in order
	strange  []string          // what no well-behaved client does

	// Faults and variants.
	mute           bool // answer nothing
	noTransactions bool
	oldNames       bool // getChilds only
	noDescribe     bool
	slow           map[string]time.Duration // by operation
	garbage        bool                     // some garbage before every answer
	hideNew        int                      // so many subscriptions do not find a new object
	hidden         map[string]int           // those left, by object
	stop           chan struct{}
	wg             sync.WaitGroup
}

type fakeSocket struct {
	ws      *websocket.Conn
	mu      sync.Mutex
	session string
}

func (s *fakeSocket) send(v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.ws.WriteMessage(websocket.TextMessage, raw) // a lost socket is seen by its reader
}

func newFake(t testing.TB, collectEvery time.Duration) *fakeServer {
	f := &fakeServer{t: t, stop: make(chan struct{}), hidden: map[string]int{}}
	f.reset()
	up := websocket.Upgrader{}
	f.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		if r.URL.Path != "/kurento" {
			_ = ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1002, "Invalid path"))
			ws.Close()
			return
		}
		f.serve(&fakeSocket{ws: ws})
	}))
	f.wg.Add(1)
	go f.collect(collectEvery)
	t.Cleanup(func() {
		close(f.stop)
		f.cut()
		f.http.Close()
		f.wg.Wait()
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, s := range f.strange {
			t.Errorf("the server was surprised: %s", s)
		}
	})
	return f
}

// reset makes it a new server.
func (f *fakeServer) reset() {
	f.n++
	f.serverID = fmt.Sprintf("server-%d", f.n)
	f.objects = map[string]map[string]bool{Manager: {}}
	f.inUse = map[string]bool{}
	f.subs = map[string]map[string]bool{}
	f.sockets = map[string]*fakeSocket{}
	f.cache = map[string]object{}
	if f.open == nil {
		f.open = map[*fakeSocket]bool{}
	}
}

func (f *fakeServer) url() string { return "ws" + strings.TrimPrefix(f.http.URL, "http") }

// cut ends every socket; restart makes a new server as well.
func (f *fakeServer) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.open {
		s.ws.NetConn().Close()
	}
}

func (f *fakeServer) restart() {
	f.mu.Lock()
	f.reset()
	f.mu.Unlock()
	f.cut()
}

func (f *fakeServer) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeServer) collect(every time.Duration) {
	defer f.wg.Done()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-f.stop:
			return
		case <-ticker.C:
		}
		f.mu.Lock()
		for session := range f.sockets {
			if _, ok := f.inUse[session]; ok {
				f.inUse[session] = true // the transport keeps alive what has a socket
			}
		}
		for session, used := range f.inUse {
			if used {
				f.inUse[session] = false
			} else {
				f.closeSession(session)
			}
		}
		f.mu.Unlock()
	}
}

func (f *fakeServer) serve(s *fakeSocket) {
	f.mu.Lock()
	f.open[s] = true
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		delete(f.open, s)
		if f.sockets[s.session] == s {
			delete(f.sockets, s.session)
		}
		f.mu.Unlock()
		s.ws.Close()
	}()
	for {
		_, data, err := s.ws.ReadMessage()
		if err != nil {
			return
		}
		var req struct {
			ID     json.RawMessage `json:"id"`
			Method string          `json:"method"`
			Params map[string]any  `json:"params"`
		}
		if err := json.Unmarshal(data, &req); err != nil {
			f.set(func() { f.strange = append(f.strange, "malformed: "+string(data)) })
			continue
		}
		operation, _ := req.Params["operation"].(string)
		f.mu.Lock()
		mute, garbage, wait := f.mute, f.garbage, f.slow[operation]
		f.mu.Unlock()
		if wait > 0 {
			select {
			case <-time.After(wait):
			case <-f.stop:
			}
		}
		if mute {
			continue
		}
		if garbage {
			s.mu.Lock()
			_ = s.ws.WriteMessage(websocket.TextMessage, []byte("{garbage"))
			s.mu.Unlock()
		}
		reply := map[string]any{"id": req.ID, "jsonrpc": "2.0"}
		f.mu.Lock()
		if _, given := req.Params["sessionId"]; !given && s.session != "" && req.Params != nil {
			req.Params["sessionId"] = s.session
		}
		session, hasSession := req.Params["sessionId"].(string)
		key := session + " " + string(req.ID)
		if old, ok := f.cache[key]; ok && hasSession {
			f.strange = append(f.strange, fmt.Sprintf("%s got an old reply: the id %s was used before in session %q", req.Method, req.ID, session))
			f.mu.Unlock()
			s.send(old)
			continue
		}
		result, fail := f.handle(req.Method, req.Params)
		f.cache[key] = reply
		if fail != nil {
			reply["error"] = fail
		} else {
			reply["result"] = result
			if id, _ := result["sessionId"].(string); id != "" {
				if s.session != "" && s.session != id {
					f.strange = append(f.strange, fmt.Sprintf("a socket changed its session from %s to %s", s.session, id))
				}
				s.session = id
				f.sockets[id] = s
			}
			if result == nil {
				reply["result"] = nil
			}
		}
		f.mu.Unlock()
		s.send(reply)
	}
}

type object = map[string]any

func refusal(code int, kind, message string) object {
	return object{"code": code, "data": object{"type": kind}, "message": message}
}

func (f *fakeServer) handle(method string, p object) (object, object) {
	session, given := p["sessionId"].(string)
	id, _ := p["object"].(string)
	operation, _ := p["operation"].(string)
	f.calls = append(f.calls, strings.TrimSpace(method+" "+operation))
	if _, ok := p["release"]; ok {
		f.strange = append(f.strange, "release was sent with "+method)
	}
	if !given && method != "closeSession" {
		f.n++
		session = fmt.Sprintf("session-%d", f.n)
	}
	answer := object{"sessionId": session}
	switch method {
	case "connect", "keepAlive":
		if given {
			if _, ok := f.inUse[session]; !ok {
				return nil, refusal(40007, "INVALID_SESSION", "Invalid session")
			}
			f.inUse[session] = true
		}
		answer["serverId"] = f.serverID
		return answer, nil
	case "ping":
		answer["value"] = "pong"
		return answer, nil
	case "closeSession":
		f.closeSession(session)
		return nil, nil
	case "unref":
		f.unref(session, id)
		return answer, nil
	case "release":
		for s := range f.objects[id] {
			f.unref(s, id)
		}
		return answer, nil
	case "transaction":
		if f.noTransactions {
			return nil, object{"code": -32601, "message": "Method not found"}
		}
		return f.transaction(session, p)
	case "create":
		return f.create(session, p)
	case "describe", "invoke", "subscribe", "unsubscribe", "ref":
		if method == "describe" && f.noDescribe {
			return nil, object{"code": -32601, "message": "Method not found"}
		}
	default:
		return nil, object{"code": -32601, "message": "Method not found"}
	}
	refs, alive := f.objects[id]
	if method == "subscribe" && f.hidden[id] > 0 {
		f.hidden[id]--
		alive = false
	}
	if !alive || len(refs) == 0 && id != Manager {
		return nil, refusal(40101, "MEDIA_OBJECT_NOT_FOUND", "Object '"+id+"' not found")
	}
	f.ref(session, id)
	switch method {
	case "describe":
		return object{"sessionId": session, "type": typeOf(id), "qualifiedType": "kurento." + typeOf(id), "hierarchy": []string{"kurento.MediaObject"}}, nil
	case "subscribe":
		event, _ := p["type"].(string)
		if event == "Unheard" {
			return nil, refusal(40106, "MEDIA_OBJECT_EVENT_NOT_SUPPORTED", "Event not supported")
		}
		if f.subs[session] == nil {
			f.subs[session] = map[string]bool{}
		}
		f.subs[session][id+" "+event] = true
		answer["value"] = "subscription"
	case "invoke":
		value, fail := f.invoke(id, operation, p)
		if fail != nil {
			return nil, fail
		}
		answer["value"] = value
	}
	return answer, nil
}

func (f *fakeServer) invoke(id, operation string, p object) (any, object) {
	switch {
	case id == Manager && operation == "getPipelines":
		pipelines := []string{}
		for o := range f.objects {
			f.ref("", o)
			if o != Manager && !strings.Contains(o, "/") {
				pipelines = append(pipelines, o)
			}
		}
		return pipelines, nil
	case id == Manager && operation == "getSessions":
		sessions := map[string]bool{}
		for _, refs := range f.objects {
			for s := range refs {
				sessions[s] = true
			}
		}
		list := make([]string, len(sessions))
		for s := range sessions {
			list = append(list, s)
		}
		return list, nil
	case id == Manager && operation == "getInfo":
		capabilities := []string{"transactions"}
		if f.noTransactions {
			capabilities = []string{}
		}
		return object{"version": "7.3.1-dev", "type": "KMS", "capabilities": capabilities}, nil
	case id == Manager && operation == "getUsedCpu":
		args, _ := p["operationParams"].(map[string]any)
		if n, _ := args["interval"].(float64); n < 1000 {
			f.strange = append(f.strange, "getUsedCpu for less than a second")
		}
		return 12.5, nil
	case operation == "getChildren" && !f.oldNames, operation == "getChilds" && f.oldNames:
		children := []string{}
		for o := range f.objects {
			if strings.HasPrefix(o, id+"/") && strings.Count(o, "/") == strings.Count(id, "/")+1 {
				children = append(children, o)
			}
		}
		sort.Strings(children)
		return children, nil
	case operation == "getStats", operation == "getName", operation == "getIceTcp", operation == "connect":
		return operation + " of " + id, nil
	}
	return nil, refusal(40008, "MALFORMED_TRANSACTION", "Operation '"+operation+"' not supported")
}

func (f *fakeServer) transaction(session string, p object) (object, object) {
	operations, _ := p["operations"].([]any)
	var value []object
	for i, raw := range operations {
		o, _ := raw.(map[string]any)
		params, _ := o["params"].(map[string]any)
		method, _ := o["method"].(string)
		params["sessionId"] = session
		result, fail := f.handle(method, params)
		if fail != nil {
			value = append(value, object{"id": i, "error": fail, "jsonrpc": "2.0"})
			break
		}
		value = append(value, object{"id": i, "result": result, "jsonrpc": "2.0"})
	}
	return object{"sessionId": session, "value": value}, nil
}

func (f *fakeServer) create(session string, p object) (object, object) {
	class, _ := p["type"].(string)
	args, _ := p["constructorParams"].(map[string]any)
	parent, _ := args["mediaPipeline"].(string)
	if hub, ok := args["hub"].(string); ok {
		parent = hub
	}
	f.n++
	id := "o" + strconv.Itoa(f.n) + "_kurento." + class
	if parent != "" {
		id = parent + "/" + id
	}
	f.objects[id] = map[string]bool{}
	f.hidden[id] = f.hideNew
	for s := range f.objects[parent] {
		f.objects[id][s] = true
	}
	f.ref(session, id)
	f.raise(Manager, "ObjectCreated", object{"object": id, "source": Manager})
	return object{"sessionId": session, "value": id}, nil
}

func (f *fakeServer) ref(session, id string) {
	f.inUse[session] = true
	for {
		if f.objects[id] != nil {
			f.objects[id][session] = true
		}
		cut := strings.LastIndexByte(id, '/')
		if cut < 0 {
			return
		}
		id = id[:cut]
	}
}

// unref lets a session go of an object and what is below; what nobody
// references any more is destroyed at once, children first.
func (f *fakeServer) unref(session, id string) {
	var below []string
	for o := range f.objects {
		if o == id || strings.HasPrefix(o, id+"/") {
			below = append(below, o)
		}
	}
	sort.Slice(below, func(i, k int) bool { return len(below[i]) > len(below[k]) })
	for _, o := range below {
		delete(f.objects[o], session)
		for key := range f.subs[session] {
			if strings.HasPrefix(key, o+" ") {
				delete(f.subs[session], key)
			}
		}
		if len(f.objects[o]) == 0 && o != Manager {
			delete(f.objects, o)
			f.raise(Manager, "ObjectDestroyed", object{"objectId": o, "source": Manager})
		}
	}
}

func (f *fakeServer) closeSession(session string) {
	var held []string
	for o, refs := range f.objects {
		if refs[session] {
			held = append(held, o)
		}
	}
	for _, o := range held {
		f.unref(session, o)
	}
	delete(f.inUse, session)
	delete(f.subs, session)
}

// raise sends an event to the sockets of the sessions that subscribed. It is
// called with the lock held; sends happen on their own, as in the server.
func (f *fakeServer) raise(id, event string, data object) {
	for session, keys := range f.subs {
		if s := f.sockets[session]; keys[id+" "+event] && s != nil {
			s.send(object{"jsonrpc": "2.0", "method": "onEvent", "params": object{"value": object{"type": event, "object": id, "data": data}}})
		}
	}
}

// holders tells who references an object.
func (f *fakeServer) holders(id string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var who []string
	for s := range f.objects[id] {
		who = append(who, s)
	}
	sort.Strings(who)
	return strings.Join(who, " ")
}

// ours counts references and sessions of this program that are left.
func (f *fakeServer) ours() (refs, sessions int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, who := range f.objects {
		for s := range who {
			if id != Manager && (IsToolSession(s) || s == "") {
				refs++
			}
		}
	}
	for s := range f.inUse {
		if IsToolSession(s) || s == "" {
			sessions++
		}
	}
	return refs, sessions
}

func (f *fakeServer) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == call {
			n++
		}
	}
	return n
}
