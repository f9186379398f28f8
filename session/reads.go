package session

import (
	"encoding/json"

	"kmscope/inventory"
	"kmscope/kmsconn"
	"kmscope/kmsconn/kmd"
)

// What is asked of an object. Everything goes by the server's own description:
// a call that the class does not have is not made.

// mediaParam gives the parameters of a call that asks for audio or for video.
func mediaParam(m inventory.Media) json.RawMessage {
	return json.RawMessage(`{"mediaType":"` + m + `"}`)
}

// media are the types that flow and transcoding may be asked for; DATA is
// refused (observed: 40107).
var media = []inventory.Media{inventory.Audio, inventory.Video}

// labelReads ask for what a person called an object. Nothing depends on it, so
// it is read when the states of all are known.
func labelReads(_ *kmd.Schema, o *inventory.Object) []kmsconn.Op {
	return []kmsconn.Op{kmsconn.Invoke(o.ID, "getName", nil), kmsconn.Invoke(o.ID, "getTags", nil)}
}

// stateReads are the calls that tell the connections and states of an object
// once, to close the time before its events were subscribed. Whether an element
// transcodes is not asked: isMediaTranscoding answers for a bin of the name
// "default", which no element has, so it says no whatever the element does (KMS
// 7.3, in all recordings); only the event tells.
func stateReads(s *kmd.Schema, o *inventory.Object) []kmsconn.Op {
	var ops []kmsconn.Op
	if s.IsA(o.Type, "MediaElement") {
		ops = append(ops, kmsconn.Invoke(o.ID, "getSourceConnections", nil))
		for _, m := range media {
			ops = append(ops,
				kmsconn.Invoke(o.ID, "isMediaFlowingIn", mediaParam(m)),
				kmsconn.Invoke(o.ID, "isMediaFlowingOut", mediaParam(m)))
		}
	}
	for _, p := range s.Properties(o.Type) {
		switch p.Name {
		case "mediaState", "connectionState", "IceConnectionState", "DtlsConnectionState", "ICECandidatePairs", "state":
			ops = append(ops, kmsconn.Invoke(o.ID, p.Getter(), nil))
		}
	}
	return ops
}

// polledReads ask for what events may have missed, or never tell:
// ElementConnected is lost when connect follows the creation within about
// 100 ms (observed), and nothing announces a name or a tag.
func polledReads(s *kmd.Schema, o *inventory.Object) []kmsconn.Op {
	ops := labelReads(s, o)
	if s.IsA(o.Type, "MediaElement") {
		ops = append(ops, kmsconn.Invoke(o.ID, "getSourceConnections", nil))
	}
	return ops
}

// allReads are the calls for everything that the inspector shows of an object.
// Calls on the guard list are left out: the connection would refuse them.
func allReads(s *kmd.Schema, o *inventory.Object) []kmsconn.Op {
	ops := append(labelReads(s, o), stateReads(s, o)...)
	asked := make(map[string]bool, len(ops))
	for _, op := range ops {
		asked[op.Operation] = true
	}
	for _, p := range s.Properties(o.Type) {
		op := kmsconn.Invoke(o.ID, p.Getter(), nil)
		if !asked[p.Getter()] && kmsconn.CheckOp(op, s) == nil {
			ops = append(ops, op)
		}
	}
	if s.IsA(o.Type, "MediaElement") {
		ops = append(ops, kmsconn.Invoke(o.ID, "getSinkConnections", nil))
	}
	// The descriptions are operations, not properties. An endpoint that did not
	// negotiate refuses (40202, 40203), which changes nothing.
	if s.IsA(o.Type, "SdpEndpoint") {
		ops = append(ops, kmsconn.Invoke(o.ID, "getRemoteSessionDescriptor", nil), kmsconn.Invoke(o.ID, "getLocalSessionDescriptor", nil))
	}
	return ops
}

// statsReads sample an endpoint: nothing in a reply says audio or video, so
// each is asked for by itself. Elements without RTP are asked only when
// somebody looks at them: they have nothing but latencies.
func statsReads(s *kmd.Schema, o *inventory.Object, focused bool) []kmsconn.Op {
	switch {
	case s.IsA(o.Type, "BaseRtpEndpoint"):
		return []kmsconn.Op{
			kmsconn.Invoke(o.ID, "getStats", mediaParam(inventory.Audio)),
			kmsconn.Invoke(o.ID, "getStats", mediaParam(inventory.Video)),
		}
	case focused && s.IsA(o.Type, "MediaElement"):
		return []kmsconn.Op{kmsconn.Invoke(o.ID, "getStats", nil)}
	}
	return nil
}

// serverReads sample the server itself. getUsedCpu is not among them: it
// stalls its connection while it measures; nor getSessions: the watcher asks it
// anyway.
func serverReads() []kmsconn.Op {
	return []kmsconn.Op{
		kmsconn.Invoke(inventory.ManagerID, "getCpuCount", nil),
		kmsconn.Invoke(inventory.ManagerID, "getUsedMemory", nil),
	}
}
