package view

import (
	"encoding/json"
	"regexp"
	"strings"
)

// dots stands for what is not shown.
const dots = "●●●●"

var (
	// secretNames are properties and fields whose value is never shown.
	secretNames = regexp.MustCompile(`(?i)(password|passwd|credential|secret|token|privatekey|^sessionid$|ice-?pwd|ice-?ufrag|sdeskey|keymaterial)`)
	// userinfo is the part of a URI before its host. Kurento's turnUrl has no
	// scheme: user:password@address:port(?transport=...).
	userinfo = regexp.MustCompile(`(^|//)[^/@\s"']+@`)
	// sdpSecrets are the values of SDP lines that let a stranger in.
	sdpSecrets = regexp.MustCompile(`(?m)(a=(?:ice-pwd|ice-ufrag):|a=crypto:\d+ \S+ inline:)[^\s|\\]+`)
	// credentialed are the properties whose userinfo may stand without a scheme.
	credentialed = map[string]bool{"turnUrl": true}
)

// Mask gives a text of a property as it may be shown and copied: without
// credentials and keys.
func Mask(property, text string) string {
	if secretNames.MatchString(property) && text != "" {
		return dots
	}
	if strings.Contains(text, "@") {
		text = userinfo.ReplaceAllStringFunc(text, func(m string) string {
			if strings.HasPrefix(m, "//") {
				return "//" + dots + "@"
			}
			if credentialed[property] {
				return dots + "@"
			}
			return m
		})
	}
	if strings.Contains(text, "a=") {
		text = sdpSecrets.ReplaceAllString(text, "${1}"+dots)
	}
	return text
}

// maskJSON masks every string of a value, at any depth. What is no JSON is
// masked as a text.
func maskJSON(property string, raw json.RawMessage) any {
	var v any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return Mask(property, string(raw))
	}
	return maskValue(property, v)
}

func maskValue(property string, v any) any {
	switch v := v.(type) {
	case string:
		return Mask(property, v)
	case []any:
		for i := range v {
			v[i] = maskValue(property, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = maskValue(k, v[k])
		}
	}
	return v
}

var (
	// looseSecrets are what programs write of secrets: "password: x",
	// `"pwd":"x"`, "ufrag 'x'", and the same with quotes that a text within a text
	// has.
	looseSecrets = regexp.MustCompile(`(?i)(\b(?:ice[-_]?)?(?:pwd|ufrag|password|passwd|credentials?|secret|token|sessionid|usernamefragment|(?:remote|local)[-_]?(?:ufrag|pwd))\\*["']?\s*(?:is\s+|[:=]\s*|\s)(?:\(\w+\))?\\*["']?)([^\s"'\\,;}\])]+)`)
	// keyMaterial are keys of SRTP in descriptions and in GStreamer's caps.
	keyMaterial = regexp.MustCompile(`(?i)(inline:|(?:srtp|srtcp|master)-?key(?::\s*|\s*=\s*)(?:\(\w+\))?"?)[^\s|\\",;]+`)
	// looseUserinfo is user and password before a host, with a scheme or without.
	looseUserinfo = regexp.MustCompile(`[^/@\s"'<>()\[\]{},;=\\:]+:[^/@\s"'<>\\]+@([\w.\-\[]+)`)
)

// MaskText gives a text that some other program wrote, such as a line of a log,
// as it may be shown and copied: without credentials and keys, as far as what
// stands before them tells. Any goroutine.
func MaskText(text string) string {
	text = Mask("", text)
	text = keyMaterial.ReplaceAllString(text, "${1}"+dots)
	text = looseSecrets.ReplaceAllString(text, "${1}"+dots)
	if strings.Contains(text, "@") {
		text = looseUserinfo.ReplaceAllString(text, dots+"@${1}")
	}
	return text
}
