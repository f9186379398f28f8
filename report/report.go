// Package report writes what is known of servers as a text to attach to a bug
// ticket: Markdown, which trackers render and people read as it is. It takes
// what the model holds, from which secrets were removed when it was recorded,
// and never asks a server for more.
package report

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/negotiation"
	"kmscope/timeline"
)

// Server is one server to report on.
type Server struct {
	// Name heads its part: host and port, or the name of the capture.
	Name string
	// URL is the address without userinfo; "" when unknown.
	URL string
	// Snapshot is the state to report; never nil.
	Snapshot *inventory.Snapshot
	// Log is the server's events; nil leaves them out.
	Log *timeline.Log
	// Negotiation is what was said while endpoints were connected; nil leaves
	// its findings out.
	Negotiation *negotiation.Log
	// Problems are what is known to be wrong, the worst first; nil leaves the
	// section out, for nobody looked.
	Problems []Problem
	// Figures are the newest of an object, in words: "audio loss in 21 %". nil
	// leaves them out. Called on the goroutine of WriteMarkdown.
	Figures func(id string) []string
	// Gaps counts the places where records are missing, Undecoded the frames that
	// could not be understood, Held the objects that the tool kept referenced.
	Gaps, Undecoded, Held int
}

// Problem is what is wrong, or may be, with one object.
type Problem struct {
	Object string
	// Sure is unset where it may be wrong only.
	Sure bool
	// Reasons are what is so, the worst first.
	Reasons []string
}

// Document is a report.
type Document struct {
	// Tool is the program and its version.
	Tool string
	// Capture is the file that holds every frame behind the report; "" for none.
	Capture string
	Servers []Server
}

// What a ticket has room for, per server: trackers take some 65,000 characters,
// and draw no chart with thousands of arrows. The rest is in the capture.
const (
	maxEvents   = 200 // warnings and errors
	maxElements = 150 // rows of all tables
	maxDrawn    = 80  // elements in the drawing
	maxProblems = 50
)

// WriteMarkdown writes the report. What servers said is escaped, so that no
// name becomes markup. The error is that of w. Any goroutine.
func (d *Document) WriteMarkdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# Report on %s\n\n", plural(len(d.Servers), "media server"))
	fmt.Fprintf(b, "Written by %s. Times are UTC.", text(d.Tool))
	if d.Capture != "" {
		fmt.Fprintf(b, " Every frame behind it is in the capture %s.", code(d.Capture))
	}
	fmt.Fprint(b, "\n")
	for i := range d.Servers {
		d.Servers[i].write(b)
	}
	return b.Flush()
}

func (s *Server) write(b *bufio.Writer) {
	snap := s.Snapshot
	c := snap.Counts
	fmt.Fprintf(b, "\n## %s\n\n", text(s.Name))
	fmt.Fprintf(b, "%s, %s, %s, %s at %s.\n\n", plural(c.Pipelines, "pipeline"), plural(c.Elements, "element"), plural(c.Connections, "connection"),
		plural(c.Errors, "error event"), clock(snap.At))
	s.problems(b)
	s.environment(b)
	s.topology(b)
	s.elements(b)
	s.findings(b)
	s.events(b)
	fmt.Fprintf(b, "### The observer\n\n- objects that the tool held when the report was written: %d\n- gaps in the recording: %d\n- frames that could not be understood: %d\n", s.Held, s.Gaps, s.Undecoded)
}

func (s *Server) environment(b *bufio.Writer) {
	v := s.Snapshot.Server
	began := false
	row := func(key, value string) {
		if value == "" {
			return
		}
		if !began {
			began = true
			fmt.Fprint(b, "| what | value |\n|---|---|\n")
		}
		fmt.Fprintf(b, "| %s | %s |\n", key, value)
	}
	fmt.Fprint(b, "### Environment\n\n")
	row("address", code(s.URL))
	row("server", text(strings.TrimSpace(v.Type+" "+v.Version)))
	for _, m := range v.Modules {
		row("module", text(m.Name+" "+m.Version))
	}
	if v.CPUCount > 0 {
		row("cores", fmt.Sprint(v.CPUCount))
	}
	if v.UsedCPURatio >= 0 {
		row("CPU of the machine", fmt.Sprintf("%.0f %%", 100*v.UsedCPURatio))
	}
	if v.UsedMemKiB >= 0 {
		row("memory of the server", fmt.Sprintf("%.1f MiB", float64(v.UsedMemKiB)/1024))
	}
	if v.Sessions >= 0 {
		row("sessions", fmt.Sprint(v.Sessions))
	}
	if !began {
		fmt.Fprint(b, "The capture does not tell.\n")
	}
	fmt.Fprint(b, "\n")
}

// problems says what is wrong before anything else: who gets the ticket reads
// this far.
func (s *Server) problems(b *bufio.Writer) {
	if s.Problems == nil {
		return
	}
	fmt.Fprint(b, "### What is wrong\n\n")
	if len(s.Problems) == 0 {
		fmt.Fprint(b, "Nothing that this tool knows of.\n")
	}
	for i, p := range s.Problems {
		if i == maxProblems {
			fmt.Fprintf(b, "- and %s\n", plural(len(s.Problems)-i, "more object"))
			break
		}
		name, in := p.Object, ""
		if p.Object == inventory.ManagerID {
			name = "the server"
		}
		if o := s.Snapshot.Object(p.Object); o != nil {
			name = o.Label()
			if pipeline := s.Snapshot.Object(o.Pipeline); pipeline != nil && pipeline != o {
				in = " in " + text(pipeline.Label())
			}
		}
		word := "may be wrong"
		if p.Sure {
			word = "wrong"
		}
		reasons := make([]string, len(p.Reasons))
		for i, r := range p.Reasons {
			reasons[i] = text(r)
		}
		fmt.Fprintf(b, "- **%s** %s%s: %s\n", word, text(name), in, strings.Join(reasons, "; "))
	}
	fmt.Fprint(b, "\n")
}

// pipelines gives all, those in which something is wrong first.
func (s *Server) pipelines() []*inventory.Pipeline {
	in := map[string]bool{}
	for _, p := range s.Problems {
		in[inventory.PipelineOf(p.Object)] = true
	}
	var first, rest []*inventory.Pipeline
	for _, p := range s.Snapshot.Pipelines {
		if in[p.ID] {
			first = append(first, p)
		} else {
			rest = append(rest, p)
		}
	}
	return append(first, rest...)
}

// topology draws everything, or as many pipelines as there is room for.
func (s *Server) topology(b *bufio.Writer) {
	fmt.Fprint(b, "### Topology\n\n")
	g := graph.Build(s.Snapshot, graph.Figures{}).Alive()
	if len(g.Nodes) == 0 {
		fmt.Fprint(b, "No element is alive.\n\n")
		return
	}
	if all := len(g.Nodes); all > maxDrawn {
		some := &inventory.Snapshot{At: s.Snapshot.At}
		room := maxDrawn
		for _, p := range s.pipelines() {
			if n := len(p.Objects) - 1; p.Alive() && n <= room {
				some.Pipelines = append(some.Pipelines, p)
				room -= n
			}
		}
		if len(some.Pipelines) == 0 {
			fmt.Fprintf(b, "%s are too many to draw here: the capture has them.\n\n", plural(all, "element"))
			return
		}
		fmt.Fprintf(b, "Drawn are %d of %s.\n\n", len(some.Pipelines), plural(s.Snapshot.Counts.Pipelines, "pipeline"))
		g = graph.Build(some, graph.Figures{}).Alive()
	}
	fmt.Fprint(b, "```mermaid\n")
	_ = g.WriteMermaid(b) // the error of b is told by its Flush
	fmt.Fprint(b, "```\n\n")
}

// elements lists what there is, a table per pipeline, those in trouble first.
func (s *Server) elements(b *bufio.Writer) {
	fmt.Fprint(b, "### Elements\n\n")
	room, left := maxElements, 0
	for _, p := range s.pipelines() {
		label := "objects without a pipeline"
		if p.ID != "" {
			label = inventory.TypeOf(p.ID)
			if p.Object != nil {
				label = p.Object.Label()
			}
		}
		head := fmt.Sprintf("**%s** %s\n\n| element | type | states | figures | errors | id |\n|---|---|---|---|---|---|\n", text(label), code(p.ID))
		for _, o := range p.Objects {
			if o.ID == p.ID {
				continue
			}
			if room--; room < 0 {
				left++
				continue
			}
			figures := ""
			if s.Figures != nil && o.Alive() {
				figures = text(strings.Join(s.Figures(o.ID), ", "))
			}
			fmt.Fprintf(b, "%s| %s | %s | %s | %s | %d | %s |\n", head, text(o.Label()), text(o.Type), states(o), figures, o.Errors, code(strings.TrimPrefix(o.ID, p.ID+"/")))
			head = ""
		}
		if head == "" {
			fmt.Fprint(b, "\n")
		}
	}
	switch {
	case left > 0:
		fmt.Fprintf(b, "And %s, in the capture.\n\n", plural(left, "more element"))
	case room == maxElements:
		fmt.Fprint(b, "None.\n\n")
	}
}

func states(o *inventory.Object) string {
	var lanes []inventory.Lane
	for l, st := range o.States {
		// To the question whether it transcodes a server answers no, whatever it does.
		if st.Known() && (st.Value != "NOT_TRANSCODING" || st.Source != inventory.FromRead) {
			lanes = append(lanes, l)
		}
	}
	slices.SortFunc(lanes, timeline.CompareLanes)
	var words []string
	if !o.Alive() {
		words = append(words, "gone since "+clock(o.DiedAt)+text(" ("+o.Death+")"))
	}
	for _, l := range lanes {
		words = append(words, text(strings.ReplaceAll(string(l), "/", " ")+" "+strings.ReplaceAll(o.States[l].Value, "_", " ")))
	}
	return strings.Join(words, ", ")
}

func (s *Server) findings(b *bufio.Writer) {
	if s.Negotiation == nil {
		return
	}
	fmt.Fprint(b, "### Negotiation\n\n")
	found := false
	for _, p := range s.Snapshot.Pipelines {
		for _, o := range p.Objects {
			h := s.Negotiation.History(o.ID)
			if !negotiation.Negotiates(o.Type) || !o.Alive() && len(h.Said) == 0 && len(h.Marks) == 0 {
				continue
			}
			n := negotiation.Of(o, h, s.Snapshot.At)
			for _, f := range n.Findings {
				if f.Severity == negotiation.Info {
					continue
				}
				found = true
				fmt.Fprintf(b, "- **%s** %s: %s %s\n", f.Severity, text(o.Label()), text(f.Text), text(f.Advice))
			}
		}
	}
	if !found {
		fmt.Fprint(b, "Nothing remarkable.\n")
	}
	fmt.Fprint(b, "\n")
}

func (s *Server) events(b *bufio.Writer) {
	if s.Log == nil {
		return
	}
	fmt.Fprint(b, "### Warnings and errors\n\n")
	rows := s.Log.Select(timeline.Filter{MinSeverity: timeline.Warning})
	if len(rows) == 0 {
		fmt.Fprint(b, "None.\n\n")
		return
	}
	if left := len(rows) - maxEvents; left > 0 {
		fmt.Fprintf(b, "The last %d; %s before them.\n\n", maxEvents, plural(left, "more"))
		rows = rows[left:]
	}
	fmt.Fprint(b, "| time | severity | object | what |\n|---|---|---|---|\n")
	for _, i := range rows {
		for _, e := range s.Log.Range(i, i+1) {
			name := ""
			if o := s.Snapshot.Object(e.Object); o != nil {
				name = o.Label()
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", clock(e.At), e.Severity, text(name), text(e.Type+": "+e.Text))
		}
	}
	fmt.Fprint(b, "\n")
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.UTC().Format("2006-01-02 15:04:05.000")
}

func plural(n int, word string) string {
	if n == 1 || word == "more" {
		return fmt.Sprint(n, " ", word)
	}
	return fmt.Sprint(n, " ", word, "s")
}

// maxText bounds a server's text in the report.
const maxText = 1000

// userinfo is the part of an address before its host: errors of players repeat
// the address that they were given.
var userinfo = regexp.MustCompile(`//[^/@\s"']+@`)

// text makes a string of a server harmless in Markdown, in a table cell too:
// one line, no credentials of an address, and every sign that could begin markup
// escaped.
func text(s string) string {
	if strings.Contains(s, "@") {
		s = userinfo.ReplaceAllString(s, "//●●●●@")
	}
	var b strings.Builder
	for i, r := range s {
		if i > maxText {
			b.WriteString("…")
			break
		}
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case !unicode.IsPrint(r):
			b.WriteRune('\ufffd')
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune("\\`*_{}[]()#|!~@$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

// code writes a string as a code span, "" for "". A code span cannot escape, so
// what would end it goes.
func code(s string) string {
	if s == "" {
		return ""
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '`', r == '|':
			return '\''
		case !unicode.IsPrint(r):
			return '\ufffd'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > maxText {
		s = string(r[:maxText]) + "…"
	}
	return "`" + s + "`"
}
