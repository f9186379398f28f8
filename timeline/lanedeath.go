package timeline

import (
	"slices"
	"strings"

	"kmscope/inventory"
)

const (
	// maxDead is how many dead objects keep their lanes at least; an eighth more,
	// and those that died first are forgotten. One is some 3 kB.
	maxDead = 2000
	// maxGone bounds the deaths that are remembered for lanes that come late.
	maxGone = 8192
)

// kill ends the lanes of an object and of all below it.
func (l *Lanes) kill(s *laneServer, id string, d death) {
	if id == "" || len(id) > maxIDBytes {
		return
	}
	l.version++
	l.shape++
	if l.objects[id] == nil {
		l.remember(id, d)
	}
	below := id + "/"
	for _, o := range l.pipes[inventory.PipelineOf(id)] {
		if o.server == s && (o.id == id || strings.HasPrefix(o.id, below)) {
			l.die(o, d)
		}
	}
}

// remember keeps a death for lanes that come late.
func (l *Lanes) remember(id string, d death) {
	if l.gone == nil || len(l.gone) >= maxGone {
		l.gone = make(map[string]death)
	}
	l.gone[id] = d
}

// die keeps the first word on the death of an object, but prefers the server's
// own time to that of a reply.
func (l *Lanes) die(o *laneObject, d death) {
	if !o.death.known {
		l.dead = append(l.dead, o)
	}
	if !o.death.known || o.death.stamp == 0 && d.stamp != 0 {
		o.death = d
	}
}

// settling is how long after a server did not find an object news of it may still
// be from before its death, in microseconds.
const settling = 1_000_000

// revive takes a death back: a server announces an object before it can find it.
func (l *Lanes) revive(o *laneObject) {
	o.death = death{}
	l.dead = slices.DeleteFunc(l.dead, func(x *laneObject) bool { return x == o })
	l.version++
	l.shape++
}

// boundDead forgets the objects that died first, when there are too many.
func (l *Lanes) boundDead() {
	if len(l.dead) <= maxDead+maxDead/8 {
		return
	}
	oldest := make(map[*laneObject]bool)
	for _, o := range l.dead[:len(l.dead)-maxDead] {
		oldest[o] = true
		l.remember(o.id, o.death)
	}
	l.forget(oldest)
}

// forget drops objects with their lanes.
func (l *Lanes) forget(objects map[*laneObject]bool) {
	if len(objects) == 0 {
		return
	}
	drop := func(o *laneObject) bool { return objects[o] }
	l.order, l.dead = slices.DeleteFunc(l.order, drop), slices.DeleteFunc(l.dead, drop)
	for o := range objects {
		delete(l.objects, o.id)
		p := inventory.PipelineOf(o.id)
		if l.pipes[p] = slices.DeleteFunc(l.pipes[p], drop); len(l.pipes[p]) == 0 {
			delete(l.pipes, p)
		}
		l.marks -= o.marks()
	}
	l.version++
	l.shape++
}

// marks counts all that an object keeps.
func (o *laneObject) marks() int {
	n := 0
	for x := range o.all() {
		n += len(x.events) + len(x.reads)
	}
	return n
}
