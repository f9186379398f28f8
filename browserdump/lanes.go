package browserdump

import (
	"time"

	"kmscope/inventory"
	"kmscope/timeline"
)

// The lanes of a peer connection, by the names of the W3C's WebRTC.
const (
	LaneSignaling     inventory.Lane = "browser/signalingState"
	LaneICEGathering  inventory.Lane = "browser/iceGatheringState"
	LaneICEConnection inventory.Lane = "browser/iceConnectionState"
	LaneConnection    inventory.Lane = "browser/connectionState"
)

var laneEvents = []struct {
	lane  inventory.Lane
	event string
	first string // the state of a new connection
}{
	{LaneSignaling, "signalingstatechange", "stable"},
	{LaneICEGathering, "icegatheringstatechange", "new"},
	{LaneICEConnection, "iceconnectionstatechange", "new"},
	{LaneConnection, "connectionstatechange", "new"},
}

// Lanes gives the states of the connection, as timeline.Lanes gives those of the
// server: object is whose lanes they are to be (the matched endpoint, or the
// connection's own id), offset what to add to the browser's clock. A lane begins
// with the first entry of the log, in the state in which every connection begins;
// where that entry tells that the log began late, with its first change. The
// last state lasts to the end of the dump. Pure: any goroutine.
func (p *PeerConnection) Lanes(object string, offset time.Duration) []timeline.ObjectLane {
	var out []timeline.ObjectLane
	early := p.sawBeginning()
	for _, l := range laneEvents {
		x := timeline.ObjectLane{Object: object, Lane: l.lane}
		begin := func(state string, at time.Time) {
			n := len(x.Intervals)
			if n > 0 {
				if at.Before(x.Intervals[n-1].From) {
					at = x.Intervals[n-1].From
				}
				x.Intervals[n-1].To = at
				if x.Intervals[n-1].State == state {
					return
				}
			}
			x.Intervals = append(x.Intervals, timeline.Interval{State: state, From: at, Source: inventory.FromEvent})
		}
		if early {
			begin(l.first, p.Entries[0].At.Add(offset))
		}
		for i := range p.Entries {
			e := &p.Entries[i]
			switch {
			case e.At.IsZero():
			case e.Event == l.event && e.Value != "":
				begin(e.Value, e.At.Add(offset))
			case e.Event == "close":
				begin("closed", e.At.Add(offset))
			}
		}
		if n := len(x.Intervals); n > 0 {
			x.Intervals[n-1].To = p.To.Add(offset)
			if x.Intervals[n-1].To.Before(x.Intervals[n-1].From) {
				x.Intervals[n-1].To = x.Intervals[n-1].From
			}
			out = append(out, x)
		}
	}
	return out
}

// sawBeginning tells whether the log begins with the connection: before the
// first description was made, and with nothing but its preparation.
func (p *PeerConnection) sawBeginning() bool {
	if len(p.Entries) == 0 || p.Entries[0].At.IsZero() {
		return false
	}
	switch e := &p.Entries[0]; e.Event {
	case "transceiverAdded", "addTrack", "addTransceiver", "addStream", "createDataChannel", "negotiationneeded", "createOffer",
		"setRemoteDescription", "setLocalDescription", "create", "setConfiguration":
		return true
	}
	return false
}
