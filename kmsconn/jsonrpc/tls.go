package jsonrpc

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Fingerprint gives the SHA-256 of a certificate (DER) in lower-case hex.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// ParseFingerprint reads a SHA-256 fingerprint as people write it: hex, upper
// or lower case, with or without colons or spaces. The result is lower-case
// hex.
func ParseFingerprint(s string) (string, error) {
	clean := strings.ToLower(strings.NewReplacer(":", "", " ", "", "-", "").Replace(strings.TrimSpace(s)))
	if raw, err := hex.DecodeString(clean); err != nil || len(raw) != sha256.Size {
		return "", fmt.Errorf("a certificate fingerprint is 64 hexadecimal digits (SHA-256), not %d characters", len(clean))
	}
	return clean, nil
}

// PinnedTLS gives a TLS configuration that accepts exactly the certificate
// with this fingerprint (see ParseFingerprint), whoever signed it, whatever
// its name and dates: a person has looked at it and said yes. Any other
// certificate fails with an UntrustedError whose Pinned is set.
func PinnedTLS(fingerprint string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		// The chain is not verified because the pin is stricter; see
		// VerifyConnection.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return &UntrustedError{Reason: "the server showed no certificate", Pinned: true}
			}
			leaf := state.PeerCertificates[0]
			if Fingerprint(leaf) == fingerprint {
				return nil
			}
			u := describeCertificate(leaf)
			u.Pinned = true
			u.Reason = "it is not the one that was accepted before; the server's certificate was replaced, or somebody is in between"
			return u
		},
	}
}

func describeCertificate(c *x509.Certificate) *UntrustedError {
	return &UntrustedError{Fingerprint: Fingerprint(c), Subject: clip(c.Subject.String(), 200), NotAfter: c.NotAfter.Truncate(time.Second)}
}
