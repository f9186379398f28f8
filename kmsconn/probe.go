package kmsconn

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Probe measures the server's CPU load. getUsedCpu(n) sleeps n ms in one of
// the server's ten workers and blocks its own connection meanwhile, so it has
// a connection to itself. It holds nothing: only the manager is called.
type Probe struct{ client *Client }

// The bounds of a measurement: below a second the server's clock ticks are too
// coarse (observed: null for 1 ms, and 0 on an idle machine); a long one keeps
// a worker of the server busy.
const (
	ProbeLeast = time.Second
	ProbeMost  = 4 * time.Second
)

// NewProbe connects. It fails as Dial does.
func NewProbe(ctx context.Context, opts Options) (*Probe, error) {
	// A ping waits behind a measurement.
	if opts.PingTimeout == 0 {
		opts.PingTimeout = 5*time.Second + ProbeMost
	}
	client, err := Dial(ctx, opts.with("cpu", "cpu", opts.Observer))
	if err != nil {
		return nil, err
	}
	return &Probe{client: client}, nil
}

// Client gives the connection underneath, for its state.
func (p *Probe) Client() *Client { return p.client }

// UsedCPU measures for a while (ProbeLeast to ProbeMost; less or more is
// adjusted) and gives the load in percent of one machine, as the server says
// it. The call takes that long.
func (p *Probe) UsedCPU(ctx context.Context, during time.Duration) (float64, error) {
	during = min(max(during, ProbeLeast), ProbeMost)
	op := Invoke(Manager, "getUsedCpu", map[string]int64{"interval": during.Milliseconds()})
	params, err := op.params(p.client.Session().ID)
	if err != nil {
		return 0, err
	}
	raw, err := p.client.start(ctx, p.client.opts.CallTimeout+during, op.Method, params, op.name(), Manager)()
	if err != nil {
		return 0, err
	}
	var load *float64
	if err := json.Unmarshal(valueOf(raw), &load); err != nil || load == nil {
		return 0, fmt.Errorf("getUsedCpu: the server gave no figure")
	}
	return *load, nil
}

// Close ends the Probe.
func (p *Probe) Close(ctx context.Context) error { return p.client.Close(ctx) }
