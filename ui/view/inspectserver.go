package view

import (
	"encoding/json"
	"fmt"
	"strings"

	"kmscope/inventory"
	"kmscope/stats"
)

// MemoryText says how much memory the series of a server take, of how much.
func MemoryText(s *stats.Store) string {
	return fmt.Sprintf("%s of %s", stats.Format(float64(s.Bytes())/1024, stats.KiB), stats.Format(float64(s.Limit())/1024, stats.KiB))
}

// cpuLevel judges the load of a server; 1 is all cores busy.
var cpuLevel = above(0.8, 0.95)

// inspectServer says all that is known of a server itself.
func inspectServer(x Session, snap *inventory.Snapshot, c Clock) *Inspection {
	link, srv := x.Link(), snap.Server
	in := &Inspection{Session: x, Title: x.Name(), Sub: "media server"}
	if srv.Version != "" {
		in.Sub = strings.TrimSpace("Kurento " + srv.Version)
	}
	if !x.Live() {
		in.Sub += " · replay"
	}
	if link.Cause != "" {
		in.Alert, in.Level = link.Cause, LinkLevel(link)
	}

	state := Section{Title: "STATE"}
	add := func(sec *Section, key, value string, level Level) {
		if value != "" {
			sec.Fields = append(sec.Fields, Field{ID: sec.Title + "/" + key, Key: key, Value: value, Level: level})
		}
	}
	level := LinkLevel(link)
	if level == Fine {
		level = Unknown
	}
	add(&state, "connection", link.State.String(), level)
	if !link.Since.IsZero() {
		add(&state, "since", c.Format(link.Since), Unknown)
	}
	if link.PingTook > 0 {
		add(&state, "ping", pingText(link.PingTook), Unknown)
	}
	if link.Reading != "" {
		add(&state, "reading", readingText(link), Unknown)
	}
	if x.Live() {
		add(&state, "held by this tool", strings.TrimPrefix(heldText(link, snap.At), heldWord), Unknown)
	}
	if link.Gaps > 0 {
		add(&state, "gaps", Thousands(link.Gaps), Attention)
	}
	if link.Undecoded > 0 {
		add(&state, "undecoded", Plural(link.Undecoded, "record"), Attention)
	}

	now := Section{Title: "NOW"}
	if srv.UsedCPURatio >= 0 {
		add(&now, "CPU", stats.Format(srv.UsedCPURatio, stats.Ratio), cpuLevel(srv.UsedCPURatio))
	}
	if srv.CPUCount > 0 {
		add(&now, "cores", fmt.Sprint(srv.CPUCount), Unknown)
	}
	if srv.UsedMemKiB >= 0 {
		add(&now, "memory", stats.Format(float64(srv.UsedMemKiB), stats.KiB), Unknown)
	}
	if srv.Sessions >= 0 {
		add(&now, "sessions", Thousands(srv.Sessions), Unknown)
	}
	add(&now, "pipelines", Thousands(snap.Counts.Pipelines), Unknown)
	add(&now, "elements", Thousands(snap.Counts.Elements), Unknown)
	add(&now, "connections", Thousands(snap.Counts.Connections), Unknown)
	if store := x.Stats(); store != nil {
		add(&now, "series", MemoryText(store), Unknown)
	}
	if snap.Counts.Dead > 0 {
		add(&now, "gone", Thousands(snap.Counts.Dead), Unknown)
	}
	if snap.Counts.Errors > 0 {
		add(&now, "errors", Thousands(snap.Counts.Errors), Trouble)
	}

	server := Section{Title: "SERVER"}
	add(&server, "address", x.URL(), Unknown)
	add(&server, "type", srv.Type, Unknown)
	add(&server, "version", srv.Version, Unknown)
	if srv.ServerID != "" {
		server.Fields = append(server.Fields, Field{ID: "SERVER/serverId", Key: "server id", Value: shortID(srv.ServerID), Mono: true,
			Detail: srv.ServerID + "\nIt changes when the server restarts."})
	}
	if srv.Epoch > 0 {
		add(&server, "restarts seen", fmt.Sprint(srv.Epoch), Attention)
	}
	add(&server, "abilities", strings.Join(srv.Capabilities, " "), Unknown)
	for _, m := range srv.Modules {
		server.Fields = append(server.Fields, Field{ID: "SERVER/module/" + m.Name, Key: "module", Value: m.Name + " " + m.Version,
			Detail: strings.Join(m.Factories, " ")})
	}

	types := Section{Title: "OBJECTS"}
	for _, t := range sortedKeys(snap.Seen) {
		add(&types, ShortType(t), Thousands(snap.Seen[t])+" seen", Unknown)
	}
	in.Sections = []Section{state, now, server}
	if o := snap.Object(inventory.ManagerID); o != nil {
		in.Object = inventory.ManagerID
		in.Sections = append(in.Sections, propertySection(x, snap, o, c))
	}
	if len(types.Fields) > 0 {
		in.Sections = append(in.Sections, types)
	}
	return in
}

// JSONLines gives an inspected object as indented JSON, a line each, with
// secrets masked. A line is cut at 400 characters; JSONText is whole.
func JSONLines(s *State) []string {
	lines := strings.Split(JSONText(s), "\n")
	for i := range lines {
		lines[i] = clip(lines[i], 400)
	}
	return lines
}

// JSONText gives what is selected as indented JSON, with secrets masked; "" when
// nothing is selected.
func JSONText(s *State) string {
	sel := s.Selection()
	if sel.Session == nil {
		return ""
	}
	snap := s.Snapshot(sel.Session)
	var v any = snap.Server
	if o := snap.Object(sel.Object); o != nil {
		masked := *o
		masked.Properties = map[string]inventory.Property{}
		for name, p := range o.Properties {
			if p.Value != nil {
				raw, err := json.Marshal(maskJSON(name, p.Value))
				if err != nil {
					raw = nil
				}
				p.Value = raw
			}
			p.Err = Mask(name, p.Err)
			masked.Properties[name] = p
		}
		masked.Tags = map[string]string{}
		for k, t := range o.Tags {
			masked.Tags[k] = Mask(k, t)
		}
		v = masked
	} else if sel.Object != "" && sel.Object != inventory.ManagerID {
		return ""
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return "This object cannot be written as JSON: " + err.Error()
	}
	return string(text)
}
