package negotiationpage

import (
	"strconv"
	"strings"
	"time"

	"kmscope/negotiation"
	"kmscope/ui/view"
)

// tableText writes rows as a table for other programs: tabs between cells, one
// line each.
func tableText(rows []tableRow) string {
	clean := strings.NewReplacer("\n", " ", "\r", " ")
	var b strings.Builder
	for i := range rows {
		b.WriteString(clean.Replace(rows[i].text()))
		b.WriteByte('\n')
	}
	return b.String()
}

// candidateCopy is a candidate as it is copied. The ufrag is left out.
type candidateCopy struct {
	Side           string    `json:"side"`
	Type           string    `json:"type"`
	Protocol       string    `json:"protocol"`
	TCPType        string    `json:"tcpType,omitempty"`
	Address        string    `json:"address"`
	Port           int       `json:"port"`
	Class          string    `json:"class"`
	Component      int       `json:"component"`
	Priority       uint32    `json:"priority"`
	Foundation     string    `json:"foundation"`
	RelatedAddress string    `json:"relatedAddress,omitempty"`
	RelatedPort    int       `json:"relatedPort,omitempty"`
	Source         string    `json:"source"`
	MLines         []string  `json:"mLines,omitempty"`
	InUse          bool      `json:"inUse"`
	At             time.Time `json:"at,omitzero"`
	Raw            string    `json:"raw"`
	Problem        string    `json:"problem,omitempty"`
}

// candidateCopies gives the candidates of both sides that a filter selects.
func candidateCopies(n *negotiated, f view.Filter) []candidateCopy {
	out := []candidateCopy{}
	for _, side := range []struct {
		name string
		list []negotiation.Candidate
	}{{"local", n.Local}, {"remote", n.Remote}} {
		for i := range side.list {
			c := &side.list[i]
			if r := candidateRow(c); !f.Empty() && !f.Match(r.text(), c.RelatedAddress) {
				continue
			}
			out = append(out, candidateCopy{Side: side.name, Type: string(c.Type), Protocol: c.Protocol, TCPType: c.TCPType,
				Address: c.Address, Port: c.Port, Class: string(c.Class), Component: c.Component, Priority: c.Priority,
				Foundation: c.Foundation, RelatedAddress: c.RelatedAddress, RelatedPort: c.RelatedPort, Source: string(c.Origin),
				MLines: c.Mids, InUse: c.InUse, At: c.At, Raw: c.Redacted(), Problem: c.Err})
		}
	}
	return out
}

// candidateTable is the same as a table.
func candidateTable(n *negotiated, f view.Filter) string {
	clean := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	var b strings.Builder
	b.WriteString("side\ttype\tprotocol\taddress\tport\tclass\tcomponent\tpriority\tsource\tm-lines\tin use\tcandidate\n")
	for _, c := range candidateCopies(n, f) {
		use := ""
		if c.InUse {
			use = "in use"
		}
		cells := []string{c.Side, c.Type, strings.TrimSpace(c.Protocol + " " + c.TCPType), c.Address, strconv.Itoa(c.Port), c.Class,
			strconv.Itoa(c.Component), strconv.FormatUint(uint64(c.Priority), 10), c.Source, strings.Join(c.MLines, ","), use, c.Raw}
		for i := range cells {
			cells[i] = clean.Replace(cells[i])
		}
		b.WriteString(strings.Join(cells, "\t"))
		b.WriteByte('\n')
	}
	return b.String()
}

// findingsText is the findings for a message to a colleague.
func findingsText(n *negotiated) string {
	var b strings.Builder
	b.WriteString(n.object.Label() + " " + n.object.ID + "\n")
	for i := range n.Findings {
		f := &n.Findings[i]
		where := whereIs(f)
		if where != "" {
			where = " (" + where + ")"
		}
		b.WriteString(severityName(f.Severity) + where + ": " + f.Text + "\n")
		if f.Advice != "" {
			b.WriteString("  " + f.Advice + "\n")
		}
	}
	return b.String()
}
