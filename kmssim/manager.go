package kmssim

import (
	"math"
)

// What every object and the ServerManager can do.

var _ = register("MediaObject", map[string]handler{
	"getId":               func(_ *Server, o *object, _ map[string]any) (any, *rpcError) { return o.id, nil },
	"getName":             func(_ *Server, o *object, _ map[string]any) (any, *rpcError) { return o.label(), nil },
	"getTags":             func(_ *Server, o *object, _ map[string]any) (any, *rpcError) { return o.tagList(), nil },
	"getSendTagsInEvents": func(_ *Server, o *object, _ map[string]any) (any, *rpcError) { return o.sendTags, nil },
	"getCreationTime":     func(_ *Server, o *object, _ map[string]any) (any, *rpcError) { return o.created.Unix(), nil },
	"getChildren":         childrenOf,
	"getChilds":           childrenOf,
	"getParent": func(_ *Server, o *object, _ map[string]any) (any, *rpcError) {
		if o.parent == nil {
			return nil, nil
		}
		return o.parent.id, nil
	},
	"getMediaPipeline": func(_ *Server, o *object, _ map[string]any) (any, *rpcError) {
		if o.pipeline == nil {
			return nil, nil
		}
		return o.pipeline.id, nil
	},
	"setName": func(_ *Server, o *object, args map[string]any) (any, *rpcError) {
		o.name = textArg(args, "name")
		return nil, nil
	},
	"setSendTagsInEvents": func(_ *Server, o *object, args map[string]any) (any, *rpcError) {
		o.sendTags, _ = args["sendTagsInEvents"].(bool)
		return nil, nil
	},
	"addTag": func(_ *Server, o *object, args map[string]any) (any, *rpcError) {
		o.tags[textArg(args, "key")] = textArg(args, "value")
		return nil, nil
	},
	"removeTag": func(_ *Server, o *object, args map[string]any) (any, *rpcError) {
		delete(o.tags, textArg(args, "key"))
		return nil, nil
	},
	"getTag": func(_ *Server, o *object, args map[string]any) (any, *rpcError) {
		v, ok := o.tags[textArg(args, "key")]
		if !ok {
			return nil, errf(40110, "MEDIA_OBJECT_TAG_KEY_NOT_FOUND", "Tag key not found")
		}
		return v, nil
	},
})

func childrenOf(_ *Server, o *object, _ map[string]any) (any, *rpcError) {
	out := []any{}
	for _, c := range o.sortedChildren() {
		out = append(out, c.id)
	}
	return out, nil
}

var _ = register("ServerManager", map[string]handler{
	"getInfo":     func(s *Server, _ *object, _ map[string]any) (any, *rpcError) { return s.infoLocked(), nil },
	"getMetadata": func(*Server, *object, map[string]any) (any, *rpcError) { return "", nil },
	"getPipelines": func(s *Server, _ *object, _ map[string]any) (any, *rpcError) {
		return s.pipelineListLocked(), nil
	},
	"getSessions": func(s *Server, _ *object, _ map[string]any) (any, *rpcError) {
		return s.sessionListLocked(), nil
	},
	"getCpuCount": func(s *Server, _ *object, _ map[string]any) (any, *rpcError) { return s.opt.CPUCount, nil },
	"getUsedMemory": func(s *Server, _ *object, _ map[string]any) (any, *rpcError) {
		return s.usedMemoryLocked(), nil
	},
	"getUsedCpu": func(s *Server, _ *object, args map[string]any) (any, *rpcError) {
		// The wait was before the call; an interval of 1 or less gives no figure.
		if n, _ := intValue(args["interval"]); n <= 1 {
			return nil, nil
		}
		return s.usedCPULocked(), nil
	},
	"getKmd": func(s *Server, _ *object, args map[string]any) (any, *rpcError) {
		text, ok := s.schema.text[textArg(args, "moduleName")]
		if !ok {
			return nil, errf(40500, "UNDEFINED", "Requested kmd module doesn't exist")
		}
		return text, nil
	},
})

func (s *Server) infoLocked() any {
	modules := []any{}
	for _, m := range s.schema.modules {
		modules = append(modules, structOf("ModuleInfo", map[string]any{
			"name": m.Name, "version": m.Version, "generationTime": "Nov 21 2026 07:13:10",
			"factories": s.schema.factories(m)}))
	}
	return structOf("ServerInfo", map[string]any{"version": s.opt.Version, "type": "KMS",
		"capabilities": []any{"transactions"}, "modules": modules})
}

// usedCPULocked is in percent of one core: about 1 for an idle server, some for
// every stream, much for every transcoder.
func (s *Server) usedCPULocked() float64 {
	load := 0.9
	for _, o := range s.objects {
		load += 0.02
		for m := range o.flow.out {
			if o.flow.out[m] {
				load += 0.4
			}
			if o.flow.transcoding[m] == transcoding && o.class.Name != "HubPort" { // a mixer's port decodes raw pictures: cheap
				if media(m) == video {
					load += 18
				} else {
					load += 3
				}
			}
		}
	}
	load *= 0.92 + 0.16*s.rand.Float64()
	return math.Round(math.Min(load, 100*float64(s.opt.CPUCount))*100) / 100
}

func (s *Server) usedMemoryLocked() int64 {
	return s.usedKiB + int64(len(s.objects))*420 + int64(s.rand.Intn(300))
}
