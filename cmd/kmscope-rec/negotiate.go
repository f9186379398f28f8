package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"kmscope/capture"
	"kmscope/inventory"
	"kmscope/negotiation"
	"kmscope/session"
	"kmscope/wire"
)

// The JSON of negotiate. The names are part of the program's interface and are
// described in docs/headless.md. Nothing in it is a secret: ufrags and
// passwords are left out even where the capture has them.
type endpointJSON struct {
	Server       string            `json:"server"`
	Object       string            `json:"object"`
	Name         string            `json:"name"`
	Type         string            `json:"type"`
	Alive        bool              `json:"alive"`
	ICE          map[string]string `json:"ice"`
	DTLS         map[string]string `json:"dtls"`
	Candidates   candidatesJSON    `json:"candidates"`
	Matrix       []cellJSON        `json:"matrix"`
	Pairs        []pairJSON        `json:"pairs"`
	Descriptions []descriptionJSON `json:"descriptions"`
	Findings     []findingJSON     `json:"findings"`
	Checklist    *checklistJSON    `json:"checklist"`
}

type candidatesJSON struct {
	Local  []candidateJSON `json:"local"`
	Remote []candidateJSON `json:"remote"`
}

type candidateJSON struct {
	Type           string   `json:"type"`
	Protocol       string   `json:"protocol"`
	TCPType        string   `json:"tcp_type,omitempty"`
	Address        string   `json:"address"`
	Class          string   `json:"class"`
	Port           int      `json:"port"`
	Component      int      `json:"component"`
	Priority       uint32   `json:"priority"`
	Foundation     string   `json:"foundation"`
	RelatedAddress string   `json:"related_address,omitempty"`
	RelatedPort    int      `json:"related_port,omitempty"`
	Origin         string   `json:"origin"`
	Mids           []string `json:"mids,omitempty"`
	InUse          bool     `json:"in_use"`
	AfterMs        *float64 `json:"after_ms"`
	Raw            string   `json:"raw"`
	Error          string   `json:"error,omitempty"`
}

type cellJSON struct {
	Local    string `json:"local"`
	Remote   string `json:"remote"`
	Possible int    `json:"possible"`
	InUse    bool   `json:"in_use"`
}

type pairJSON struct {
	Stream    string        `json:"stream"`
	Component int           `json:"component"`
	Local     candidateJSON `json:"local"`
	Remote    candidateJSON `json:"remote"`
	InUse     bool          `json:"in_use"`
	AfterMs   *float64      `json:"after_ms"`
}

type descriptionJSON struct {
	Side      string      `json:"side"`
	Role      string      `json:"role"`
	Operation string      `json:"operation"`
	AfterMs   *float64    `json:"after_ms"`
	Bytes     int         `json:"bytes"`
	Error     string      `json:"error,omitempty"`
	Refused   string      `json:"refused,omitempty"`
	MLines    []mLineJSON `json:"m_lines"`
	Text      string      `json:"text"`
}

type mLineJSON struct {
	Index     int      `json:"index"`
	Kind      string   `json:"kind"`
	Port      int      `json:"port"`
	Protocol  string   `json:"protocol"`
	Mid       string   `json:"mid"`
	Direction string   `json:"direction"`
	Rejected  bool     `json:"rejected"`
	Codecs    []string `json:"codecs"`
}

type findingJSON struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Side     string `json:"side"`
	MLine    int    `json:"m_line"`
	Text     string `json:"text"`
	Advice   string `json:"advice"`
}

type checklistJSON struct {
	Zero   string      `json:"zero"`
	ZeroMs *float64    `json:"zero_ms"`
	Steps  []checkJSON `json:"steps"`
}

type checkJSON struct {
	Step     string   `json:"step"`
	Status   string   `json:"status"`
	AfterMs  *float64 `json:"after_ms"`
	TookMs   *float64 `json:"took_ms"`
	TookFrom string   `json:"took_from,omitempty"`
	// MedianMs is the median of after_ms over the other endpoints.
	MedianMs *float64 `json:"others_median_ms"`
	Note     string   `json:"note,omitempty"`
	Advice   string   `json:"advice,omitempty"`
}

// negotiated is one endpoint of a capture.
type negotiated struct {
	server  string
	object  *inventory.Object
	history negotiation.History
	negotiation.Negotiation
}

func negotiate(args []string, out, errs io.Writer) error {
	file, asJSON, err := fileAndJSON("negotiate", args)
	if errors.Is(err, errHelp) {
		return help(out)
	}
	if err != nil {
		return err
	}
	var m session.Models
	var decoder wire.Decoder
	var log negotiation.Log
	err = eachRecord(file, errs, func(r capture.Record) error {
		m.Feed(r)
		for _, f := range decoder.Feed(r) {
			log.Feed(f)
		}
		return nil
	})
	if err != nil {
		return err
	}
	all := endpoints(&m, &log)
	if !asJSON {
		return printNegotiations(out, all)
	}
	list := make([]endpointJSON, 0, len(all))
	for i := range all {
		list = append(list, all[i].json(m.First, others(all, i)))
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(list)
}

func endpoints(m *session.Models, log *negotiation.Log) []negotiated {
	var all []negotiated
	for _, s := range m.Servers() {
		for _, p := range s.Snapshot().Pipelines {
			for _, o := range p.Objects {
				if !negotiation.Negotiates(o.Type) {
					continue
				}
				h := log.History(o.ID)
				all = append(all, negotiated{server: s.URL, object: o, history: h, Negotiation: negotiation.Of(o, h, m.Last)})
			}
		}
	}
	return all
}

// others gives the medians of all endpoints but one.
func others(all []negotiated, but int) map[negotiation.Step]time.Duration {
	list := make([]negotiation.Negotiation, 0, len(all))
	for i := range all {
		if i != but {
			list = append(list, all[i].Negotiation)
		}
	}
	return negotiation.Medians(list)
}

func ms(d time.Duration) *float64 {
	v := math.Round(float64(d.Microseconds())) / 1000
	return &v
}

// after gives the time since the zero of the checklist; null where either is
// not known.
func (n *negotiated) after(at time.Time) *float64 {
	if at.IsZero() || n.Checklist.Zero.IsZero() {
		return nil
	}
	return ms(at.Sub(n.Checklist.Zero))
}

func (n *negotiated) candidate(c *negotiation.Candidate) candidateJSON {
	return candidateJSON{
		Type: string(c.Type), Protocol: c.Protocol, TCPType: c.TCPType, Address: c.Address, Class: string(c.Class), Port: c.Port,
		Component: c.Component, Priority: c.Priority, Foundation: c.Foundation,
		RelatedAddress: c.RelatedAddress, RelatedPort: c.RelatedPort, Origin: string(c.Origin), Mids: c.Mids,
		InUse: c.InUse, AfterMs: n.after(c.At), Raw: c.Redacted(), Error: c.Err,
	}
}

func (n *negotiated) list(list []negotiation.Candidate) []candidateJSON {
	out := make([]candidateJSON, 0, len(list))
	for i := range list {
		out = append(out, n.candidate(&list[i]))
	}
	return out
}

func (n *negotiated) json(first time.Time, medians map[negotiation.Step]time.Duration) endpointJSON {
	x := endpointJSON{
		Server: n.server, Object: n.Object, Name: n.object.Name, Type: n.Type, Alive: n.object.Alive(),
		ICE: n.ICE(), DTLS: n.DTLS(),
		Candidates: candidatesJSON{Local: n.list(n.Local), Remote: n.list(n.Remote)},
		Matrix:     []cellJSON{}, Pairs: []pairJSON{}, Descriptions: []descriptionJSON{}, Findings: []findingJSON{},
	}
	for _, c := range n.Matrix {
		x.Matrix = append(x.Matrix, cellJSON{string(c.Local), string(c.Remote), c.Possible, c.InUse})
	}
	for i := range n.Pairs {
		p := &n.Pairs[i]
		x.Pairs = append(x.Pairs, pairJSON{Stream: p.Stream, Component: p.Component, Local: n.candidate(&p.Local),
			Remote: n.candidate(&p.Remote), InUse: p.InUse, AfterMs: n.after(p.At)})
	}
	for i := range n.Descriptions {
		x.Descriptions = append(x.Descriptions, n.description(&n.Descriptions[i]))
	}
	for _, f := range n.Findings {
		x.Findings = append(x.Findings, findingJSON{f.Rule, f.Severity.String(), string(f.Side), f.MLine, f.Text, f.Advice})
	}
	if len(n.Checklist.Checks) > 0 {
		x.Checklist = n.checklist(first, medians)
	}
	return x
}

func (n *negotiated) description(v *negotiation.Version) descriptionJSON {
	d := descriptionJSON{Side: string(v.Side), Role: string(v.Role), Operation: v.Operation, Bytes: len(v.Text),
		Error: v.Parsed.Err, Refused: v.Refused, MLines: []mLineJSON{}, Text: v.Parsed.Redacted()}
	if !n.Checklist.Zero.IsZero() {
		d.AfterMs = ms(v.After)
	}
	for i := range v.Parsed.Media {
		s := &v.Parsed.Media[i]
		m := mLineJSON{Index: s.Index, Kind: s.Kind, Port: s.Port, Protocol: s.Proto, Mid: s.Mid, Direction: s.Direction,
			Rejected: s.Rejected(), Codecs: []string{}}
		for _, c := range s.Codecs {
			m.Codecs = append(m.Codecs, strings.TrimSpace(c.Payload+" "+c.Name))
		}
		d.MLines = append(d.MLines, m)
	}
	return d
}

func (n *negotiated) checklist(first time.Time, medians map[negotiation.Step]time.Duration) *checklistJSON {
	c := &checklistJSON{Zero: n.Checklist.ZeroIs, Steps: []checkJSON{}}
	if zero := n.Checklist.Zero; !zero.IsZero() {
		c.ZeroMs = ms(n.history.Local(zero).Sub(first))
	}
	for _, s := range n.Checklist.Checks {
		x := checkJSON{Step: string(s.Step), Status: string(s.Status), TookFrom: string(s.From), Note: s.Note, Advice: s.Advice}
		if !s.At.IsZero() {
			x.AfterMs = ms(s.After)
			if s.From != "" {
				x.TookMs = ms(s.Took)
			}
		}
		if m, ok := medians[s.Step]; ok {
			x.MedianMs = ms(m)
		}
		c.Steps = append(c.Steps, x)
	}
	return c
}

// printNegotiations says the same for people, shorter.
func printNegotiations(out io.Writer, all []negotiated) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for i := range all {
		n := &all[i]
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s\n  %s\n", printable(n.object.Label()), printable(n.Object))
		for _, side := range []struct {
			name string
			list []negotiation.Candidate
		}{{"local", n.Local}, {"remote", n.Remote}} {
			for j := range side.list {
				c := &side.list[j]
				fmt.Fprintf(w, "  %s candidate\t%s\t%s\n", side.name, printable(c.String()), c.Class)
			}
		}
		for j := range n.Pairs {
			p := &n.Pairs[j]
			use := ""
			if p.InUse {
				use = "in use"
			}
			fmt.Fprintf(w, "  pair %s/%d\t%s <-> %s\t%s\n", printable(p.Stream), p.Component, printable(p.Local.String()), printable(p.Remote.String()), use)
		}
		for j := range n.Descriptions {
			v := &n.Descriptions[j]
			for k := range v.Parsed.Media {
				fmt.Fprintf(w, "  %s description, by %s\t%s\t\n", v.Side, v.Operation, printable(v.Parsed.Media[k].Title()))
			}
		}
		for _, c := range n.Checklist.Checks {
			at := ""
			if !c.At.IsZero() {
				at = c.After.Round(time.Millisecond).String()
			}
			fmt.Fprintf(w, "  %s\t%s %s\t%s\n", c.Step, c.Status, at, printable(c.Note))
		}
		for _, f := range n.Findings {
			where := string(f.Side)
			if f.MLine >= 0 {
				where = strings.TrimSpace(fmt.Sprintf("%s m-line %d", where, f.MLine))
			}
			if where != "" {
				where = " (" + where + ")"
			}
			fmt.Fprintf(w, "  %s %s%s: %s\n", f.Severity, f.Rule, where, printable(f.Text))
		}
	}
	if len(all) == 0 {
		fmt.Fprintln(w, "the capture holds no endpoint that negotiates")
	}
	return w.Flush()
}
