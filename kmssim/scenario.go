package kmssim

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"
)

// Scenario is a small script: an application that uses the server. Run builds
// what it shows and then lives until ctx ends; it returns early only when
// something refuses it.
type Scenario struct {
	Name    string
	Summary string
	Run     func(ctx context.Context, app *App) error
}

// Scenarios lists the scenarios, sorted by name.
func Scenarios() []Scenario {
	all := []Scenario{
		conferenceScenario, loopbackScenario, oneToManyScenario, playerRecorderScenario,
		iceFailureScenario, oneWayAudioScenario, lossRampScenario, transcodingScenario,
		zombieScenario, restartScenario, slowScenario, hugeScenario, churnScenario,
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

// FindScenario gives the scenario of a name.
func FindScenario(name string) (Scenario, error) {
	var names []string
	for _, sc := range Scenarios() {
		if sc.Name == name {
			return sc, nil
		}
		names = append(names, sc.Name)
	}
	return Scenario{}, fmt.Errorf("there is no scenario %q: choose one of %v", name, names)
}

// Play runs a scenario until ctx ends. The end of ctx is no error. The
// scenario's application leaves afterwards.
func (s *Server) Play(ctx context.Context, sc Scenario) error {
	app := s.NewApp()
	defer app.Leave()
	err := sc.Run(ctx, app)
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return fmt.Errorf("scenario %s: %w", sc.Name, err)
}

// script makes scenarios short: after the first refusal nothing more is done,
// and err tells.
type script struct {
	*App
	err error
}

func write(app *App) *script { return &script{App: app} }

// make creates an object in a parent and names it.
func (b *script) make(typ, parent, name string, args map[string]any) string {
	if b.err != nil {
		return ""
	}
	full := map[string]any{}
	for k, v := range args {
		full[k] = v
	}
	if typ == "HubPort" {
		full["hub"] = parent
	} else if parent != "" {
		full["mediaPipeline"] = parent
	}
	var id string
	if id, b.err = b.Create(typ, full); b.err == nil && name != "" {
		b.do(id, "setName", map[string]any{"name": name})
	}
	return id
}

func (b *script) do(object, operation string, params map[string]any) {
	if b.err == nil {
		_, b.err = b.Invoke(object, operation, params)
	}
}

func (b *script) link(source, sink string, mediaTypes ...string) {
	if b.err == nil {
		b.err = b.Connect(source, sink, mediaTypes...)
	}
}

func (b *script) call(endpoint, direction string, p Peer) {
	if b.err == nil {
		b.err = b.Dial(endpoint, direction, p)
	}
}

func (b *script) tag(object, key, value string) {
	b.do(object, "addTag", map[string]any{"key": key, "value": value})
}

func (b *script) release(object string) {
	if b.err == nil {
		b.err = b.Release(object)
	}
}

func (b *script) wait(ctx context.Context, d time.Duration) {
	if b.err == nil {
		b.err = b.Wait(ctx, d)
	}
}

// pipeline makes a pipeline with latency statistics on.
func (b *script) pipeline(name string) string {
	p := b.make("MediaPipeline", "", name, nil)
	b.do(p, "setLatencyStats", map[string]any{"latencyStats": true})
	return p
}

// stay keeps the application alive until ctx ends.
func (b *script) stay(ctx context.Context) error {
	for b.err == nil {
		b.wait(ctx, time.Hour)
	}
	return b.err
}
