package kmssim

// hubState is how a hub routes between its ports.
type hubState struct {
	routes map[*object]*object // Dispatcher: sink port -> source port
	source *object             // DispatcherOneToMany, AlphaBlending
}

// feeding is the port whose input a dispatcher gives to a port, or nil.
func (h *hubState) feeding(port *object) *object {
	if h.source != nil { // the source port gets its own media back, too
		return h.source
	}
	return h.routes[port]
}

// portProduces: a mixing hub gives audio as soon as a port exists and video as
// soon as anything is connected; a dispatcher gives what comes in elsewhere.
func portProduces(port *object, m media, hops int) bool {
	hub := port.parent
	switch hub.class.Name {
	case "Composite", "AlphaBlending":
		if m == audio {
			return true
		}
		for _, p := range hub.children {
			if len(p.sources) > 0 || len(p.sinks) > 0 {
				return true
			}
		}
		return false
	}
	from := hub.hub.feeding(port)
	return from != nil && feeds(from, m, hops+1)
}

var _ = register("Hub", map[string]handler{"getGstreamerDot": elementDot})

var _ = register("Dispatcher", map[string]handler{
	"connect": func(s *Server, o *object, args map[string]any) (any, *rpcError) {
		source, sink := objectArg(args, "source"), objectArg(args, "sink")
		if source.parent != o || sink.parent != o {
			return nil, errf(40004, "CONNECT_ERROR", "HubPort does not belong to this hub")
		}
		o.hub.routes[sink] = source
		s.touchFlowLocked(o)
		return nil, nil
	},
})

var _ = register("DispatcherOneToMany", map[string]handler{
	"setSource": setHubSource,
	"removeSource": func(s *Server, o *object, _ map[string]any) (any, *rpcError) {
		o.hub.source = nil
		s.touchFlowLocked(o)
		return nil, nil
	},
})

var _ = register("AlphaBlending", map[string]handler{
	"setMaster":         setHubSource,
	"setPortProperties": func(*Server, *object, map[string]any) (any, *rpcError) { return nil, nil },
})

func setHubSource(s *Server, o *object, args map[string]any) (any, *rpcError) {
	source := objectArg(args, "source")
	if source.parent != o {
		return nil, errf(40004, "CONNECT_ERROR", "HubPort does not belong to this hub")
	}
	if o.class.Name == "DispatcherOneToMany" {
		o.hub.source = source
	}
	s.touchFlowLocked(o)
	return nil, nil
}
