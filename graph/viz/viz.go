// Package viz is graphviz, translated to Go by way of WebAssembly, for the child
// process that places graphs.
//
// It stands apart from package graph because linking it has a price at every
// start of a program: go-graphviz compiles its WebAssembly before main runs. That
// was measured as 1.0 s where no compiled code is at hand from an earlier start
// (in a fresh container always), and 30 ms where it is. The program with the
// window pays it, for it is its own child; programs that run on servers do not
// import this package.
package viz

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/goccy/go-graphviz"

	"kmscope/graph/internal/earlytmp"
)

// go-graphviz has been initialised by now; see package earlytmp.
func init() { earlytmp.Restore() }

// one keeps a process to one layout at a time: go-graphviz must not run in two
// goroutines at once, not even with separate instances.
var one sync.Mutex

// Plain places a graph that is written in graphviz' language, and gives its
// format "plain": it has the splines of the attribute pos in inches, one line
// per edge, and is quicker written and read than dot. The error says in words
// what graphviz did not like. Any goroutine; one at a time gets on. Each call
// leaks about half a kilobyte per node.
func Plain(dot []byte) (plain []byte, err error) {
	one.Lock()
	defer one.Unlock()
	defer func() {
		// A fault of the WebAssembly surfaces as a panic: an answer is due all
		// the same.
		if v := recover(); v != nil {
			plain, err = nil, fmt.Errorf("graphviz failed: %v", v)
		}
	}()
	ctx := context.Background()
	g, err := graphviz.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("graphviz does not start: %w", err)
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	parsed, err := graphviz.ParseBytes(dot)
	if err != nil {
		return nil, fmt.Errorf("graphviz does not take the graph: %w", err)
	}
	defer func() { err = errors.Join(err, parsed.Close()) }()
	var out bytes.Buffer
	if err := g.Render(ctx, parsed, "plain", &out); err != nil {
		return nil, fmt.Errorf("graphviz does not place the graph: %w", err)
	}
	return out.Bytes(), nil
}
