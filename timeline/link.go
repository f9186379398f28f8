package timeline

import (
	"net/url"
	"strconv"

	"kmscope/wire"
)

// closing writes out the end of a connection.
func closing(f *wire.Fact) (string, Severity) {
	out := label(f.Conn) + "closed"
	if f.Type != "" {
		out += " by the " + clip(f.Type, maxWordRunes)
	}
	if f.Code != 0 {
		out += ", code " + strconv.Itoa(f.Code)
	}
	if f.Text != "" {
		out += ": " + line(f.Text)
	}
	// RFC 6455, section 7.4.1: 1000 is a normal end, 1001 a party that leaves,
	// 1005 no code at all.
	switch f.Code {
	case 0, 1000, 1001, 1005:
		return out, Notice
	}
	return out, Warning
}

// gap writes out that records are missing.
func gap(f *wire.Fact) string {
	out := "records are missing here"
	switch {
	case f.Dropped == 1:
		out = "1 record is missing here"
	case f.Dropped > 1:
		out = strconv.Itoa(f.Dropped) + " records are missing here"
	}
	if f.Text != "" {
		out += ": " + line(f.Text)
	}
	return out
}

// withoutUser removes user name and password from a URL.
func withoutUser(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "?"
	}
	u.User = nil
	return line(u.String())
}

func label(conn string) string {
	if conn == "" {
		return "connection "
	}
	return clip(conn, maxWordRunes) + ": "
}
