package view

import (
	"fmt"
	"strings"
	"time"

	"kmscope/stats"
)

// Phrase is one part of the status bar.
type Phrase struct {
	Text  string
	Level Level
	// Dot shows the level as a dot before the text.
	Dot bool
	// Tip explains it.
	Tip string
}

// Status gives the parts of the status bar: how the server looked at is doing
// on the left, the capture on the right. now is the wall clock. What comes later on the
// left is left out first where there is no room.
func Status(s *State, now time.Time) (left []Phrase, right Phrase) {
	right = captureText(s.Workspace().Capture(), now)
	x := s.Server()
	if x == nil {
		return []Phrase{{Text: "Not connected", Dot: true}}, right
	}
	if r := s.Replay(); r != nil && right.Level == Unknown {
		right = Phrase{Text: "at " + Stretch(r.Position()) + " of " + Stretch(r.Duration()), Tip: r.Path()}
	}
	snap, link := s.Snapshot(x), x.Link()
	first := Phrase{Dot: true, Level: LinkLevel(link), Text: x.Name(), Tip: link.Cause}
	switch link.State {
	case Connected:
		if link.PingTook > 0 {
			first.Text += " " + pingText(link.PingTook)
			first.Tip = "the time from a ping to its answer"
		}
	case Reconnecting:
		first.Text += " reconnecting"
		if wait := link.RetryAt.Sub(now); !link.RetryAt.IsZero() && wait > 0 {
			first.Text += " in " + Ago(wait+time.Second-1)
		}
	default:
		first.Text += " " + link.State.String()
	}
	left = append(left, first)
	if link.State != Connected && link.Cause != "" {
		left = append(left, Phrase{Text: link.Cause, Level: LinkLevel(link)})
	}
	if link.Reading != "" {
		left = append(left, Phrase{Text: "reading " + readingText(link)})
	}
	if snap.Listed || snap.Counts.Pipelines > 0 {
		counts := Plural(snap.Counts.Pipelines, "pipeline") + " · " + Plural(snap.Counts.Elements, "element")
		if snap.Server.Sessions >= 0 && x.Live() {
			counts += " · " + Plural(snap.Server.Sessions, "session")
		}
		left = append(left, Phrase{Text: counts})
	}
	if list, _ := s.Problems(x); len(list) > 0 {
		left = append(left, problemText(list))
	}
	if link.Gaps > 0 {
		left = append(left, Phrase{Text: Plural(link.Gaps, "gap"), Level: Attention, Tip: "Frames are missing at these places: they are marked in the timeline."})
	}
	if link.Undecoded > 0 {
		left = append(left, Phrase{Text: Plural(link.Undecoded, "record") + " not understood", Level: Attention, Tip: "They are in the timeline as they came."})
	}
	if x.Live() {
		left = append(left,
			Phrase{Text: fmt.Sprintf("%s frames/s", Thousands(int(link.FramesPerSecond+0.5))), Tip: "messages to and from the server per second"},
			Phrase{Text: heldText(link, now), Tip: "Objects that the server keeps alive for this tool. It lets go of them when the lease ends, and takes up again what still lives."})
	}
	var load []string
	if snap.Server.UsedCPURatio >= 0 {
		load = append(load, "CPU "+stats.Format(snap.Server.UsedCPURatio, stats.Ratio))
	}
	if snap.Server.UsedMemKiB >= 0 && snap.Server.UsedMemKiB > 0 {
		load = append(load, stats.Format(float64(snap.Server.UsedMemKiB), stats.KiB))
	}
	if len(load) > 0 {
		left = append(left, Phrase{Text: strings.Join(load, " · "), Tip: "of the media server; 100 % is all cores busy"})
	}
	return left, right
}

func pingText(d time.Duration) string { return stats.Format(d.Seconds()*1000, stats.Ms) }

func readingText(l Link) string {
	if l.ReadTotal > 0 {
		return fmt.Sprintf("%s %s of %s", l.Reading, Thousands(l.ReadDone), Thousands(l.ReadTotal))
	}
	return l.Reading
}

const heldWord = "held by this tool: "

func heldText(l Link, now time.Time) string {
	text := heldWord + Thousands(l.Held)
	if left := l.LeaseEnds.Sub(now); l.Held > 0 && !l.LeaseEnds.IsZero() && left > 0 {
		text += " (lease " + Stretch(left) + ")"
	}
	return text
}

func captureText(c Capture, now time.Time) Phrase {
	if c.Err != "" {
		return Phrase{Text: "not captured: " + c.Err, Level: Attention, Tip: c.Path}
	}
	if c.Path == "" {
		return Phrase{Text: "nothing captured"}
	}
	word := "capture"
	if c.Named {
		word = "recording"
	}
	p := Phrase{Text: fmt.Sprintf("%s %s · %s", word, Stretch(now.Sub(c.Since)), Size(c.Bytes)), Tip: c.Path}
	if !c.KeepsSecrets {
		p.Text += " · redacted"
	}
	return p
}
