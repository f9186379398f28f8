package kmsconn

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTarget(t *testing.T) {
	for _, c := range []struct{ in, address, shown string }{
		{"ws://host:8888/kurento", "ws://host:8888/kurento", "ws://host:8888/kurento"},
		{" ws://host:8888 ", "ws://host:8888/kurento", "ws://host:8888/kurento"},
		{"wss://host/", "wss://host/kurento", "wss://host/kurento"},
		{"http://host:1", "ws://host:1/kurento", "ws://host:1/kurento"},
		{"HTTPS://host:1/x/y", "wss://host:1/x/y", "wss://host:1/x/y"},
		{"host", "ws://host:8888/kurento", "ws://host:8888/kurento"},
		{"host:9", "ws://host:9/kurento", "ws://host:9/kurento"},
		{"host:9/other", "ws://host:9/other", "ws://host:9/other"},
		{"10.0.0.1", "ws://10.0.0.1:8888/kurento", "ws://10.0.0.1:8888/kurento"},
		{"::1", "ws://[::1]:8888/kurento", "ws://[::1]:8888/kurento"},
		{"[fe80::1]:9", "ws://[fe80::1]:9/kurento", "ws://[fe80::1]:9/kurento"},
		{"ws://u:p@host:1/k?t=1#f", "ws://u:p@host:1/k?t=1", "ws://host:1/k"},
	} {
		target := Target{URL: c.in}
		if got, err := target.Address(); err != nil || got != c.address {
			t.Errorf("%q: address %q, %v", c.in, got, err)
		}
		if got := target.Shown(); got != c.shown {
			t.Errorf("%q: shown %q", c.in, got)
		}
		if err := target.Validate(); err != nil {
			t.Errorf("%q: %v", c.in, err)
		}
	}
	for _, in := range []string{"", "  ", "ftp://host", "file:///x", "ws://", "ws://:88", "ws://host:0", "ws://host:70000", "ws://host:port", "a b", "ws://u:secret@ho st", "ws://u:secret@[", "://x", "%zz"} {
		target := Target{URL: in}
		_, err := target.Address()
		if err == nil {
			t.Errorf("%q was accepted", in)
			continue
		}
		if strings.Contains(err.Error(), "secret") || strings.Contains(target.Shown(), "secret") {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestTargetTrust(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, target := range []Target{{CAFile: file}, {CAFile: file + ".no"}, {Fingerprint: "12"}} {
		target.URL = "wss://host"
		if err := target.Validate(); err == nil {
			t.Errorf("%+v is valid", target)
		}
	}
	pinned := Target{URL: "wss://host", Fingerprint: strings.Repeat("AB:", 31) + "AB"}
	if err := pinned.Validate(); err != nil {
		t.Error(err)
	}
}

func TestGuard(t *testing.T) {
	const (
		pipeline = "1_kurento.MediaPipeline"
		webrtc   = pipeline + "/2_kurento.WebRtcEndpoint"
		pass     = pipeline + "/3_kurento.PassThrough"
		mixer    = pipeline + "/4_kurento.Mixer"
		hub      = pipeline + "/5_kurento.Composite"
		port     = hub + "/6_kurento.HubPort"
		custom   = pipeline + "/7_acme.Filter"
	)
	for _, c := range []struct {
		op     Op
		schema Schema
		danger bool
	}{
		{Invoke(webrtc, "getIceTcp", nil), nil, true},
		{Invoke(webrtc, "getIceTcp", nil), testSchema{}, true},
		{Invoke(pass, "getIceTcp", nil), nil, false},
		{Invoke(webrtc, "getName", nil), nil, false},
		{Invoke(webrtc, "connect", object{"sink": pipeline}), nil, true},
		{Invoke(webrtc, "connect", map[string]string{"sink": pipeline, "mediaType": "AUDIO"}), testSchema{}, true},
		{Invoke(webrtc, "connect", struct {
			Sink string `json:"sink"`
		}{Manager}), nil, true},
		{Invoke(webrtc, "connect", object{"sink": hub}), nil, true},
		{Invoke(webrtc, "connect", object{"sink": hub}), testSchema{}, true},
		{Invoke(webrtc, "connect", object{"sink": port}), testSchema{}, false},
		{Invoke(webrtc, "connect", object{"sink": pass}), nil, false},
		{Invoke(webrtc, "connect", object{"sink": custom}), testSchema{}, false},
		{Invoke(webrtc, "connect", object{}), nil, false},
		{Invoke(webrtc, "connect", nil), nil, false},
		{Invoke(webrtc, "connect", 7), nil, false},
		{Invoke(webrtc, "connect", func() {}), nil, false},
		{Invoke(mixer, "connect", object{"source": port, "sink": port, "media": "AUDIO"}), nil, true},
		{Describe(mixer), nil, false},
		{Subscribe(webrtc, "getIceTcp"), nil, false},
	} {
		err := CheckOp(c.op, c.schema)
		var guard *GuardError
		if errors.As(err, &guard) != c.danger {
			t.Errorf("%s %s: %v", c.op.Object, c.op.Operation, err)
		}
		if guard != nil && (!strings.Contains(err.Error(), "the server dies") || guard.Object != c.op.Object) {
			t.Errorf("%v", err)
		}
	}
}

func TestGuardOverride(t *testing.T) {
	f := newFake(t, 1<<40)
	id := newApp(t, f.url()).create("WebRtcEndpoint", object{})
	c := connect(t, quick(f.url()))
	_, err := c.Invoke(within(t), id, "getIceTcp", nil)
	var guard *GuardError
	if !errors.As(err, &guard) || f.count("invoke getIceTcp") != 0 {
		t.Errorf("%v", err)
	}
	if _, err := c.Invoke(WithGuardOverride(within(t)), id, "getIceTcp", nil); err != nil {
		t.Error(err)
	}
	if _, err := c.Invoke(context.WithoutCancel(within(t)), id, "getIceTcp", nil); !errors.As(err, &guard) {
		t.Error("one override was enough for the next call")
	}
}

// The data files are part of the program: they must be whole.
func TestData(t *testing.T) {
	if len(Dangers()) != 3 {
		t.Errorf("%d dangers", len(Dangers()))
	}
	for _, d := range Dangers() {
		if d.Operation == "" || d.Class == "" || d.Versions == "" || d.Reason == "" || d.Seen == "" || (d.Param == "") != (d.ParamClass == "") {
			t.Errorf("%+v", d)
		}
	}
}

// listed is a schema whose every class has these events.
type listed struct {
	testSchema
	events []string
}

func (l listed) Events(string) []string { return l.events }

func TestWatchedEvents(t *testing.T) {
	for _, c := range []struct{ have, want string }{
		{"Error OnIceCandidate", "Error OnIceCandidate"},
		{"Error OnIceCandidate IceCandidateFound", "Error IceCandidateFound"},
		{"IceCandidateFound Error Error", "IceCandidateFound Error"},
		{"", ""},
	} {
		got := strings.Join(WatchedEvents(listed{events: strings.Fields(c.have)}, "X"), " ")
		if got != c.want {
			t.Errorf("%s: %s", c.have, got)
		}
	}
	if WatchedEvents(nil, "X") != nil {
		t.Error("events without a schema")
	}
}
