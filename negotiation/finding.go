package negotiation

import "strconv"

// Severity of a finding.
type Severity uint8

// The severities.
const (
	Info Severity = iota
	Warning
	Error
)

// String gives the severity as a word.
func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Warning:
		return "warning"
	}
	return "error"
}

// Finding is something remarkable. Its texts never hold a secret.
type Finding struct {
	// Rule is a stable name: "sdp.ice-blank".
	Rule     string
	Severity Severity
	// Side is whose description or candidates it is about; "" for both.
	Side Side
	// MLine is the m-line, -1 for the whole description or none.
	MLine int
	// Text says what is so, Advice what to do; Advice may be empty.
	Text   string
	Advice string
}

func itoa(n int) string { return strconv.Itoa(n) }

func refused(v *Version) Finding {
	f := Finding{Rule: "sdp.refused", Severity: Error, Side: v.Side, MLine: -1,
		Text:   "the server refused the description of " + v.Operation + ": " + v.Refused,
		Advice: "Compare it with one that was accepted; an endpoint takes one offer and one answer in its life."}
	if v.Parsed.Err != "" {
		f.Text += " (" + v.Parsed.Err + ")"
	}
	return f
}
