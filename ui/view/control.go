package view

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kmscope/control"
)

// ControlMode is what the switch between read-only and control shows.
type ControlMode struct {
	// Server is whose switch it is; "" when there is none.
	Server string
	On     bool
	// InForce counts the changes that leaving takes back.
	InForce int
	// Disabled says in one sentence why it cannot be switched; "" when it can.
	Disabled string
}

// Control gives the mode of the server that is looked at.
func (s *State) Control() ControlMode {
	x := s.Server()
	switch {
	case x == nil:
		return ControlMode{Disabled: "Connect to a server first."}
	case !x.Live():
		return ControlMode{Server: x.Name(), Disabled: "This is a capture: nothing in it can be changed."}
	}
	c := x.Control()
	m := ControlMode{Server: x.Name(), On: c.On, InForce: c.InForce}
	if l := x.Link().State; !c.On && l != Connected {
		m.Disabled = "There is no connection to " + m.Server + " just now."
	}
	return m
}

// ControlTip explains a mode.
func ControlTip(m ControlMode) string {
	switch {
	case m.On && m.InForce > 0:
		return "This window may change " + m.Server + ". " + Plural(m.InForce, "change") + " will be undone when control is turned off or the server is left. Click for the audit."
	case m.On:
		return "This window may change " + m.Server + "; it has not, or it has undone it. Click for the audit."
	case m.Server == "":
		return "Nothing that is done here changes a server, until control is turned on for it."
	case m.Disabled != "":
		return m.Disabled
	}
	return "Nothing that is done here changes " + m.Server + ", until control is turned on for it. What is read is read under sessions that are closed again, so that objects live no longer than they would without this tool. Click for the audit."
}

// AuditRow is one line of the audit.
type AuditRow struct {
	Session Session
	control.Entry
	// Server and Name are whom and what it is about, Command what was sent,
	// Ended how that ended, Back what became of it.
	Server, Name, Command, Ended, Back string
	Level                              Level
}

// AuditColumns are the titles of the cells of an AuditRow.
var AuditColumns = []string{"When", "Server", "Object", "Command", "Result", "Undone"}

// Cells gives the row as texts, in the order of AuditColumns.
func (r *AuditRow) Cells(c Clock) []string {
	return []string{c.Format(r.At), r.Server, r.Name, r.Command, r.Ended, r.Back}
}

// Audit gives what this tool changed on the servers of the window, of which a
// filter wants to see, sorted by a column; the newest first when that is none.
func Audit(s *State, f Filter, column int, down bool) []AuditRow {
	var rows []AuditRow
	for _, x := range s.Workspace().Sessions() {
		for _, e := range x.Audit().Entries() {
			r := auditRow(s, x, e)
			if f.Match(append(r.Cells(s.Clock()), r.Call, e.Object)...) {
				rows = append(rows, r)
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b AuditRow) int { return b.At.Compare(a.At) })
	if column >= 0 && column < len(AuditColumns) {
		slices.SortStableFunc(rows, func(a, b AuditRow) int {
			n := a.At.Compare(b.At)
			if column > 0 {
				n = cmp.Compare(strings.ToLower(a.Cells(Clock{})[column]), strings.ToLower(b.Cells(Clock{})[column]))
			}
			if down {
				return -n
			}
			return n
		})
	}
	return rows
}

func auditRow(s *State, x Session, e control.Entry) AuditRow {
	r := AuditRow{Session: x, Entry: e, Server: x.Name(), Back: "–", Level: Unknown}
	if !e.Command() {
		r.Command, r.Name = strings.ToUpper(e.Sentence[:min(1, len(e.Sentence))])+e.Sentence[min(1, len(e.Sentence)):], "–"
		return r
	}
	r.Name, r.Command, r.Ended = Title(x.Snapshot(), e.Object), e.Text, e.Result()
	if e.Undoes > 0 {
		r.Command = "undo: " + r.Command
	}
	switch e.What {
	case control.Lost:
		r.Level = Attention
	case control.Refused, control.Unsent:
		r.Level = Trouble
	}
	switch {
	case e.Undone == control.Done:
		r.Back = s.Clock().Format(e.UndoneAt)
	case e.Undone == control.Gone:
		r.Back = "not needed: the object was gone"
	case e.Undone != "":
		r.Back, r.Level = "NOT undone: "+e.Undone.Word(), Trouble
	case !e.Undoable:
	case x.Live() && x.Control().On:
		r.Back = "when control is left"
	default:
		r.Back = "not in this capture"
	}
	return r
}

// AuditTSV writes rows as a table, with whole ids and calls.
func AuditTSV(rows []AuditRow, c Clock) string {
	var b strings.Builder
	b.WriteString(strings.Join(append(slices.Clone(AuditColumns), "Call", "Id"), "\t") + "\n")
	for i := range rows {
		cells := append(rows[i].Cells(c), rows[i].Call, rows[i].Entry.Object)
		for k := range cells {
			cells[k] = strings.Join(strings.Fields(cells[k]), " ")
		}
		b.WriteString(strings.Join(cells, "\t") + "\n")
	}
	return b.String()
}

// AuditJSON writes rows as JSON, with times in UTC.
func AuditJSON(rows []AuditRow) string {
	type row struct {
		At       time.Time  `json:"at"`
		Server   string     `json:"server"`
		What     string     `json:"what"`
		ID       int        `json:"id,omitempty"`
		Object   string     `json:"object,omitempty"`
		Call     string     `json:"call,omitempty"`
		Text     string     `json:"text,omitempty"`
		Problem  string     `json:"problem,omitempty"`
		TookMs   float64    `json:"tookMs,omitempty"`
		Undoes   int        `json:"undoes,omitempty"`
		Undone   string     `json:"undone,omitempty"`
		UndoneAt *time.Time `json:"undoneAt,omitempty"`
	}
	out := make([]row, 0, len(rows))
	for _, r := range rows {
		x := row{At: r.At.UTC(), Server: r.Session.URL(), What: string(r.What), ID: r.ID, Object: r.Entry.Object, Call: r.Call, Text: r.Text, Problem: r.Problem,
			TookMs: float64(r.Took) / float64(time.Millisecond), Undoes: r.Undoes, Undone: string(r.Undone)}
		if !r.UndoneAt.IsZero() {
			at := r.UndoneAt.UTC()
			x.UndoneAt = &at
		}
		out = append(out, x)
	}
	raw, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err.Error() // texts and numbers only: it cannot fail
	}
	return string(raw)
}
