package graphpage

import (
	"image/color"
	"strconv"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// What is wrong beyond the states. An endpoint whose media flow is green in the
// model although a third of its packets are lost: the states do not know. So a node
// also says what view.FindProblems found of its object, where that is worse.

// troubles are the problems of one server by object.
type troubles struct {
	of   view.Session
	list []view.Problem
	by   map[string]view.Problem
	// in are the objects in trouble of each pipeline.
	in map[string]countedTrouble
}

type countedTrouble struct {
	objects int
	worst   graph.Health
}

// troublesNow gives what is known to be wrong on the server that is looked at.
func (p *Page) troublesNow() troubles {
	x := p.view.Server()
	if x == nil {
		return troubles{}
	}
	list, _ := p.view.Problems(x)
	if len(list) == 0 {
		return troubles{}
	}
	if p.troubles.of != x || &p.troubles.list[0] != &list[0] { // there is a new list where anything is new
		p.troubles = gather(x, list)
	}
	return p.troubles
}

func gather(x view.Session, list []view.Problem) troubles {
	out := troubles{list: list, of: x, by: make(map[string]view.Problem, len(list)), in: map[string]countedTrouble{}}
	for _, pr := range list {
		out.by[pr.Object] = pr
		if id := inventory.PipelineOf(pr.Object); id != "" && id != pr.Object {
			n := out.in[id]
			n.objects, n.worst = n.objects+1, max(n.worst, healthOf(pr.Level))
			out.in[id] = n
		}
	}
	return out
}

// inTrouble gives a node as it is to be drawn: worse than its states say, where it
// is. The node itself is not changed.
func (t *troubles) inTrouble(s *scene, i int) *graph.Node {
	n := &s.g.Nodes[i]
	if len(t.by) == 0 || n.Dead {
		return n
	}
	if b := s.bandOfNode(i); b != nil && b.session != t.of {
		return n
	}
	health, text := graph.HealthUnknown, ""
	if len(n.Members) == 0 {
		if pr, ok := t.by[n.ID]; ok {
			health, text = worstOf(&pr, n.Health)
		}
	} else {
		bad := 0
		for _, id := range n.Members {
			if pr, ok := t.by[id]; ok {
				bad++
				if h := healthOf(pr.Level); h > health {
					health, text = h, pr.Reasons[0].Text
				}
			}
		}
		if bad > 1 {
			text = strconv.Itoa(bad) + " of " + view.Plural(len(n.Members), "object") + " in trouble"
		}
	}
	if health <= n.Health {
		return n
	}
	out := *n
	out.Health, out.Summary = health, text
	return &out
}

// worstOf gives the worst reason of a problem that still holds: what was found is as
// old as the search for it, and a node must not stay red when it is well again.
func worstOf(pr *view.Problem, now graph.Health) (graph.Health, string) {
	for _, r := range pr.Reasons { // the worst first
		if holds(pr, r, now) {
			return healthOf(r.Level), r.Text
		}
	}
	return graph.HealthUnknown, ""
}

func holds(pr *view.Problem, r view.Reason, now graph.Health) bool {
	return r.Figure || now >= healthOf(pr.States)
}

// tileState gives the health of a pipeline and the word for it.
func (t *troubles) tileState(f *graph.Frame, on view.Session) (graph.Health, string) {
	if n := t.in[f.ID]; n.worst > f.Health && !f.Dead && (on == nil || on == t.of) {
		return n.worst, strconv.Itoa(n.objects) + " in trouble"
	}
	return f.Health, f.Health.String()
}

// healthOf gives the health of the same colour.
func healthOf(l view.Level) graph.Health {
	switch l {
	case view.Attention:
		return graph.HealthWarning
	case view.Trouble:
		return graph.HealthError
	case view.Unknown, view.Fine:
	}
	return graph.HealthUnknown
}

// troubleLines tells on the card of a node all that is wrong with it.
func (t *troubles) troubleLines(n *graph.Node, on view.Session) []cardLine {
	if on != nil && on != t.of {
		return nil
	}
	var out []cardLine
	pr := t.by[n.ID]
	for _, r := range pr.Reasons {
		if !holds(&pr, r, n.Health) {
			continue
		}
		level := r.Level
		out = append(out, cardLine{text: r.Text, hue: func(l *surface.Look) color.NRGBA { return healthColor(l, healthOf(level)) }})
	}
	return out
}
