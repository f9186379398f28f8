package gst

import (
	"regexp"
	"strings"
)

// hidden stands for what nobody needs to see: a window is shared and pictures
// of it are sent around.
const hidden = "(a secret, not shown)"

// secretNames are properties and caps fields that hold keys: of GStreamer's
// srtp and rtsp elements and Kurento's WebRTC ones.
var secretNames = map[string]bool{
	"srtp-key": true, "srtcp-key": true, "roc-key": true, "proxy-pw": true, "user-pw": true, "password": true,
	"master-key": true, "secret": true, "token": true, "pwd": true, "ufrag": true, "ice-pwd": true, "ice-ufrag": true,
}

var (
	// userinfo is in URIs, and in front of the address of a TURN server.
	userinfo   = regexp.MustCompile(`://[^/\s"@]+@`)
	privateKey = "PRIVATE KEY"
)

// concealed gives a value as it may be shown.
func concealed(name, value string) string {
	switch {
	case value == "" || value == "NULL" || value == `""`:
		return value
	case strings.Contains(value, privateKey), secretNames[name] && !strings.HasPrefix(value, "(("):
		return hidden
	case strings.HasPrefix(name, "turn-"), name == "relay-info":
		if at := strings.LastIndexByte(value, '@'); at >= 0 {
			return "…" + value[at:]
		}
	case strings.Contains(value, "@"):
		return userinfo.ReplaceAllString(value, "://…@")
	}
	return value
}
