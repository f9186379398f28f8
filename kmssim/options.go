package kmssim

import "time"

// Options say what a simulated server is like. The zero value is a healthy
// Kurento 7.3.1-dev with the real server's times.
type Options struct {
	// Version is what ServerManager.info reports and which generation of names
	// is spoken: "7.3.1-dev" (default), "6.18.0" or "6.7.2", and other versions
	// like the nearest of these.
	Version string
	// CollectorPeriod is mediaServer.resources.garbageCollectorPeriod; default
	// 240 s. Sessions with a socket are kept alive four times per period.
	CollectorPeriod time.Duration
	// Seed makes ids and figures repeatable; 0 takes a seed from the time.
	Seed int64
	// Clock replaces the system's time. Nil means real time at Speed.
	Clock Clock
	// Speed lets real time run faster for the model (10 is ten times); 0 is 1.
	Speed float64
	// CPUCount is ServerManager.getCpuCount; default 2.
	CPUCount int
	// Addresses are the server's own, for ICE candidates and plain RTP;
	// default 192.0.2.10.
	Addresses []string
	// Size is how many viewers, guests or pipelines a scenario has that has a
	// choice; 0 is its own number.
	Size int
	// Malformed says what a frame does that is no request at all.
	Malformed MalformedMode
	// QueueBytes is how much may wait for a slow reader before its socket is
	// cut; default 128 MiB.
	QueueBytes int
	// NoProse leaves the descriptions out of getKmd, as some builds do.
	NoProse bool
	// Faults are in force from the start; SetFaults changes them later.
	Faults Faults
}

// MalformedMode is what happens after a frame that is not a JSON object, or
// whose params are none.
type MalformedMode int

// The ways of dying of a malformed frame. On the real server the exception
// leaves the message handler, so that the connection is never read again; it
// then either loses its last owner and is torn down without a close frame, or
// it stays open and deaf.
const (
	// MalformedDrop tears the socket down at once (recorded: close 1006).
	MalformedDrop MalformedMode = iota
	// MalformedDeaf keeps the socket open; nothing is ever answered on it.
	MalformedDeaf
)

// Faults are the ways in which a server or network misbehaves. The zero value
// is none.
type Faults struct {
	// Latency delays the answer to every call, in addition to SlowOperations.
	Latency time.Duration
	// SlowOperations delays invocations of the named operations.
	SlowOperations map[string]time.Duration
	// Deaf makes every connection read and answer nothing.
	Deaf bool
	// DropEvery cuts every socket without a close frame after so many frames
	// received on it; 0 is never.
	DropEvery int
	// ReorderEvents is the share (0..1) of events that change places with a
	// neighbour. The real server does so by itself now and then: 0 means its
	// own share, a negative value never.
	ReorderEvents float64
	// DuplicateEvents is the share (0..1) of events that are sent twice.
	DuplicateEvents float64
	// GarbageEvery sends a frame that is no JSON before every nth event.
	GarbageEvery int
	// OversizedEvery sends an event of OversizedBytes before every nth event.
	OversizedEvery int
	// OversizedBytes is the size of those frames; 0 is 1 MiB.
	OversizedBytes int
	// SurviveDangerous keeps the server alive at calls that kill the real one
	// (WebRtcEndpoint.getIceTcp, connect to a MediaPipeline, Mixer.connect).
	SurviveDangerous bool
	// RestartDelay is how long connections are refused after a restart or
	// crash; 0 is 1.5 s.
	RestartDelay time.Duration
}

const (
	defaultCollectorPeriod = 240 * time.Second
	requestCacheTTL        = 20 * time.Second
	workerThreads          = 10
	defaultReorder         = 0.08
	defaultRestartDelay    = 1500 * time.Millisecond
)

func (o Options) withDefaults() Options {
	if o.Version == "" {
		o.Version = "7.3.1-dev"
	}
	if o.CollectorPeriod <= 0 {
		o.CollectorPeriod = defaultCollectorPeriod
	}
	if o.Seed == 0 {
		o.Seed = time.Now().UnixNano()
	}
	if o.Clock == nil {
		o.Clock = newRealClock(o.Speed)
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = maxQueueBytes
	}
	if o.CPUCount <= 0 {
		o.CPUCount = 2
	}
	if len(o.Addresses) == 0 {
		o.Addresses = []string{"192.0.2.10"}
	}
	return o
}
