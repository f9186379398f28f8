package graph

import "slices"

// Which side of a hub its ports stand on. A participant sends to its port and
// receives from it, so the direction of the edges says nothing about who stands
// left; left alone, graphviz breaks these cycles by the order of the boxes, and a
// conference becomes one tall column with its hub among the participants. So the
// pairs are turned for graphviz until they tell a side: participant, port, hub
// from left to right, and in a larger conference half of them the other way
// round, which fills a window better than one column twice as high. The same goes for
// the participants around a hub that was collapsed with its ports.

// oneSided is the largest number of ports that stand on one side of their hub.
const oneSided = 5

// turned gives which pairs of a part are to be turned round for graphviz, by
// their index in pairs; nil for none. It is a function of the part alone, in the
// order in which things came.
func (m *frameMembers) turned(g *Graph, pairs [][2]int) []bool {
	index := make(map[[2]int]int, len(pairs))
	type port struct{ box, pair int }
	hubs := make(map[int][]port) // ports that send and receive
	var order []int
	fixed := make(map[int][2]int) // ports that do one of the two: left, right
	for i, p := range pairs {
		index[p] = i
	}
	for i, p := range pairs {
		if !g.Edges[m.pairs[p][0]].PartOf {
			continue
		}
		if KindOf(g.Nodes[m.nodes[p[0]]].Type) != HubPort { // a port that only sends: hub -> port
			n := fixed[p[0]]
			n[1]++
			fixed[p[0]] = n
			continue
		}
		hub := p[1]
		if !m.both(index, pairs, p[0]) {
			n := fixed[hub]
			n[0]++
			fixed[hub] = n
			continue
		}
		if hubs[hub] == nil {
			order = append(order, hub)
		}
		hubs[hub] = append(hubs[hub], port{p[0], i})
	}
	out := m.aroundCollapsed(g, index, pairs)
	if len(order) == 0 {
		return out
	}
	if out == nil {
		out = make([]bool, len(pairs))
	}
	for _, hub := range order {
		ports, right := hubs[hub], 0
		if all := len(ports) + fixed[hub][0] + fixed[hub][1]; all > oneSided {
			right = min(max(all/2-fixed[hub][1], 0), len(ports))
		}
		for k, port := range ports {
			onRight := k >= len(ports)-right
			out[port.pair] = onRight // the part-of edge leads from port to hub
			for i, p := range pairs {
				from, to := p[0] == port.box, p[1] == port.box
				if i == port.pair || !from && !to {
					continue
				}
				if _, back := index[[2]int{p[1], p[0]}]; back && p[0] != p[1] {
					out[i] = from != onRight
				}
			}
		}
	}
	return out
}

// aroundCollapsed is turned for hubs that stand for their ports as well; nil for none.
func (m *frameMembers) aroundCollapsed(g *Graph, index map[[2]int]int, pairs [][2]int) []bool {
	around := make(map[int][]int) // hub -> who sends to it and receives from it
	oneWay := make(map[int][2]int)
	var order []int
	for _, p := range pairs {
		for side, hub := range p {
			n := &g.Nodes[m.nodes[hub]]
			if len(n.Members) == 0 || n.Kind != Hub || p[0] == p[1] {
				continue
			}
			if _, back := index[[2]int{p[1], p[0]}]; !back {
				c := oneWay[hub]
				c[1-side]++
				oneWay[hub] = c
				continue
			}
			if side == 1 { // once for the two of them
				if around[hub] == nil {
					order = append(order, hub)
				}
				around[hub] = append(around[hub], p[0])
			}
		}
	}
	if len(order) == 0 {
		return nil
	}
	out := make([]bool, len(pairs))
	for _, hub := range order {
		others, right := around[hub], 0
		if all := len(others) + oneWay[hub][0] + oneWay[hub][1]; all > oneSided {
			right = min(max(all/2-oneWay[hub][1], 0), len(others))
		}
		for k, b := range others {
			onRight := k >= len(others)-right
			out[index[[2]int{b, hub}]], out[index[[2]int{hub, b}]] = onRight, !onRight
		}
	}
	return out
}

// both tells whether a box has a neighbour that it sends to and receives from.
func (m *frameMembers) both(index map[[2]int]int, pairs [][2]int, b int) bool {
	return slices.ContainsFunc(pairs, func(p [2]int) bool {
		_, back := index[[2]int{p[1], p[0]}]
		return p[0] == b && p[1] != b && back
	})
}

// turn gives a job with some pairs turned round.
func (j *job) turn(turned []bool) *job {
	if turned == nil {
		return j
	}
	out := *j
	out.Pairs = slices.Clone(j.Pairs)
	for i := range out.Pairs {
		if turned[i] {
			out.Pairs[i] = [2]int{j.Pairs[i][1], j.Pairs[i][0]}
		}
	}
	return &out
}

// turnBack makes the paths of turned pairs lead their own way.
func (p *placement) turnBack(turned []bool) {
	for i := range turned {
		if turned[i] {
			slices.Reverse(p.Paths[i])
		}
	}
}
