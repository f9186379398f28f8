package metrics

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kmscope/inventory"
	"kmscope/session"
	"kmscope/stats"
	"kmscope/timeline"
)

// Server is what the endpoint needs of a watched server. *session.Session is
// one. All methods may be called from any goroutine.
type Server interface {
	URL() string
	Live() bool
	Link() session.Link
	Snapshot() *inventory.Snapshot
	Stats() *stats.Store
	Timeline() *timeline.Log
}

// Options of a Collector and a Handler.
type Options struct {
	// Servers gives what is watched now. Replays among them are left out: they
	// have no present.
	Servers func() []Server
	// Version is that of the program.
	Version string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Watched gives the servers of a workspace, for Options.
func Watched(w *session.Workspace) func() []Server {
	return func() []Server {
		var out []Server
		for _, s := range w.Sessions() {
			out = append(out, s)
		}
		return out
	}
}

const (
	// maxAge is the age beyond which a figure is no longer the current one. It is
	// what Prometheus looks back for; endpoints that nobody looks at are sampled
	// in turns.
	maxAge = 5 * time.Minute
	// maxSeries bounds the series of one server in one answer.
	maxSeries = 20_000
	// maxTypes bounds the values of the label type, where a server makes them up.
	maxTypes = 200
)

// Collector is a prometheus.Collector over everything watched. It keeps
// nothing: each scrape reads the newest state, so that what is gone is gone at
// the next scrape. The labels of a stream are bounded in length, the streams in
// number. Any goroutine may call its methods.
//
// Rejected: gauges that the sampler sets. They would have to be unset for every
// object that dies, and would outlive it where that was forgotten.
type Collector struct {
	opts    Options
	streams map[string]*prometheus.Desc // by family

	build, up, scrapeDropped                          *prometheus.Desc
	pipelines, elements, objects, connections, errors *prometheus.Desc
	sessions                                          *prometheus.Desc
	events, gaps, undecoded, held, samples, restarts  *prometheus.Desc
	cores, connected                                  *prometheus.Desc
}

// NewCollector makes a Collector.
func NewCollector(o Options) *Collector {
	if o.Now == nil {
		o.Now = time.Now
	}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("kmscope_"+name, help, labels, nil)
	}
	c := &Collector{
		opts:    o,
		streams: make(map[string]*prometheus.Desc),

		build:         desc("build_info", "The version of kmscope.", "version"),
		up:            desc("server_up", "1 while the media server answers.", "server"),
		scrapeDropped: desc("series_dropped", "Series of the server that were left out of this answer because there are too many.", "server"),
		pipelines:     desc("server_pipelines", byName[stats.Pipelines].help, "server"),
		elements:      desc("server_elements", byName[stats.Elements].help, "server"),
		objects:       desc("server_objects", "Objects that are alive, by type.", "server", "type"),
		connections:   desc("server_connections", "Connections between elements.", "server"),
		errors:        desc("server_element_errors", "Error events of the elements that are known now.", "server"),
		sessions:      desc("server_sessions", byName[stats.Sessions].help, "server"),
		events:        desc("events_total", "Events received, by type.", "server", "type"),
		gaps:          desc("gaps_total", "Places where frames are missing.", "server"),
		undecoded:     desc("undecoded_total", "Frames that could not be understood.", "server"),
		held:          desc("held_objects", "Objects that kmscope keeps referenced on the media server just now.", "server"),
		samples:       desc("samples_total", "Answers with statistics.", "server"),
		restarts:      desc("server_restarts_total", "Restarts of the media server since it is watched.", "server"),
		cores:         desc("server_cpu_cores", "Cores of the media server's machine.", "server"),
		connected:     desc("element_media_connected", "1 while media flows over the endpoint's connection (connection state CONNECTED).", "server", "element", "type", "name"),
	}
	for _, f := range byName {
		c.streams[f.name] = prometheus.NewDesc(f.shown(), f.help, labelNames(f.scope), nil)
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.build, c.up, c.scrapeDropped, c.pipelines, c.elements, c.objects, c.connections, c.errors, c.sessions,
		c.events, c.gaps, c.undecoded, c.held, c.samples, c.restarts, c.cores, c.connected,
	} {
		ch <- d
	}
	for _, d := range c.streams {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.MustNewConstMetric(c.build, prometheus.GaugeValue, 1, label(c.opts.Version))
	seen := make(map[string]bool)
	for _, s := range c.opts.Servers() {
		if !s.Live() || seen[label(s.URL())] {
			continue
		}
		seen[label(s.URL())] = true
		x := &scrape{c: c, ch: ch, server: label(s.URL()), now: c.opts.Now(), seen: make(map[string]bool)}
		x.collect(s)
	}
}

// scrape is one server in one answer.
type scrape struct {
	c       *Collector
	ch      chan<- prometheus.Metric
	server  string
	now     time.Time
	seen    map[string]bool // family and labels: each but once
	dropped int
}

func (x *scrape) gauge(d *prometheus.Desc, v float64, labels ...string) {
	x.ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append([]string{x.server}, labels...)...)
}

func (x *scrape) counter(d *prometheus.Desc, v float64, labels ...string) {
	x.ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, append([]string{x.server}, labels...)...)
}

func (x *scrape) collect(s Server) {
	c, link, snap := x.c, s.Link(), s.Snapshot()
	x.counter(c.gaps, float64(link.Gaps))
	x.counter(c.undecoded, float64(link.Undecoded))
	x.counter(c.samples, float64(s.Stats().Samples()))
	x.counter(c.restarts, float64(snap.Server.Epoch))
	x.gauge(c.held, float64(link.Held))
	x.types(c.events, true, s.Timeline().Counts())
	if link.State != session.Connected {
		// What was known before is no longer current.
		x.gauge(c.up, 0)
		x.gauge(c.scrapeDropped, 0)
		return
	}
	x.gauge(c.up, 1)
	x.inventory(snap)
	current := s.Stats().Current(x.now.Add(-maxAge))
	x.values(current, snap)
	x.derived(s.Stats(), current, snap)
	x.gauge(c.scrapeDropped, float64(x.dropped))
}

func (x *scrape) inventory(snap *inventory.Snapshot) {
	c := x.c
	if !snap.Listed {
		return // unknown is not zero
	}
	x.gauge(c.pipelines, float64(snap.Counts.Pipelines))
	x.gauge(c.elements, float64(snap.Counts.Elements))
	x.gauge(c.connections, float64(snap.Counts.Connections))
	x.gauge(c.errors, float64(snap.Counts.Errors))
	if snap.Server.Sessions >= 0 {
		x.gauge(c.sessions, float64(snap.Server.Sessions))
	}
	if snap.Server.CPUCount > 0 {
		x.gauge(c.cores, float64(snap.Server.CPUCount))
	}
	alive := make(map[string]int)
	for _, p := range snap.Pipelines {
		for _, o := range p.Objects {
			if !o.Alive() {
				continue
			}
			alive[o.Type]++
			if st := o.State(inventory.LaneConnection); st.Known() && x.room("connected", o.ID) {
				v := 0.0
				if st.Value == "CONNECTED" {
					v = 1
				}
				x.gauge(c.connected, v, label(o.ID), label(o.Type), label(o.Name))
			}
		}
	}
	x.types(c.objects, false, alive)
}

// types gives counts by a type that the server names.
func (x *scrape) types(d *prometheus.Desc, counter bool, counts map[string]int) {
	sums := make(map[string]int)
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		key := label(name)
		if i >= maxTypes {
			key = "other"
		}
		sums[key] += counts[name]
	}
	for name, n := range sums {
		if counter {
			x.counter(d, float64(n), name)
		} else {
			x.gauge(d, float64(n), name)
		}
	}
}

// room tells whether a series of an id may still be given: once, and not too
// many.
func (x *scrape) room(family, id string) bool {
	k := family + "\x00" + id
	if x.seen[k] {
		return false
	}
	if len(x.seen) >= maxSeries {
		x.dropped++
		return false
	}
	x.seen[k] = true
	return true
}

func (x *scrape) values(values []stats.Value, snap *inventory.Snapshot) {
	for i := range values {
		v := &values[i]
		f, value, ok := familyOf(v)
		if !ok {
			continue
		}
		o := snap.Object(v.Element)
		if f.scope == ofStream && (o == nil || !o.Alive()) {
			continue
		}
		name := ""
		if o != nil {
			name = o.Name
		}
		labels := labelsOf(&f, x.server, name, &v.Key)
		id := ""
		for _, l := range labels {
			id += l + "\x00"
		}
		if !x.room(f.name, id) {
			continue
		}
		kind := prometheus.GaugeValue
		if f.counter {
			kind = prometheus.CounterValue
		}
		x.ch <- prometheus.MustNewConstMetric(x.c.streams[f.name], kind, value, labels...)
	}
}

// derived gives the newest rates and shares, and the figures of the server.
// Streams that are no longer among the current fields are gone.
func (x *scrape) derived(store *stats.Store, current []stats.Value, snap *inventory.Snapshot) {
	type stream struct {
		element string
		dir     stats.Direction
		id      string
	}
	alive := make(map[stream]bool)
	for i := range current {
		alive[stream{current[i].Element, current[i].Dir, current[i].Stream}] = true
	}
	offset, _ := store.ClockOffset()
	q := stats.Query{From: x.now.Add(offset - maxAge)}
	for _, m := range stats.Derived() {
		switch m.Name {
		case stats.Pipelines, stats.Elements, stats.Sessions: // as they are now, see inventory
		default:
			q.Metrics = append(q.Metrics, m.Name)
		}
	}
	var values []stats.Value
	for _, s := range store.Latest(q) {
		if s.Stream != "" && !alive[stream{s.Element, s.Dir, s.Stream}] {
			continue
		}
		for _, v := range s.Values() {
			if !math.IsNaN(v.V) { // a break may stand before the value
				values = append(values, v)
			}
		}
	}
	x.values(values, snap)
}
