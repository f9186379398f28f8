package kmd

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, in string
		class    string // a class that must be found, "" when an error is wanted
		fails    string
	}{
		{"strict", `{"name":"m","remoteClasses":[{"name":"A"}]}`, "A", ""},
		{"comments", "{ // a module\n\"name\":\"m\", /* and\nits classes */ \"remoteClasses\":[{\"name\":\"A\"}]}", "A", ""},
		{"raw newline in prose", "{\"name\":\"m\",\"remoteClasses\":[{\"name\":\"A\",\"doc\":\"two\nlines\twide\"}]}", "A", ""},
		{"commas before brackets", `{"name":"m","remoteClasses":[{"name":"A","methods":[ ], },],}`, "A", ""},
		{"slashes in a string stay", `{"name":"m","remoteClasses":[{"name":"A","doc":"see http://example.org/*x*/"}]}`, "A", ""},
		{"a field of the wrong type costs itself", `{"name":"m","version":7,"remoteClasses":[{"name":"A","abstract":"yes"},{"name":5}]}`, "A", ""},
		{"byte order mark", "\xef\xbb\xbf{\"name\":\"m\",\"remoteClasses\":[{\"name\":\"A\"}]}", "A", ""},
		{"empty", ``, "", "no module description"},
		{"a number", `42`, "", "no module description"},
		{"an object of something else", `{"hello":"world"}`, "", "no name"},
		{"cut", `{"name":"m","remoteClasses":[{"name":`, "", "no module description"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := Parse([]byte(c.in))
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Fatalf("error %v, want one with %q", err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if Merge(m).Class(c.class) == nil {
				t.Errorf("class %s is missing in %+v", c.class, m)
			}
		})
	}
	m, _ := Parse([]byte("{\"name\":\"m\",\"remoteClasses\":[{\"name\":\"A\",\"doc\":\"two\nlines http://x\"}]}"))
	if got := m.RemoteClasses[0].Doc; got != "two\nlines http://x" {
		t.Errorf("prose is %q", got)
	}
}

func names(ps []Property) []string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Name)
	}
	return out
}

func TestBuiltin(t *testing.T) {
	for _, c := range []struct {
		version string
		class   string
		has     []string
		hasNot  []string
		events  []string
		no      []string
	}{
		{"7.3.1-dev", "WebRtcEndpoint", []string{"name", "children", "maxEncoderBitrate", "mediaState", "iceTcp", "DtlsConnectionState", "ICECandidatePairs"}, nil,
			[]string{"Error", "MediaFlowInStateChanged", "IceCandidateFound", "DtlsConnectionStateChange"}, []string{"OnIceCandidate"}},
		{"6.18.0", "WebRtcEndpoint", []string{"iceTcp", "children", "childs", "minOutputBitrate", "minOuputBitrate", "externalAddress", "externalIPv4"}, []string{"DtlsConnectionState", "minEncoderBitrate", "encoderBitrate"},
			[]string{"OnIceCandidate", "IceCandidateFound", "MediaFlowInStateChange", "MediaFlowInStateChanged"}, []string{"DtlsConnectionStateChange"}},
		{"6.7.2", "WebRtcEndpoint", []string{"childs", "minOuputBitrate", "externalAddress"}, []string{"children", "iceTcp", "mtu", "networkInterfaces"},
			[]string{"OnIceCandidate", "MediaFlowInStateChange"}, []string{"IceCandidateFound"}},
		{"", "kurento.PlayerEndpoint", []string{"uri", "state"}, nil, []string{"EndOfStream", "UriEndpointStateChanged"}, nil},
		{"nonsense", "ServerManager", []string{"info", "pipelines", "sessions"}, nil, []string{"ObjectCreated", "ObjectDestroyed"}, nil},
	} {
		t.Run(c.version, func(t *testing.T) {
			s := Builtin(c.version)
			got, events := names(s.Properties(c.class)), s.Events(c.class)
			for _, n := range c.has {
				if !slices.Contains(got, n) {
					t.Errorf("%s has no property %s: %v", c.class, n, got)
				}
			}
			for _, n := range c.hasNot {
				if slices.Contains(got, n) {
					t.Errorf("%s has the property %s", c.class, n)
				}
			}
			for _, n := range c.events {
				if !slices.Contains(events, n) {
					t.Errorf("%s has no event %s: %v", c.class, n, events)
				}
			}
			for _, n := range c.no {
				if slices.Contains(events, n) {
					t.Errorf("%s has the event %s", c.class, n)
				}
			}
		})
	}
	if m := Builtin("6.7.0").Method("ServerManager", "getUsedCpu"); len(m) != 0 {
		t.Errorf("6.7 has getUsedCpu")
	}
	if m := Builtin("7.1.0").Method("MediaElement", "getSourceConnections"); len(m) == 0 {
		t.Errorf("7.1 has no getSourceConnections")
	}
}

func TestSchema(t *testing.T) {
	s := Builtin("")
	if !s.IsA("kurento.WebRtcEndpoint", "MediaElement") || s.IsA("Composite", "MediaElement") || !s.IsA("Composite", "kurento.Hub") {
		t.Errorf("inheritance is wrong: %v", s.Ancestors("Composite"))
	}
	if s.Class("WebRtcEndpoint").Module != "elements" {
		t.Errorf("module of WebRtcEndpoint is %q", s.Class("WebRtcEndpoint").Module)
	}
	if got := s.Type("Stats<>"); got == nil || got.Name != "Stats" {
		t.Errorf("type of Stats<> is %v", got)
	}
	for _, c := range s.Concrete() {
		if c.Name == "MediaElement" {
			t.Errorf("MediaElement can be created")
		}
	}
	circle := Merge(&Module{Name: "m", RemoteClasses: []Class{{Name: "A", Extends: "B", Events: []string{"X"}}, {Name: "B", Extends: "kurento.A"}}})
	if got := circle.Ancestors("A"); !slices.Equal(got, []string{"B"}) || !circle.IsA("B", "A") {
		t.Errorf("ancestors in a circle: %v", got)
	}
	// A custom module needs no new build.
	custom, err := Parse([]byte(`{"name":"crowd","remoteClasses":[{"name":"CrowdFilter","extends":"kurento.Filter","constructor":{"params":[]},"properties":[{"name":"rois","type":"String[]"}],"events":["CrowdDetected"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	both := Merge(append(s.Modules(), custom)...)
	if p := names(both.Properties("CrowdFilter")); !slices.Contains(p, "rois") || !slices.Contains(p, "name") || !both.IsA("CrowdFilter", "MediaElement") {
		t.Errorf("custom class has %v", p)
	}
}

func TestAccessors(t *testing.T) {
	for _, c := range []struct {
		p           Property
		get, setter string
	}{
		{Property{Name: "name"}, "getName", "setName"},
		{Property{Name: "ICECandidatePairs", ReadOnly: true}, "getICECandidatePairs", ""},
		{Property{Name: "externalIPv4"}, "getExternalIPv4", "setExternalIPv4"},
		{Property{Name: "id", Final: true}, "getId", ""},
	} {
		if c.p.Getter() != c.get || c.p.Setter() != c.setter {
			t.Errorf("%s: %q %q", c.p.Name, c.p.Getter(), c.p.Setter())
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(builtinFilters)
	f.Add([]byte("{ // c\n\"name\":\"m\", /* x */ \"remoteClasses\":[{\"name\":\"A\",\"extends\":\"A\"},],}"))
	f.Add([]byte(`{"name":"m","complexTypes":[{"name":"T","typeFormat":"ENUM","values":["A"]}],"events":[{"name":"E","properties":[{"name":"p","type":"T[]"}]}]}`))
	if data, err := os.ReadFile("builtin/elements.json"); err == nil {
		f.Add(data[:2000])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is more than one sentence: %q", err)
			}
			return
		}
		s := Merge(m)
		for _, c := range s.Classes() {
			s.Properties(c.Name)
			s.Methods(c.Name)
			s.Events(c.Name)
			for _, p := range c.Properties {
				p.Getter()
				p.Setter()
				s.Type(p.Type)
			}
		}
		s.Concrete()
	})
}
