package view

import (
	"time"

	"kmscope/session"
)

// LinkState says how a session stands with its server.
type LinkState = session.LinkState

// The states of a link.
const (
	Connecting   = session.Connecting
	Connected    = session.Connected
	Reconnecting = session.Reconnecting
	Deaf         = session.Deaf
	Closed       = session.Closed
	Replaying    = session.Replaying
)

// Link is how a session stands with its server at one moment.
type Link = session.Link

// Target says which server to connect to and whom to trust.
type Target struct {
	URL string
	// CAFile is a PEM file of authorities to trust besides the system's.
	CAFile string
	// Fingerprint is the pinned SHA-256 of the server's certificate, in hex.
	Fingerprint string
	// Demo tells that it is the simulated server: it is not remembered.
	Demo bool
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
	// Err says in one sentence why not everything is written; "" otherwise.
	Err string
}

// Untrusted is the part of a failed Attach that a person may answer: the server
// showed a certificate that nobody vouches for.
type Untrusted struct {
	Fingerprint string // SHA-256 in hex
	Subject     string
	NotAfter    time.Time
	// Changed is set when another certificate was accepted before.
	Changed bool
	Err     error
}

// Error gives the sentence of the failure.
func (u *Untrusted) Error() string { return u.Err.Error() }

// Unwrap gives the failure itself.
func (u *Untrusted) Unwrap() error { return u.Err }
