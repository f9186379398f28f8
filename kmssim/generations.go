package kmssim

// What older servers call things. The descriptions are those of 7.x, aged: an
// old server's own files would say the same in many more lines.

// oldEvents names the events that 6.7 had under another name.
var oldEvents = map[string]string{
	"MediaFlowInStateChanged":      "MediaFlowInStateChange",
	"MediaFlowOutStateChanged":     "MediaFlowOutStateChange",
	"MediaTranscodingStateChanged": "MediaTranscodingStateChange",
	"IceCandidateFound":            "OnIceCandidate",
	"IceGatheringDone":             "OnIceGatheringDone",
	"IceComponentStateChanged":     "OnIceComponentStateChanged",
	"DataChannelOpened":            "OnDataChannelOpened",
	"DataChannelClosed":            "OnDataChannelClosed",
}

// eventNames is oldEvents in the form that ageList takes.
var eventNames = func() map[string][]string {
	out := map[string][]string{}
	for name, old := range oldEvents {
		out[name] = []string{old}
	}
	return out
}()

// oldProperties names the properties that 6.x had under another name.
var oldProperties = map[string][]string{
	"minEncoderBitrate": {"minOuputBitrate", "minOutputBitrate"}, // both spellings existed
	"maxEncoderBitrate": {"maxOuputBitrate", "maxOutputBitrate"},
	"children":          {"childs"},
	"externalIPv4":      {"externalAddress"},
}

// notBefore18 are members that came with 6.13 to 6.18, notBefore7 those that
// came with 7.x.
var (
	notBefore18 = map[string]bool{"getCpuCount": true, "getUsedCpu": true, "mtu": true,
		"networkInterfaces": true, "iceTcp": true, "externalIPv4": true, "externalIPv6": true}
	notBefore7 = map[string]bool{"requestKeyframe": true, "DtlsConnectionState": true,
		"DtlsConnectionStateChange": true, "dumpGstreamerDot": true}
)

func missingIn(name string, gen generation) bool {
	return gen == gen67 && notBefore18[name] || gen != gen7 && notBefore7[name]
}

// ageModule rewrites a module description of 7.x for an older generation.
func ageModule(module map[string]any, gen generation) {
	if gen == gen7 {
		return
	}
	for _, c := range maps(module["remoteClasses"]) {
		c["properties"] = ageList(c["properties"], gen, oldProperties)
		c["methods"] = ageList(c["methods"], gen, nil)
		if events, ok := c["events"].([]any); ok {
			var out []any
			for _, e := range events {
				name, _ := e.(string)
				if missingIn(name, gen) {
					continue
				}
				old, renamed := oldEvents[name]
				if renamed {
					out = append(out, old)
				}
				if !renamed || gen == gen18 {
					out = append(out, name)
				}
			}
			c["events"] = out
		}
	}
	for _, t := range maps(module["complexTypes"]) {
		ageStruct(t, gen)
	}
	module["events"] = ageList(module["events"], gen, eventNames)
	for _, e := range maps(module["events"]) {
		ageStruct(e, gen)
	}
}

// ageList drops what did not exist yet, and renames: 6.7 has only the old
// name, 6.18 both.
func ageList(v any, gen generation, renames map[string][]string) any {
	var out []any
	for _, m := range maps(v) {
		name, _ := m["name"].(string)
		for _, old := range renames[name] {
			copied := map[string]any{}
			for k, v := range m {
				copied[k] = v
			}
			copied["name"] = old
			out = append(out, copied)
		}
		if !missingIn(name, gen) && (gen == gen18 || len(renames[name]) == 0) {
			out = append(out, m)
		}
	}
	if out == nil {
		return []any{}
	}
	return out
}

// ageStruct gives events and structs the fields of their time.
func ageStruct(t map[string]any, gen generation) {
	props := maps(t["properties"])
	var out []any
	field := func(name, typ string) { out = append(out, map[string]any{"name": name, "type": typ}) }
	for _, p := range props {
		switch name := p["name"]; name {
		case "timestampMillis":
			typ, _ := p["type"].(string)
			field("timestamp", typ)
			if gen == gen18 {
				out = append(out, p)
			}
		case "streamId":
			field("streamID", "String")
			if gen == gen18 {
				out = append(out, p)
			}
		case "componentId":
			field("componentID", "int")
			if gen == gen18 {
				out = append(out, p)
			}
		case "inputLatency":
			field("inputAudioLatency", "double")
			field("inputVideoLatency", "double")
			if gen == gen18 {
				out = append(out, p)
			}
		case "E2ELatency":
			field("audioE2ELatency", "double")
			field("videoE2ELatency", "double")
			if gen == gen18 {
				out = append(out, p)
			}
		default:
			out = append(out, p)
		}
	}
	if t["properties"] != nil {
		if out == nil {
			out = []any{}
		}
		t["properties"] = out
	}
	if vs, ok := t["values"].([]any); ok {
		var kept []any
		for _, v := range vs {
			if v != "H265" && v != "AV1" && v != "VP9" {
				kept = append(kept, v)
			}
		}
		t["values"] = kept
	}
}

func maps(v any) []map[string]any {
	list, _ := v.([]any)
	out := make([]map[string]any, 0, len(list))
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}
