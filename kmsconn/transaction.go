package kmsconn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"kmscope/kmsconn/jsonrpc"
)

// Transactions. A server runs the operations of one transaction one after the
// other and answers them all in one frame: 200 getStats were measured at 13 ms
// against 48 ms for pipelined calls. It stops at the first error and leaves
// the rest out (observed: recording 05b-malformed, tx), so the rest goes into
// a new transaction. A transaction delays everything behind it on its
// connection, so the number of operations follows the time they are measured
// to take.
const (
	batchStart  = 64
	batchLeast  = 8
	batchMost   = 256
	batchTarget = 50 * time.Millisecond // aimed at for one transaction
	// pipelineDepth bounds what is in flight when there are no transactions.
	pipelineDepth = 32
)

// batchSize adapts the number of operations per transaction to what they cost.
type batchSize struct {
	mu    sync.Mutex
	perOp float64 // nanoseconds, moving average; 0 is unknown
}

func (b *batchSize) next() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.perOp == 0 {
		return batchStart
	}
	return int(min(max(float64(batchTarget)/b.perOp, batchLeast), batchMost))
}

func (b *batchSize) measured(ops int, took time.Duration) {
	if ops == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	perOp := max(float64(took)/float64(ops), 1)
	if b.perOp == 0 {
		b.perOp = perOp
		return
	}
	b.perOp += (perOp - b.perOp) / 4
}

// Transaction makes many calls in few frames, one after the other, in order.
// The results correspond to ops. A refused operation does not stop the others.
func (c *Client) Transaction(ctx context.Context, ops []Op) []Result {
	results := make([]Result, len(ops))
	todo := make([]int, 0, len(ops))
	for i, op := range ops {
		if err := c.guard(ctx, op); err != nil {
			results[i].Err = err
			continue
		}
		if _, err := op.params(""); err != nil {
			results[i].Err = err
			continue
		}
		todo = append(todo, i)
	}
	for len(todo) > 0 && c.opts.Abilities.Transactions() {
		chunk := todo[:min(c.batch.next(), len(todo))]
		batch := make([]Op, len(chunk))
		for k, i := range chunk {
			batch[k] = ops[i]
		}
		done, err := c.transact(ctx, batch)
		for k, r := range done {
			results[chunk[k]] = r
		}
		switch {
		case err == nil && len(done) > 0:
			todo = todo[len(done):]
		case IsUnknownMethod(err):
			c.opts.Abilities.noTransactions.Store(true)
		case refused(err) && len(chunk) > 1:
			// The transaction as a whole was refused: one of its operations
			// upsets it. Find it one by one.
			for _, i := range chunk {
				results[i] = c.Do(ctx, ops[i])
			}
			todo = todo[len(chunk):]
		default:
			if err == nil {
				err = errors.New("the server answered a transaction without any result")
			}
			if refused(err) {
				results[chunk[0]].Err, todo = err, todo[1:]
				continue
			}
			for _, i := range todo {
				results[i].Err = err // down, timed out or cancelled: the rest would fare no better
			}
			return results
		}
	}
	c.pipeline(ctx, ops, todo, results)
	return results
}

// refused reports an answer of the server, as opposed to a broken connection.
func refused(err error) bool {
	var e *Error
	return errors.As(err, &e)
}

// transact sends one transaction. It gives the results up to and including the
// first error; err is set when the transaction as a whole failed.
func (c *Client) transact(ctx context.Context, ops []Op) ([]Result, error) {
	type operation struct {
		ID      int            `json:"id"`
		Version string         `json:"jsonrpc"`
		Method  string         `json:"method"`
		Params  map[string]any `json:"params"`
	}
	operations := make([]operation, len(ops))
	for i, op := range ops {
		params, err := op.params("")
		if err != nil {
			return nil, err
		}
		operations[i] = operation{ID: i, Version: "2.0", Method: op.Method, Params: params}
	}
	start := time.Now()
	raw, err := c.call(ctx, "transaction", map[string]any{"sessionId": c.Session().ID, "operations": operations}, fmt.Sprintf("transaction of %d", len(ops)), "")
	took := time.Since(start)
	if err != nil {
		return nil, err
	}
	var reply struct {
		Value []struct {
			ID     int               `json:"id"`
			Result json.RawMessage   `json:"result"`
			Error  *jsonrpc.RPCError `json:"error"`
		} `json:"value"`
	}
	if err := json.Unmarshal(raw, &reply); err != nil {
		return nil, fmt.Errorf("the server's answer to a transaction cannot be understood: %w", err)
	}
	results := make([]Result, 0, len(ops))
	for i, r := range reply.Value {
		if i >= len(ops) || r.ID != i {
			break // not what was asked
		}
		if r.Error != nil {
			results = append(results, Result{Err: newError(r.Error, ops[i].name(), ops[i].Object), Took: took})
			break
		}
		results = append(results, Result{Value: valueOf(r.Result), Took: took})
	}
	c.batch.measured(len(results), took)
	return results, nil
}

// pipeline makes single calls, in order, several in flight at a time, for
// servers without transactions.
func (c *Client) pipeline(ctx context.Context, ops []Op, todo []int, results []Result) {
	type flight struct {
		index int
		wait  func() Result
	}
	var inFlight []flight
	land := func() {
		f := inFlight[0]
		inFlight = inFlight[1:]
		results[f.index] = f.wait()
	}
	for _, i := range todo {
		if len(inFlight) == pipelineDepth {
			land()
		}
		inFlight = append(inFlight, flight{i, c.begin(ctx, ops[i])})
	}
	for len(inFlight) > 0 {
		land()
	}
}
