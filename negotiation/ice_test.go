package negotiation

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"kmscope/inventory"
)

// state makes an endpoint by hand.
type state struct {
	local, remote []string
	ice           string
	done          bool
	pair          [2]string
	properties    map[string]string
	dtls          string
	media         string
}

func (s state) negotiation() Negotiation {
	o := &inventory.Object{ID: endpoint, Type: "WebRtcEndpoint", GatheringDone: s.done,
		States: map[inventory.Lane]inventory.State{}, Properties: map[string]inventory.Property{}}
	for i, c := range s.local {
		o.LocalCandidates = append(o.LocalCandidates, inventory.Candidate{Text: cand(i, c), Mid: "0"})
	}
	for i, c := range s.remote {
		o.RemoteCandidates = append(o.RemoteCandidates, inventory.Candidate{Text: cand(i+50, c), Mid: "0"})
	}
	if s.ice != "" {
		o.States["ice/1/1"] = inventory.State{Value: s.ice, Source: inventory.FromEvent}
	}
	if s.dtls != "" {
		o.States["dtls/1/x"] = inventory.State{Value: s.dtls, Source: inventory.FromEvent}
	}
	if s.media != "" {
		o.States[inventory.LaneMedia] = inventory.State{Value: s.media, Source: inventory.FromRead}
	}
	if s.pair[0] != "" {
		o.Pairs = []inventory.Pair{{Stream: "1", Component: 1, Local: cand(0, s.pair[0]), Remote: cand(50, s.pair[1])}}
	}
	for k, v := range s.properties {
		raw, _ := json.Marshal(v)
		o.Properties[k] = inventory.Property{Value: raw}
	}
	h := History{Added: len(s.remote), Marks: map[Step]Mark{
		StepConnecting: {Stamp: began, Arrived: began, Seq: 2}, StepGathering: {Stamp: began, Arrived: began, Seq: 1},
	}, Subscribed: map[string]Mark{"IceComponentStateChanged": {}}}
	return Of(o, h, began.Add(20*time.Second))
}

func cand(n int, s string) string { return fmt.Sprintf("candidate:%d 1 %s", n+1, s) }

const (
	private = "udp 5 10.0.0.1 5000 typ host"
	public  = "udp 5 8.8.8.8 5000 typ host"
	srflx   = "udp 5 9.9.9.9 5001 typ srflx raddr 10.0.0.1 rport 5000"
	relay   = "udp 5 9.9.9.8 5002 typ relay raddr 9.9.9.9 rport 5001"
	tcp     = "tcp 5 10.0.0.1 5003 typ host tcptype passive"
	docker  = "udp 5 172.17.0.2 5004 typ host"
	mdns    = "udp 5 abc.local 5005 typ host"
)

func TestICEFindings(t *testing.T) {
	none := map[string]string{"stunServerAddress": "", "turnUrl": ""}
	for _, c := range []struct {
		name string
		state
		rule string
		want string // the severity, "" for none
	}{
		{"STUN set, nothing came", state{local: []string{private}, done: true, properties: map[string]string{"stunServerAddress": "1.2.3.4"}}, "ice.no-srflx", "warning"},
		{"STUN set, a public address", state{local: []string{public}, done: true, properties: map[string]string{"stunServerAddress": "1.2.3.4"}}, "ice.no-srflx", "info"},
		{"STUN set, it answered", state{local: []string{private, srflx}, done: true, properties: map[string]string{"stunServerAddress": "1.2.3.4"}}, "ice.no-srflx", ""},
		{"STUN set, still gathering", state{local: []string{private}, properties: map[string]string{"stunServerAddress": "1.2.3.4"}}, "ice.no-srflx", ""},
		{"no STUN", state{local: []string{private}, done: true, properties: none}, "ice.no-srflx", "info"},
		{"no STUN, failed", state{local: []string{private}, done: true, properties: none, ice: "FAILED"}, "ice.no-srflx", "warning"},
		{"STUN not read, failed", state{local: []string{private}, done: true, ice: "FAILED"}, "ice.no-srflx", "info"},
		{"TURN set, nothing came", state{local: []string{private}, done: true, properties: map[string]string{"turnUrl": "u:p@1.2.3.4:3478"}}, "ice.no-relay", "warning"},
		{"TURN set, it answered", state{local: []string{private, relay}, done: true, properties: map[string]string{"turnUrl": "u:p@1.2.3.4:3478"}}, "ice.no-relay", ""},
		{"no TURN", state{local: []string{public}, done: true, properties: none}, "ice.no-relay", "info"},
		{"only private", state{local: []string{private}, done: true}, "ice.only-private", "info"},
		{"only private, failed", state{local: []string{private}, done: true, ice: "FAILED"}, "ice.only-private", "warning"},
		{"private with an external address", state{local: []string{private}, properties: map[string]string{"externalIPv4": "8.8.4.4"}}, "ice.only-private", ""},
		{"not only private", state{local: []string{private, public}}, "ice.only-private", ""},
		{"loopback", state{local: []string{"udp 5 127.0.0.1 5000 typ host"}}, "ice.only-loopback", "info"},
		{"docker among others", state{local: []string{docker, public}, ice: "FAILED"}, "ice.docker-bridge", "info"},
		{"docker alone, failed", state{local: []string{docker}, ice: "FAILED"}, "ice.docker-bridge", "warning"},
		{"mDNS", state{remote: []string{mdns}}, "ice.mdns", "info"},
		{"mDNS, failed", state{remote: []string{mdns}, ice: "FAILED"}, "ice.mdns", "warning"},
		{"mDNS, connecting for 20 s", state{remote: []string{mdns}, ice: "CONNECTING"}, "ice.mdns", "warning"},
		{"connecting for 20 s", state{ice: "CONNECTING"}, "ice.connecting", "warning"},
		{"failed", state{ice: "FAILED"}, "ice.failed", "error"},
		{"no remote candidate, nobody would see it", state{local: []string{private}, ice: "FAILED"}, "ice.no-remote", "info"},
		{"connected by TURN", state{pair: [2]string{relay, private}, ice: "READY"}, "ice.relay-in-use", "info"},
		{"connected by TCP", state{pair: [2]string{tcp, "tcp 5 10.0.0.2 9 typ host tcptype active"}, ice: "READY"}, "ice.tcp-in-use", "warning"},
		{"connected by UDP", state{pair: [2]string{private, public}, ice: "READY"}, "ice.tcp-in-use", ""},
		{"symmetric NAT", state{remote: []string{srflx}, pair: [2]string{private, "udp 5 9.9.9.9 7777 typ prflx raddr 0.0.0.0 rport 0"}}, "ice.symmetric-nat", "info"},
		{"DTLS closed at once", state{ice: "READY", dtls: "CLOSED"}, "dtls.closed", "warning"},
		{"DTLS closed after a call", state{ice: "READY", dtls: "CLOSED", media: "CONNECTED"}, "dtls.closed", "info"},
		{"DTLS connected", state{ice: "READY", dtls: "CONNECTED"}, "dtls.closed", ""},
		{"unreadable", state{remote: []string{"what"}}, "ice.candidate-unreadable", "warning"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			n := c.negotiation()
			for _, f := range n.Findings {
				if f.Rule == c.rule {
					got = f.Severity.String()
				}
			}
			if got != c.want {
				t.Errorf("%s: %q, want %q; all: %+v", c.rule, got, c.want, n.Findings)
			}
		})
	}
}

func TestMatrix(t *testing.T) {
	n := state{
		local:  []string{private, tcp, srflx, "udp 5 2001:db8::1 5 typ host"},
		remote: []string{public, relay, "tcp 5 10.0.0.9 9 typ host tcptype active", "tcp 5 10.0.0.9 5 typ host tcptype passive", mdns},
		pair:   [2]string{private, public}, ice: "CONNECTED",
	}.negotiation()
	want := []Cell{
		// private+public, IPv6+mDNS, private+mDNS, passive+active
		{Local: Host, Remote: Host, Possible: 4, InUse: true},
		{Local: Host, Remote: Relay, Possible: 1},
		{Local: Srflx, Remote: Host, Possible: 2},
		{Local: Srflx, Remote: Relay, Possible: 1},
	}
	if fmt.Sprint(n.Matrix) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", n.Matrix, want)
	}
}

// The same candidate by two m-lines, by the description and by a pair is one.
func TestCandidatesAreOnce(t *testing.T) {
	o := &inventory.Object{ID: endpoint, Type: "WebRtcEndpoint",
		LocalCandidates:  []inventory.Candidate{{Text: cand(0, private), Mid: "0"}, {Text: cand(0, private), Mid: "1"}},
		RemoteCandidates: []inventory.Candidate{{Text: cand(0, public) + " ufrag x", Mid: "0"}, {Text: "garbage"}, {Text: "garbage"}},
		Pairs: []inventory.Pair{
			{Stream: "1", Component: 1, Local: cand(0, private), Remote: cand(7, srflx)},
			{Stream: "1", Component: 1, Local: cand(0, private), Remote: cand(0, "UDP 5 8.8.8.8 5000 typ host")},
			{Stream: "1", Component: 2, Local: cand(0, private), Remote: cand(7, srflx)},
		},
		States: map[inventory.Lane]inventory.State{"ice/1/2": {Value: "FAILED", Source: inventory.FromEvent}},
	}
	n := Of(o, History{}, began)
	if len(n.Local) != 1 || fmt.Sprint(n.Local[0].Mids) != "[0 1]" || !n.Local[0].InUse {
		t.Errorf("local: %+v", n.Local)
	}
	if len(n.Remote) != 3 || n.Remote[1].Err == "" || n.Remote[2].Origin != FromPair {
		t.Errorf("remote: %+v", n.Remote)
	}
	if !n.Remote[0].InUse || n.Remote[2].InUse || n.Pairs[0].InUse || !n.Pairs[1].InUse || n.Pairs[2].InUse {
		t.Errorf("in use: %+v", n.Pairs)
	}
}
