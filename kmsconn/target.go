package kmsconn

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"kmscope/kmsconn/jsonrpc"
)

// DefaultPath is where a Kurento server listens unless configured otherwise
// (mediaServer.net.websocket.path).
const DefaultPath = "/kurento"

// Target says which server to connect to and whom to trust.
type Target struct {
	// URL is what a person wrote: ws://, wss://, http:// or https:// (taken
	// as ws and wss), or a bare host or host:port. A missing path means
	// DefaultPath, a missing port of a bare host 8888, Kurento's default.
	URL string
	// CAFile is a PEM file of authorities to trust besides the system's.
	CAFile string
	// Fingerprint pins the server's certificate: its SHA-256 in hex. Then
	// authority, name and dates are not looked at.
	Fingerprint string
}

// Address gives the normalised WebSocket address, userinfo included: for
// connecting, never for showing.
func (t Target) Address() (string, error) {
	u, err := t.parse()
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// Shown gives the normalised address as it may be shown and recorded: without
// userinfo and query. An address that is not valid is not repeated.
func (t Target) Shown() string {
	u, err := t.parse()
	if err != nil {
		return "(invalid address)"
	}
	return jsonrpc.ShownURL(u)
}

// Validate tells in one sentence what is wrong with the target, if anything.
// It reads CAFile.
func (t Target) Validate() error {
	if _, err := t.parse(); err != nil {
		return err
	}
	_, err := t.tlsConfig()
	return err
}

func (t Target) parse() (*url.URL, error) {
	text := strings.TrimSpace(t.URL)
	switch {
	case text == "":
		return nil, fmt.Errorf("the address is empty; write ws://host:port%s", DefaultPath)
	case strings.ContainsAny(text, " \t\r\n"):
		return nil, fmt.Errorf("the address contains a space; write ws://host:port%s", DefaultPath)
	}
	bare := !strings.Contains(text, "://")
	if bare {
		if ip := net.ParseIP(text); ip != nil && ip.To4() == nil {
			text = "[" + text + "]" // a bare IPv6 address
		}
		text = "ws://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		// The error of url.Parse repeats the address, secrets included.
		return nil, fmt.Errorf("the address cannot be understood; write ws://host:port%s", DefaultPath)
	}
	switch strings.ToLower(u.Scheme) {
	case "ws", "http":
		u.Scheme = "ws"
	case "wss", "https":
		u.Scheme = "wss"
	default:
		return nil, fmt.Errorf("addresses starting with %s:// are not supported; write ws:// or wss://", u.Scheme)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("the address names no host; write ws://host:port%s", DefaultPath)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, fmt.Errorf("%s is no port; ports are 1 to 65535", port)
		}
	} else if bare {
		u.Host = net.JoinHostPort(u.Hostname(), "8888")
	}
	u.Host = strings.TrimSuffix(u.Host, ":")
	if u.Path == "" || u.Path == "/" {
		u.Path = DefaultPath
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// tlsConfig gives the TLS configuration; nil means the system's roots.
func (t Target) tlsConfig() (*tls.Config, error) {
	if t.Fingerprint != "" {
		pin, err := jsonrpc.ParseFingerprint(t.Fingerprint)
		if err != nil {
			return nil, err
		}
		return jsonrpc.PinnedTLS(pin), nil
	}
	if t.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(t.CAFile)
	if err != nil {
		return nil, fmt.Errorf("the file of certificate authorities cannot be read: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // some systems have none
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM format", t.CAFile)
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}
