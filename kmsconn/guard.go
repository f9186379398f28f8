package kmsconn

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// guardData lists the calls that are known to be dangerous. It is data so that
// people can read it, and so that a newly found one is one entry.
//
//go:embed guard.json
var guardData []byte

// Danger is one entry of the guard list.
type Danger struct {
	// Operation is the invoke's operation. Class is the class of the object,
	// "*" for any.
	Operation string `json:"operation"`
	Class     string `json:"class"`
	// Param, when set, restricts the entry to calls whose parameter of this
	// name is an object that is none of a ParamClass.
	Param      string `json:"param,omitempty"`
	ParamClass string `json:"paramClass,omitempty"`
	// NotParam lists the classes that are known not to be a ParamClass, for
	// when there is no description of the server.
	NotParam []string `json:"notParam,omitempty"`
	// Versions says where it was seen; Reason what happens; Seen where that is
	// recorded.
	Versions string `json:"versions"`
	Reason   string `json:"reason"`
	Seen     string `json:"seen"`
}

var dangers = sync.OnceValue(func() []Danger {
	var list []Danger
	if err := json.Unmarshal(guardData, &list); err != nil {
		// The file is part of the program, and a test reads it.
		return nil
	}
	return list
})

// Dangers gives the guard list, for showing.
func Dangers() []Danger { return append([]Danger(nil), dangers()...) }

// GuardError tells that a call was not sent because it is known to be
// dangerous. WithGuardOverride sends it all the same.
type GuardError struct {
	Danger Danger
	Object string
}

func (e *GuardError) Error() string {
	return fmt.Sprintf("%s was not sent: %s (seen on %s)",
		e.Danger.Operation, e.Danger.Reason, e.Danger.Versions)
}

type overrideKey struct{}

// WithGuardOverride gives a context whose calls are not refused. It is for one
// call that a person has confirmed, after having read the reason.
func WithGuardOverride(ctx context.Context) context.Context {
	return context.WithValue(ctx, overrideKey{}, true)
}

// CheckOp tells whether the guard would refuse an op: a *GuardError, or nil.
// Classes come from the ids; schema, which may be nil, knows their ancestors.
func CheckOp(op Op, schema Schema) error {
	if op.Method != "invoke" {
		return nil
	}
	for _, d := range dangers() {
		if d.Operation == op.Operation && d.matches(op, schema) {
			return &GuardError{Danger: d, Object: op.Object}
		}
	}
	return nil
}

func (d Danger) matches(op Op, schema Schema) bool {
	if d.Class != "*" && !isA(typeOf(op.Object), d.Class, schema) {
		return false
	}
	if d.Param == "" {
		return true
	}
	raw, err := json.Marshal(op.Params)
	if err != nil {
		return false // it will not be sent
	}
	var params map[string]json.RawMessage
	if json.Unmarshal(raw, &params) != nil {
		return false
	}
	var id string
	if json.Unmarshal(params[d.Param], &id) != nil || id == "" {
		return false // the server refuses a missing or wrong parameter
	}
	class := typeOf(id)
	for _, not := range d.NotParam {
		if isA(class, not, schema) {
			return true
		}
	}
	known := schema != nil && schema.Class(class) != nil
	return known && !schema.IsA(class, d.ParamClass)
}

// isA compares by name where there is no description.
func isA(class, ancestor string, schema Schema) bool {
	if class == "" {
		return false
	}
	return strings.EqualFold(class, ancestor) || schema != nil && schema.IsA(class, ancestor)
}

func (c *Client) guard(ctx context.Context, op Op) error {
	if override, _ := ctx.Value(overrideKey{}).(bool); override {
		return nil
	}
	var schema Schema // nil: judge by the ids alone
	if c.opts.Schema != nil {
		schema = c.opts.Schema()
	}
	return CheckOp(op, schema)
}
