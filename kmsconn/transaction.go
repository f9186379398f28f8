package kmsconn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"kmscope/kmsconn/jsonrpc"
	"kmscope/rawjson"
)

// Transactions. A server runs the operations of one transaction one after the
// other and answers them all in one frame. What that spares is its share of each
// frame, two thirds of a small call: 200 getStats take 13 ms, and 34 one by one;
// what is left is the server's own, see "What a sweep costs" in
// docs/ARCHITECTURE.md. It stops at the first error and leaves the rest out
// (observed: recording 05b-malformed, tx), so the rest goes into a new transaction.
// A transaction delays everything behind it on its connection, so the number of
// operations follows the time they are measured to take; beyond 50 a larger one
// gains next to nothing.
//
// Rejected: two connections with half of the operations each. The server's worker
// threads are many, but each operation also wakes its main thread, which keeps a
// timer for every answer of the last 20 s and looks through all of them: 12.5 ms
// instead of 12.8, for more work on the server's side.
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
	perOp float64   // nanoseconds, moving average; 0 is unknown
	last  time.Time // of the last answer: before it the server had other things to do
}

func (b *batchSize) next() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.perOp == 0 {
		return batchStart
	}
	return int(min(max(float64(batchTarget)/b.perOp, batchLeast), batchMost))
}

// measured takes note of the answer, now, to a transaction sent at began.
func (b *batchSize) measured(ops int, began time.Time) {
	now := time.Now()
	b.mu.Lock()
	if b.last.After(began) {
		began = b.last
	}
	b.last = now
	b.mu.Unlock()
	b.add(ops, now.Sub(began))
}

func (b *batchSize) add(ops int, took time.Duration) {
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

// Transaction makes many calls in few frames, in order. The results correspond
// to ops. A refused operation does not stop the others. Where all ops only
// read, two transactions are in flight at a time, so that the server need not
// wait for us between them, and the order is not kept after a refusal.
func (c *Client) Transaction(ctx context.Context, ops []Op) []Result {
	results := make([]Result, len(ops))
	todo := make([]int, 0, len(ops))
	depth := 2
	var scratch []byte
	for i, op := range ops {
		if err := c.guard(ctx, op); err != nil {
			results[i].Err = err
			continue
		}
		var err error
		if scratch, err = op.appendParams(scratch[:0], ""); err != nil {
			results[i].Err = err
			continue
		}
		if op.Method != "invoke" && op.Method != "describe" {
			depth = 1
		}
		todo = append(todo, i)
	}
	var flights []flight
	for len(flights) > 0 || len(todo) > 0 && c.opts.Abilities.Transactions() {
		for len(flights) < depth && len(todo) > 0 && c.opts.Abilities.Transactions() {
			chunk := todo[:min(c.batch.next(), len(todo))]
			todo = todo[len(chunk):]
			batch := make([]Op, len(chunk))
			for k, i := range chunk {
				batch[k] = ops[i]
			}
			flights = append(flights, flight{chunk, c.startTransaction(ctx, batch)})
		}
		f := flights[0]
		flights = flights[1:]
		done, err := f.wait()
		for k, r := range done {
			results[f.chunk[k]] = r
		}
		rest := f.chunk[len(done):]
		switch {
		case err == nil && len(done) > 0:
		case IsUnknownMethod(err):
			c.opts.Abilities.noTransactions.Store(true)
		case err == nil || refused(err):
			// The transaction as a whole was refused, or answered by nothing:
			// its first operation goes alone, so that the others get on.
			results[rest[0]] = c.Do(ctx, ops[rest[0]])
			rest = rest[1:]
		default:
			// Down, timed out or cancelled: the rest would fare no better.
			for _, g := range flights {
				_, _ = g.wait()
				rest = append(rest[:len(rest):len(rest)], g.chunk...)
			}
			for _, i := range append(rest[:len(rest):len(rest)], todo...) {
				results[i].Err = err
			}
			return results
		}
		todo = append(rest[:len(rest):len(rest)], todo...)
	}
	c.pipeline(ctx, ops, todo, results)
	return results
}

// flight is a transaction whose answer has not come yet.
type flight struct {
	chunk []int
	wait  func() ([]Result, error)
}

// refused reports an answer of the server, as opposed to a broken connection.
func refused(err error) bool {
	var e *Error
	return errors.As(err, &e)
}

// startTransaction sends one transaction. What it gives waits for the results,
// up to and including the first error; its error is set when the transaction as
// a whole failed.
func (c *Client) startTransaction(ctx context.Context, ops []Op) func() ([]Result, error) {
	text := make([]byte, 0, 256*len(ops))
	text = append(text, `{"operations":[`...)
	for i, op := range ops {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(append(text, `{"id":`...), int64(i), 10)
		text = rawjson.AppendString(append(text, `,"jsonrpc":"2.0","method":`...), op.Method)
		var err error
		if text, err = op.appendParams(append(text, `,"params":`...), ""); err != nil {
			return func() ([]Result, error) { return nil, err }
		}
		text = append(text, '}')
	}
	text = rawjson.AppendString(append(text, `],"sessionId":`...), c.Session().ID)
	text = append(text, '}')
	began := time.Now()
	wait := c.start(ctx, c.opts.CallTimeout, "transaction", json.RawMessage(text), fmt.Sprintf("transaction of %d", len(ops)), "")
	return func() ([]Result, error) {
		raw, err := wait()
		if err != nil {
			return nil, err
		}
		took := time.Since(began)
		results, err := transactionResults(raw, ops, took)
		c.batch.measured(len(results), began)
		return results, err
	}
}

type transactionReply struct {
	Value []operationReply `json:"value"`
}

type operationReply struct {
	ID     int               `json:"id"`
	Result json.RawMessage   `json:"result"`
	Error  *jsonrpc.RPCError `json:"error"`

	value json.RawMessage // that of the result, as valueOf gives it; nil where it was not looked for
}

// read takes the reply to so many operations apart, down to their values. A sampler
// reads most of what it reads this way: the usual reply is walked once, any other goes
// to encoding/json. What is kept belongs to raw.
func (t *transactionReply) read(raw json.RawMessage, operations int) error {
	c := rawjson.NewCursor(raw)
	isObject := c.Object(func(key []byte) {
		if string(key) != "value" {
			return
		}
		t.Value = make([]operationReply, 0, operations)
		if !c.Array(func() { t.Value = append(t.Value, readOperation(&c, raw)) }) {
			c.Stop()
		}
	})
	if isObject && c.Done() {
		return nil
	}
	*t = transactionReply{}
	return json.Unmarshal(raw, t)
}

// readOperation reads the usual reply to one operation, or stops the walk.
func readOperation(c *rawjson.Cursor, raw []byte) (r operationReply) {
	if !c.Object(func(key []byte) {
		switch string(key) {
		case "id":
			var err error
			if r.ID, err = strconv.Atoi(string(c.Skip())); err != nil {
				c.Stop()
			}
		case "result":
			r.Result, r.value = readResult(c, raw)
		case "error":
			if string(c.Skip()) != "null" {
				c.Stop()
			}
		}
	}) {
		c.Stop()
	}
	return r
}

// readResult gives a result with its value, nil where valueOf has to look for it.
func readResult(c *rawjson.Cursor, raw []byte) (result, value json.RawMessage) {
	from, odd := c.Offset(), false
	if !c.Object(func(key []byte) {
		switch {
		case string(key) == "value":
			value = c.Skip()
		case bytes.EqualFold(key, []byte("value")): // encoding/json takes it for one
			odd = true
		}
	}) {
		result = c.Skip()
		return result, result
	}
	result = raw[from:c.Offset()]
	switch {
	case odd:
		return result, nil
	case value == nil:
		return result, result
	}
	return result, value
}

func transactionResults(raw json.RawMessage, ops []Op, took time.Duration) ([]Result, error) {
	var reply transactionReply
	if err := reply.read(raw, len(ops)); err != nil {
		return nil, fmt.Errorf("the server's answer to a transaction cannot be understood: %w", err)
	}
	results := make([]Result, 0, len(ops))
	for i, r := range reply.Value {
		if i >= len(ops) || r.ID != i {
			break // not what was asked
		}
		if r.Error != nil {
			return append(results, Result{Err: newError(r.Error, ops[i].name(), ops[i].Object), Took: took}), nil
		}
		if r.value == nil {
			r.value = valueOf(r.Result)
		}
		results = append(results, Result{Value: r.value, Took: took})
	}
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
