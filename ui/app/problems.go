package app

import (
	"context"
	"reflect"
	"slices"
	"time"

	"kmscope/inventory"
	"kmscope/ui/view"
)

// problemWatch finds what is wrong on the server that is looked at, beside the
// interface: judging thousands of objects may take longer than a frame.
type problemWatch struct {
	asked chan problemQuery // the newest question; at most one
	tell  func(problemQuery, []view.Problem)
}

// problemQuery is what is to be judged: a server as it is, or was at a moment.
type problemQuery struct {
	session view.Session
	snap    *inventory.Snapshot
	at      time.Time // zero for the present
}

// problemsEvery is the least time between two judgements; they take at most a
// tenth of the time.
const problemsEvery = 500 * time.Millisecond

func newProblemWatch(tell func(problemQuery, []view.Problem)) *problemWatch {
	return &problemWatch{asked: make(chan problemQuery, 1), tell: tell}
}

// ask has a state judged soon; a newer question takes the place of one that
// waits. Interface goroutine.
func (p *problemWatch) ask(q problemQuery) {
	select {
	case <-p.asked:
	default:
	}
	p.asked <- q // nobody else fills it
}

// run works until ctx ends.
func (p *problemWatch) run(ctx context.Context) {
	var last problemQuery
	var finder view.ProblemFinder
	wait := time.NewTimer(0)
	defer wait.Stop()
	<-wait.C
	for {
		select {
		case <-ctx.Done():
			return
		case q := <-p.asked:
			if q == last {
				continue
			}
			last = q
			began := time.Now()
			list := finder.Find(ctx, q.session, q.snap, q.at)
			p.tell(q, list)
			wait.Reset(max(problemsEvery, 9*time.Since(began)))
			select {
			case <-ctx.Done():
				return
			case <-wait.C:
			}
		}
	}
}

// figuresEvery is the least time between two judgements while no state changes: means
// over many seconds hardly move in one.
const figuresEvery = 3 * time.Second

// askProblems has what is looked at judged, if it may be another verdict.
func (w *Window) askProblems() {
	x := w.state.Server()
	if x == nil {
		return
	}
	q := problemQuery{session: x, snap: w.state.Snapshot(x)}
	if at, live := w.state.Cursor(); !live {
		q.at = at
	}
	was := &w.judged
	if now := time.Now(); q.session != was.session || !q.at.Equal(was.at) || was.snap == nil ||
		!slices.Equal(q.snap.Pipelines, was.snap.Pipelines) || now.Sub(w.judgedAt) >= figuresEvery {
		w.judged, w.judgedAt = q, now
		w.problems.ask(q)
	}
}

// tellProblems shows what was found. Any goroutine.
func (w *Window) tellProblems(q problemQuery, list []view.Problem) {
	w.do(func() {
		known := false
		for _, x := range w.ws.Sessions() {
			known = known || x == q.session
		}
		before, told := w.state.Problems(q.session)
		if !known || told && reflect.DeepEqual(before, list) {
			return
		}
		w.state.SetProblems(q.session, list)
		// Figures are painted with the others: a frame of their own each second would
		// double what an idle window costs.
		if !told || !view.OnlyFiguresDiffer(before, list) {
			w.pump.again()
		}
	})
}
