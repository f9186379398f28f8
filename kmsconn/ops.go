package kmsconn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"kmscope/kmsconn/kmd"
	"kmscope/rawjson"
)

// Schema is what this package asks of a server's description; *kmd.Schema has it.
type Schema interface {
	Class(name string) *kmd.Class
	IsA(name, ancestor string) bool
	Events(name string) []string
}

// Manager is the id of the ServerManager of every server. References to it
// hold nothing: calls to it are harmless, except getPipelines.
const Manager = "manager_ServerManager"

// Op is one call, alone or in a transaction. Make one with Invoke, Describe,
// Subscribe, Unsubscribe, Ref, Unref, Create or Release.
type Op struct {
	// Method is the protocol method: describe, invoke, subscribe, ...
	Method string
	Object string
	// Operation and Params are an invoke's operation and operationParams.
	Operation string
	Params    any
	// Type is the event of a subscribe, or the class of a create; a create's
	// Params are its constructorParams.
	Type string
	// Subscription is the value of a subscribe, for unsubscribe.
	Subscription string
	// Properties of a create.
	Properties any
}

// Invoke makes an operation on an object; params may be nil.
func Invoke(object, operation string, params any) Op {
	return Op{Method: "invoke", Object: object, Operation: operation, Params: params}
}

// Describe asks an object's class and ancestors.
func Describe(object string) Op { return Op{Method: "describe", Object: object} }

// Subscribe asks for the events of one type of an object. Its value is the
// subscription's id. Two subscriptions to one type deliver once.
func Subscribe(object, event string) Op {
	return Op{Method: "subscribe", Object: object, Type: event}
}

// Unsubscribe ends a subscription.
func Unsubscribe(object, subscription string) Op {
	return Op{Method: "unsubscribe", Object: object, Subscription: subscription}
}

// Ref references an object, and its ancestors, into the session.
func Ref(object string) Op { return Op{Method: "ref", Object: object} }

// Unref drops the session's references to an object and its descendants, and
// their subscriptions. What nobody else references is destroyed at once.
func Unref(object string) Op { return Op{Method: "unref", Object: object} }

// Create makes an object. constructorParams and properties may be nil.
func Create(class string, constructorParams, properties any) Op {
	return Op{Method: "create", Type: class, Params: constructorParams, Properties: properties}
}

// Release removes an object and its descendants for everybody: a control
// action, never part of observing.
func Release(object string) Op { return Op{Method: "release", Object: object} }

// name is what an error calls the op.
func (o Op) name() string {
	switch {
	case o.Operation != "":
		return o.Operation
	case o.Type != "":
		return o.Method + " " + o.Type
	}
	return o.Method
}

// params gives the text of the JSON-RPC params. session "" leaves the session id out,
// as inside a transaction.
func (o Op) params(session string) (json.RawMessage, error) {
	raw, err := o.appendParams(nil, session)
	return raw, err
}

// appendParams appends what params gives. A sampler makes hundreds of ops a second, so
// they are written by hand.
func (o Op) appendParams(dst []byte, session string) ([]byte, error) {
	args, err := o.args()
	if err != nil {
		return dst, err
	}
	first := len(dst)
	member := func(name string) {
		dst = append(append(append(dst, `,"`...), name...), `":`...)
	}
	text := func(name, value string) {
		member(name)
		dst = rawjson.AppendString(dst, value)
	}
	if o.Object != "" {
		text("object", o.Object)
	}
	if session != "" {
		text("sessionId", session)
	}
	switch o.Method {
	case "invoke":
		text("operation", o.Operation)
		if args != nil {
			member("operationParams")
			dst = append(dst, args...)
		}
	case "subscribe":
		text("type", o.Type)
	case "unsubscribe":
		text("subscription", o.Subscription)
	case "create":
		text("type", o.Type)
		properties := json.RawMessage("{}")
		if args == nil {
			args = properties
		}
		if o.Properties != nil {
			if properties, err = json.Marshal(o.Properties); err != nil {
				return dst[:first], fmt.Errorf("create %s: the properties cannot be written as JSON: %w", o.Type, err)
			}
		}
		member("constructorParams")
		dst = append(dst, args...)
		member("properties")
		dst = append(dst, properties...)
	case "describe", "ref", "unref", "release":
	default:
		return dst[:first], fmt.Errorf("%q is no call on an object", o.Method)
	}
	if len(dst) == first {
		return append(dst, "{}"...), nil
	}
	dst[first] = '{' // where the comma of the first member is
	return append(dst, '}'), nil
}

// args gives the text of Params; nil when there are none.
func (o Op) args() (json.RawMessage, error) {
	if o.Params == nil {
		return nil, nil
	}
	raw, isText := o.Params.(json.RawMessage)
	if !isText || !rawjson.Valid(raw) {
		var err error
		if raw, err = json.Marshal(o.Params); err != nil {
			return nil, fmt.Errorf("%s: the parameters cannot be written as JSON: %w", o.name(), err)
		}
	}
	if len(raw) == 0 || raw[0] != '{' {
		return nil, fmt.Errorf("%s: parameters must be an object with the parameters' names", o.name())
	}
	return raw, nil
}

// Result is the outcome of one Op.
type Result struct {
	// Value is the "value" of the reply, or, for describe and the like, the
	// whole result. nil when Err is set.
	Value json.RawMessage
	// Err is an *Error when the server refused, a *GuardError when the call
	// was not sent, a *TimeoutError, a *DownError, or the error of the context.
	Err error
	// Took is the time to the reply; of the whole transaction for a batched one.
	Took time.Duration
}

// Decode reads the value into v; it fails with Err when that is set.
func (r Result) Decode(v any) error {
	if r.Err != nil {
		return r.Err
	}
	return json.Unmarshal(r.Value, v)
}

// valueOf takes the "value" out of a result; the whole result when there is none.
func valueOf(result json.RawMessage) json.RawMessage {
	if value, ok := plainValue(result); ok {
		return value
	}
	var v struct {
		Value json.RawMessage `json:"value"`
	}
	if json.Unmarshal(result, &v) == nil && v.Value != nil {
		return v.Value
	}
	return result
}

// plainValue takes the value out of {"sessionId":"...","value":...}, which is
// how nearly every result is written: at a third of what decoding costs, and
// there are hundreds a second.
func plainValue(result json.RawMessage) (json.RawMessage, bool) {
	rest, ok := bytes.CutPrefix(result, []byte(`{"sessionId":"`))
	if !ok {
		return nil, false
	}
	end := bytes.IndexAny(rest, `"\\`)
	if end < 0 {
		return nil, false
	}
	if rest, ok = bytes.CutPrefix(rest[end:], []byte(`","value":`)); !ok {
		return nil, false
	}
	value, ok := bytes.CutSuffix(rest, []byte("}"))
	return json.RawMessage(value), ok && rawjson.Valid(value)
}

// typeOf gives the unqualified class that an id names, or "".
func typeOf(id string) string {
	if id == Manager {
		return "ServerManager"
	}
	_, qualified, ok := strings.Cut(id[strings.LastIndexByte(id, '/')+1:], "_")
	if !ok {
		return ""
	}
	return qualified[strings.LastIndexByte(qualified, '.')+1:]
}

// rootOf gives the pipeline's id that an id names: its first part.
func rootOf(id string) string {
	root, _, _ := strings.Cut(id, "/")
	return root
}
