package chartpage

import (
	"fyne.io/fyne/v2"

	"kmscope/stats"
)

// chartSets is a set of the saved sets of charts.
type chartSets uint8

// The saved sets: each answers one question.
const (
	inVideo chartSets = 1 << iota
	inLatency
	inCongestion
	inServer
	inCost
	inAll
)

// server reports whether a set is of the server alone, whatever is selected.
func (s chartSets) server() bool { return s == inServer || s == inCost }

// savedSet is a saved set as the menu lists it.
type savedSet struct {
	set   chartSets
	title string
	// lead is the metric that elements are compared by while none is selected;
	// "" compares none.
	lead string
}

var savedSets = []savedSet{
	{inVideo, "Why is the video bad", stats.Bitrate},
	{inLatency, "Latency", stats.RTT},
	{inCongestion, "Congestion control", stats.REMB},
	{inServer, "Server", ""},
	{inCost, "Cost of watching", ""},
	{inAll, "All", stats.Bitrate},
}

func savedSetOf(set chartSets) savedSet {
	for _, s := range savedSets {
		if s.set == set {
			return s
		}
	}
	return savedSets[0]
}

// ranking is a metric by which elements can be ranked while none is selected.
type ranking struct {
	metric string
	word   string // after "Top by"
	limits []limit
}

var rankings = []ranking{
	{stats.Bitrate, "bit rate", nil},
	{stats.Loss, "loss", lossLimits},
	{stats.FractionLost, "loss told by the remote side", lossLimits},
	{stats.RTT, "round trip", rttLimits},
	{stats.Jitter, "jitter", jitterLimits},
	{stats.NACKRate, "NACK", []limit{{nackMany, "NACK 10 per s"}}},
	{stats.REMB, "REMB", nil},
	{stats.PacketRate, "packets", nil},
}

func rankingOf(metric string) ranking {
	for _, r := range rankings {
		if r.metric == metric {
			return r
		}
	}
	if m, ok := stats.MetricOf(metric); ok {
		return ranking{metric: m.Name, word: m.Label}
	}
	if k, ok := browserKind(metric); ok {
		return ranking{metric: metric, word: k.title, limits: k.limits}
	}
	return rankings[0]
}

// choose shows a saved set.
func (p *Page) choose(set chartSets) {
	p.set, p.metric, p.rank, p.scroll, p.alone = set, "", "", 0, pin{}
	p.refresh()
}

func (p *Page) setMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	for _, s := range savedSets {
		item := fyne.NewMenuItem(s.title, func() { p.choose(s.set) })
		item.Checked = s.set == p.set && p.metric == ""
		m.Items = append(m.Items, item)
	}
	one := fyne.NewMenuItem("One metric", nil)
	one.ChildMenu = p.metricMenu()
	m.Items = append(m.Items, fyne.NewMenuItemSeparator(), one)
	return m
}
