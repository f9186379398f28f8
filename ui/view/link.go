package view

import "time"

// LinkState says how a session stands with its server.
type LinkState uint8

// The states of a link, as in package session.
const (
	Connecting LinkState = iota
	Connected
	Reconnecting
	Deaf
	Closed
	Replaying
)

// Link is how a session stands with its server at one moment; the fields are
// those of session.Link.
type Link struct {
	State               LinkState
	Cause               string
	Since               time.Time
	RetryAt             time.Time
	PingTook            time.Duration
	FramesPerSecond     float64
	Held                int
	LeaseEnds           time.Time
	Gaps                int
	Undecoded           int
	Reading             string
	ReadDone, ReadTotal int
}

// Target says which server to connect to and whom to trust.
type Target struct {
	URL string
	// CAFile is a PEM file of authorities to trust besides the system's.
	CAFile string
	// Fingerprint is the pinned SHA-256 of the server's certificate, in hex.
	Fingerprint string
}

// Capture is the running capture of a workspace.
type Capture struct {
	// Path is the file; "" when nothing is captured.
	Path  string
	Bytes int64
	Since time.Time
	// Named is set once a person gave it a name: it is kept.
	Named bool
	// KeepsSecrets is set when secrets are written as they are.
	KeepsSecrets bool
}

// Untrusted is the part of a failed Attach that a person may answer: the server
// showed a certificate that nobody vouches for.
type Untrusted struct {
	Fingerprint string // SHA-256 in hex
	Subject     string
	NotAfter    time.Time
	Err         error
}

// Error gives the sentence of the failure.
func (u *Untrusted) Error() string { return u.Err.Error() }

// Unwrap gives the failure itself.
func (u *Untrusted) Unwrap() error { return u.Err }

// String gives the state in a word, for people.
func (s LinkState) String() string {
	switch s {
	case Connecting:
		return "connecting"
	case Connected:
		return "connected"
	case Reconnecting:
		return "reconnecting"
	case Deaf:
		return "not answering"
	case Closed:
		return "closed"
	case Replaying:
		return "replay"
	}
	return "unknown"
}
