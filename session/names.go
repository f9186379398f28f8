package session

import (
	"kmscope/kmsconn"
	"kmscope/kmsconn/jsonrpc"
)

// Target says which server to attach to and whom to trust.
type Target = kmsconn.Target

// UntrustedError tells that a server's certificate is not trusted. After the
// user looked at it and agreed, set Target.Fingerprint to its Fingerprint.
type UntrustedError = jsonrpc.UntrustedError

// Danger is a call that is known to kill servers, with the reason.
type Danger = kmsconn.Danger

// Dangers gives the calls that the tool refuses to make.
func Dangers() []Danger { return kmsconn.Dangers() }
