package kmssim

import (
	"encoding/json"
	"strings"

	"kmscope/kmsconn/kmd"
)

// Invocations: the operation is looked up in the description of the object's
// class, the arguments are checked against it, and what has no code of its own
// is a plain property.

// handler runs one operation of one class.
type handler func(s *Server, o *object, args map[string]any) (any, *rpcError)

// handlers by operation, for a class and its descendants. The nearest class
// that has the operation wins.
var handlers = map[string]map[string]handler{}

func register(class string, ops map[string]handler) struct{} {
	handlers[class] = ops
	return struct{}{}
}

func (s *Server) handlerFor(o *object, operation string) handler {
	for c := o.class; c != nil; c = s.schema.classes[c.Extends] {
		if h := handlers[c.Name][operation]; h != nil {
			return h
		}
	}
	return nil
}

func (s *Server) invokeLocked(o *object, operation string, given map[string]any, has bool) (any, *rpcError) {
	overloads := o.class.operations[operation]
	if len(overloads) == 0 {
		return nil, errf(40008, "MALFORMED_TRANSACTION", "Method '%s' with %d parameters not found", operation, len(given))
	}
	if err := s.dangerousLocked(o, operation, given); err != nil {
		return nil, err
	}
	method := overloads[0]
	if !has && hasRequired(method.Params) && !o.class.isSetter(operation) {
		return nil, errf(40001, "MARSHALL_ERROR", "'operationParams' is required")
	}
	args, err := s.argumentsLocked(method.Params, given)
	if err != nil {
		return nil, err
	}
	if h := s.handlerFor(o, operation); h != nil {
		return h(s, o, args)
	}
	return s.propertyLocked(o, operation, args)
}

func hasRequired(params []kmd.Property) bool {
	for _, p := range params {
		if !p.Optional {
			return true
		}
	}
	return false
}

// propertyLocked reads or sets a property that nothing else computes.
func (s *Server) propertyLocked(o *object, operation string, args map[string]any) (any, *rpcError) {
	for name, p := range o.class.properties {
		switch operation {
		case p.Getter():
			if v, ok := o.props[name]; ok {
				return v, nil
			}
			if v, ok := defaults[name]; ok {
				return v, nil
			}
			if name == "rembParams" {
				return structOf("RembParams", map[string]any{}), nil
			}
			return zero(p.Type), nil
		case p.Setter():
			o.props[name] = args[name]
			return nil, nil
		}
	}
	return nil, nil // a method without effect here, such as dumpGstreamerDot
}

// dangerousLocked kills the server where the real one dies.
func (s *Server) dangerousLocked(o *object, operation string, given map[string]any) *rpcError {
	deadly := false
	switch {
	case operation == "getIceTcp" && o.class.Name == "WebRtcEndpoint":
		deadly = true
	case operation == "connect" && o.class.Name == "Mixer":
		deadly = true
	case operation == "connect" && o.is("MediaElement"):
		if id, ok := given["sink"].(string); ok {
			sink := s.objects[id]
			deadly = sink != nil && sink.class.Name == "MediaPipeline"
		}
	}
	if !deadly || s.faults.SurviveDangerous {
		return nil
	}
	s.restartLocked()
	return errf(40003, "UNEXPECTED_ERROR", "the server died")
}

// argumentsLocked checks arguments against their description and finds the
// objects that they name.
func (s *Server) argumentsLocked(params []kmd.Property, given map[string]any) (map[string]any, *rpcError) {
	args := make(map[string]any, len(params))
	for _, p := range params {
		v, ok := given[p.Name]
		if !ok || v == nil {
			if p.Optional {
				if p.DefaultValue != nil {
					args[p.Name] = p.DefaultValue
				}
				continue
			}
			return nil, errf(40001, "MARSHALL_ERROR", "'%s' parameter should be a %s", p.Name, s.wantWord(p.Type))
		}
		checked, err := s.argumentLocked(p, v)
		if err != nil {
			return nil, err
		}
		args[p.Name] = checked
	}
	return args, nil
}

func (s *Server) wantWord(typ string) string {
	switch {
	case strings.HasSuffix(typ, "[]"):
		return "list"
	case typ == "int" || typ == "int64":
		return "integer"
	case typ == "float" || typ == "double":
		return "double"
	case typ == "boolean":
		return "boolean"
	}
	if t := s.schema.types[typ]; t != nil && t.TypeFormat == "REGISTER" {
		return "object"
	}
	return "string"
}

func (s *Server) argumentLocked(p kmd.Property, v any) (any, *rpcError) {
	wrong := errf(40001, "MARSHALL_ERROR", "'%s' parameter should be a %s", p.Name, s.wantWord(p.Type))
	switch s.wantWord(p.Type) {
	case "integer":
		n, ok := intValue(v)
		if !ok {
			return nil, wrong
		}
		return n, nil
	case "double":
		n, ok := v.(json.Number)
		if !ok {
			return nil, wrong
		}
		f, err := n.Float64()
		if err != nil {
			return nil, wrong
		}
		return f, nil
	case "boolean":
		b, ok := v.(bool)
		if !ok {
			return nil, wrong
		}
		return b, nil
	case "list":
		if _, ok := v.([]any); !ok {
			return nil, wrong
		}
		return v, nil
	case "object":
		m, ok := v.(map[string]any)
		if !ok {
			return nil, wrong
		}
		return structOf(p.Type, m), nil
	}
	text, ok := v.(string)
	if n, isNumber := v.(json.Number); isNumber {
		text, ok = n.String(), true
	}
	if !ok {
		return nil, wrong
	}
	if isEnum, valid := s.schema.enum(p.Type, text); isEnum && !valid {
		return nil, errf(40001, "MARSHALL_ERROR", "Invalid value for '%s'", p.Type)
	}
	if want := s.schema.class(p.Type); want != nil {
		o, err := s.lookupLocked(text)
		if err != nil {
			return nil, err
		}
		if !o.is(want.Name) {
			return nil, errf(-32603, "", "Unexpected error while processing method: bad_weak_ptr")
		}
		return o, nil
	}
	return text, nil
}

func intValue(v any) (int, bool) {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			f, err := v.Float64()
			if err != nil || f != float64(int64(f)) {
				return 0, false
			}
			n = int64(f)
		}
		return int(n), true
	case int:
		return v, true
	case float64:
		return int(v), v == float64(int64(v))
	}
	return 0, false
}

// objectArg gives a required argument that names an object; argumentsLocked
// found it.
func objectArg(args map[string]any, name string) *object {
	o, _ := args[name].(*object)
	return o
}

func textArg(args map[string]any, name string) string {
	v, _ := args[name].(string)
	return v
}
