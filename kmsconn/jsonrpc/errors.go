package jsonrpc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// Failure says in one word why a connection could not be opened or was lost,
// so that a program can choose what to offer next. The sentence for people is
// in the error itself.
type Failure string

// The failures of a connection.
const (
	FailRefused      Failure = "refused"       // nothing listens on the port
	FailUnreachable  Failure = "unreachable"   // no route to the host
	FailName         Failure = "name"          // the host name is unknown
	FailTimeout      Failure = "timeout"       // no answer in time
	FailUntrusted    Failure = "untrusted"     // TLS: the certificate; see UntrustedError
	FailTLS          Failure = "tls"           // TLS: anything else
	FailPlainPort    Failure = "plain-port"    // wss:// was asked of a port that speaks ws://
	FailTLSPort      Failure = "tls-port"      // ws:// was asked of a port that speaks wss://
	FailNotWebSocket Failure = "not-websocket" // an HTTP server that is no WebSocket server there
	FailProxy        Failure = "proxy"         // the HTTP proxy refused or failed
	FailPath         Failure = "path"          // a Kurento server, but the wrong path
	FailTooLarge     Failure = "too-large"     // a message beyond MaxFrameBytes
	FailClosed       Failure = "closed"        // the server, or the network, ended the connection
	FailLocal        Failure = "local"         // we ended the connection
	FailCancelled    Failure = "cancelled"     // the caller gave up
	FailOther        Failure = "other"
)

// LinkError is the end of a connection, or the reason why there is none: one
// sentence for a person, and what to do next where that is known. It never
// holds userinfo or a query of the address.
type LinkError struct {
	Failure Failure
	// URL is the address as it may be shown.
	URL string
	// Sentence is complete, without a final period.
	Sentence string
	// Status is the HTTP status, for FailNotWebSocket; Code the WebSocket
	// close code, for FailClosed and FailPath.
	Status int
	Code   int
	// Cause is the error underneath; nil where there is none.
	Cause error
}

func (e *LinkError) Error() string { return e.Sentence }
func (e *LinkError) Unwrap() error { return e.Cause }

// FailureOf gives the Failure of an error; "" when it is of another kind (an
// RPCError, a nil error).
func FailureOf(err error) Failure {
	var link *LinkError
	if errors.As(err, &link) {
		return link.Failure
	}
	var untrusted *UntrustedError
	if errors.As(err, &untrusted) {
		return FailUntrusted
	}
	return ""
}

// tlsAlert is the first byte of a TLS record that carries an alert: what a TLS
// port sends to a plain HTTP request.
const tlsAlert = 0x15

// dialError translates the failure of opening a connection. resp is the
// HTTP reply where there was one; via is the proxy that was used, or "".
func dialError(err error, resp *http.Response, shown, host, via string, timeout time.Duration) error {
	link := &LinkError{URL: shown, Cause: err, Failure: FailOther}
	say := func(f Failure, format string, args ...any) error {
		link.Failure, link.Sentence = f, fmt.Sprintf(format, args...)
		if via != "" {
			link.Sentence += " (through the proxy " + via + ")"
		}
		return link
	}
	var (
		untrusted *UntrustedError
		viaProxy  *proxyError
		dns       *net.DNSError
		netErr    net.Error
		record    tls.RecordHeaderError
		alert     tls.AlertError
	)
	switch {
	case errors.As(err, &untrusted):
		return untrusted
	case errors.Is(err, context.Canceled):
		return say(FailCancelled, "connecting to %s was cancelled", shown)
	case errors.As(err, &viaProxy):
		link.Status = viaProxy.status
		return say(FailProxy, "the proxy did not let us through to %s: %s", host, viaProxy.reason)
	case errors.Is(err, websocket.ErrBadHandshake) && resp != nil:
		link.Status = resp.StatusCode
		switch resp.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			return say(FailNotWebSocket, "a web server stands before %s and does not let us in (HTTP %s); write a user name and password before the host, as in wss://user:password@host/kurento, or ask its administrator", shown, statusText(resp))
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return say(FailNotWebSocket, "a web server stands before %s and gets no answer from what is behind it (HTTP %s); check that the Kurento server runs", shown, statusText(resp))
		}
		return say(FailNotWebSocket, "%s answers, but as a web server and not as a Kurento server (HTTP %s); check the port and the path, usually /kurento", shown, statusText(resp))
	case errors.As(err, &dns):
		if dns.IsTimeout {
			return say(FailName, "looking up the host name %s took too long; check the network and the name server", dns.Name)
		}
		return say(FailName, "the host name %s is unknown; check its spelling", dns.Name)
	case errnoIs(err, syscall.ECONNREFUSED, 10061):
		return say(FailRefused, "nothing accepts connections at %s; check that the server runs and that the port is right", host)
	case errnoIs(err, syscall.EHOSTUNREACH, 10065), errnoIs(err, syscall.ENETUNREACH, 10051):
		return say(FailUnreachable, "the host of %s cannot be reached from here; check the network and the address", host)
	case errors.As(err, &record):
		return say(FailPlainPort, "%s does not speak TLS; use ws:// instead of wss://, or the server's TLS port", host)
	case errors.Is(err, context.DeadlineExceeded), errnoIs(err, syscall.ETIMEDOUT, 10060), errors.As(err, &netErr) && netErr.Timeout():
		return say(FailTimeout, "%s did not answer within %s; check the address, firewalls, and that the server is not overloaded", host, timeout.Round(100*time.Millisecond))
	case errors.As(err, &alert):
		return say(FailTLS, "%s refused the TLS connection: %s", host, alert.Error())
	case looksLikeTLS(err):
		return say(FailTLSPort, "%s speaks TLS; use wss:// instead of ws://", host)
	case strings.Contains(err.Error(), "malformed HTTP"):
		return say(FailNotWebSocket, "something answers at %s, but it is no WebSocket server; check the port", host)
	case strings.HasPrefix(shown, "wss:") && isCut(err):
		return say(FailTLS, "%s ended the connection during the TLS handshake; it may speak plain ws://", host)
	case isCut(err):
		return say(FailNotWebSocket, "%s ended the connection before the WebSocket was open; it may want wss://, or be no Kurento server", host)
	case strings.Contains(err.Error(), "tls:"):
		return say(FailTLS, "the TLS connection to %s failed: %s", host, err)
	}
	return say(FailOther, "connecting to %s failed: %s", host, plainReason(err))
}

// plainReason gives the innermost words of a network error: the outer ones
// repeat addresses that the sentence already has.
func plainReason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}

func statusText(resp *http.Response) string {
	if t := http.StatusText(resp.StatusCode); t != "" {
		return fmt.Sprintf("%d %s", resp.StatusCode, t)
	}
	return fmt.Sprint(resp.StatusCode)
}

// errnoIs compares the error of a system call. Windows has numbers of its own
// (Winsock), which package syscall does not name the same.
func errnoIs(err error, unix syscall.Errno, winsock uintptr) bool {
	var n syscall.Errno
	return errors.As(err, &n) && (n == unix || runtime.GOOS == "windows" && uintptr(n) == winsock)
}

// isCut reports an end of the stream without any word from the peer.
func isCut(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errnoIs(err, syscall.ECONNRESET, 10054) || errnoIs(err, syscall.EPIPE, 10053) || errors.Is(err, net.ErrClosed)
}

// looksLikeTLS recognises a TLS alert read as the first line of an HTTP reply.
func looksLikeTLS(err error) bool {
	_, rest, ok := strings.Cut(err.Error(), "malformed HTTP response ")
	return ok && strings.HasPrefix(strings.Trim(rest, `"`), fmt.Sprintf(`\x%02x\x03`, tlsAlert))
}

// gorillaSays begins what gorilla/websocket finds wrong in the bytes themselves.
// These errors have no type.
const gorillaSays = "websocket: "

// readError translates the end of an open connection as its reader saw it.
func readError(err error, shown string, limit int64) *LinkError {
	link := &LinkError{URL: shown, Cause: err, Failure: FailClosed, Code: websocket.CloseAbnormalClosure}
	var closed *websocket.CloseError
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		link.Failure = FailTooLarge
		link.Code = websocket.CloseMessageTooBig
		link.Sentence = fmt.Sprintf("the server sent a message larger than %s, and the connection was ended; it is no Kurento server, or what was asked for is too large: ask for an element instead of its pipeline", sizeText(limit))
	case errors.As(err, &closed):
		link.Code = closed.Code
		switch {
		case closed.Code == websocket.CloseProtocolError && closed.Text == "Invalid path":
			link.Failure = FailPath
			link.Sentence = fmt.Sprintf("a Kurento server answers, but not under the path of %s; it is usually /kurento", shown)
		case closed.Code == websocket.CloseAbnormalClosure:
			link.Sentence = "the server ended the connection without a word; it may have stopped or crashed"
		case closed.Text != "":
			link.Sentence = fmt.Sprintf("the server closed the connection: %s (code %d)", clip(closed.Text, 200), closed.Code)
		default:
			link.Sentence = fmt.Sprintf("the server closed the connection (code %d)", closed.Code)
		}
	case isCut(err):
		link.Sentence = "the server ended the connection without a word; it may have stopped or crashed"
	case strings.HasPrefix(err.Error(), gorillaSays):
		link.Sentence = fmt.Sprintf("%s sent what is no WebSocket message, and the connection was ended; check the port, and what is between here and the server", shown)
	default:
		link.Sentence = "the connection was lost: " + plainReason(err)
	}
	return link
}

func sizeText(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}

// UntrustedError tells that a server's certificate is not trusted, with what
// is needed to ask a person whether to pin it. Errors of Dial match it with
// errors.As.
type UntrustedError struct {
	URL string // as it may be shown
	// Fingerprint is the SHA-256 of the certificate (DER) in lower-case hex.
	Fingerprint string
	Subject     string
	NotAfter    time.Time
	// Reason is one clause: why the certificate is not trusted.
	Reason string
	// Pinned is set when another certificate was pinned: the server's changed.
	Pinned bool
	// Unknown is set when whoever signed it is unknown here: a file of
	// authorities may mend that. It mends no other reason.
	Unknown bool
	Cause   error
}

func (e *UntrustedError) Error() string {
	return fmt.Sprintf("the certificate of %s is not trusted: %s", e.URL, e.Reason)
}
func (e *UntrustedError) Unwrap() error { return e.Cause }

// certifiedNames gives the first names and addresses that a certificate is valid
// for; "" when it names none.
func certifiedNames(c *x509.Certificate) string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	const few = 3
	if len(names) > few {
		names = append(names[:few], "others")
	}
	return clip(strings.Join(names, ", "), 200)
}

// untrusted turns a verification failure of crypto/tls into an UntrustedError;
// nil when err is none.
func untrusted(err error, shown string) *UntrustedError {
	var pinned *UntrustedError
	if errors.As(err, &pinned) {
		pinned.URL = shown
		return pinned
	}
	var verification *tls.CertificateVerificationError
	if !errors.As(err, &verification) || len(verification.UnverifiedCertificates) == 0 {
		return nil
	}
	leaf := verification.UnverifiedCertificates[0]
	u := describeCertificate(leaf)
	u.URL, u.Cause = shown, err
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &name):
		u.Reason = fmt.Sprintf("it is not valid for the name %s", name.Host)
		if names := certifiedNames(leaf); names != "" {
			u.Reason += ", but for " + names
		}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if time.Now().Before(leaf.NotBefore) {
			u.Reason = "it is not valid before " + leaf.NotBefore.Format(time.DateOnly)
		} else {
			u.Reason = "it expired on " + leaf.NotAfter.Format(time.DateOnly)
		}
	case errors.As(err, &authority):
		u.Unknown = true
		u.Reason = "it is signed by an authority that is unknown here"
		if leaf.CheckSignatureFrom(leaf) == nil || leaf.Subject.String() == leaf.Issuer.String() {
			u.Reason = "it is signed by itself"
		}
	default:
		u.Reason = clip(verification.Err.Error(), 200)
	}
	return u
}
