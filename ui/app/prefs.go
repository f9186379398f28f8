package app

import (
	"net/url"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// prefs is what the window remembers. Nothing secret is among it: addresses
// lose their userinfo and query, and of a trusted certificate the fingerprint
// alone is kept.
type prefs struct{ p fyne.Preferences }

// maxRecent bounds the lists of what was used lately.
const maxRecent = 8

const (
	prefWidth, prefHeight     = "window.width", "window.height"
	prefLeft, prefRight       = "window.left", "window.right"
	prefShowLeft, prefShowRig = "window.showLeft", "window.showRight"
	prefPage                  = "window.page"
	prefTheme                 = "window.theme"
	prefClock                 = "window.clock"
	prefHideDead              = "navigator.hideGone"
	prefServers, prefFiles    = "recent.servers", "recent.files"
	prefFolder                = "recent.folder"
	prefMemory                = "stats.memoryMiB"
	prefTLS                   = "tls." // + address: "ca:FILE" or "pin:FINGERPRINT"
)

func (p prefs) windowSize() fyne.Size {
	w := min(max(p.p.FloatWithFallback(prefWidth, 1440), 800), 8192)
	h := min(max(p.p.FloatWithFallback(prefHeight, 860), 500), 8192)
	return fyne.NewSize(float32(w), float32(h))
}

func (p prefs) setWindowSize(s fyne.Size) {
	p.p.SetFloat(prefWidth, float64(s.Width))
	p.p.SetFloat(prefHeight, float64(s.Height))
}

func (p prefs) sides() (left, right float32) {
	l := min(max(p.p.FloatWithFallback(prefLeft, 262), 160), 2000)
	r := min(max(p.p.FloatWithFallback(prefRight, 310), 160), 2000)
	return float32(l), float32(r)
}

func (p prefs) setSides(left, right float32) {
	p.p.SetFloat(prefLeft, float64(left))
	p.p.SetFloat(prefRight, float64(right))
}

func (p prefs) theme() theme.Mode {
	m, err := theme.ParseMode(p.p.String(prefTheme))
	if err != nil {
		return theme.System
	}
	return m
}

func (p prefs) clock() view.ClockMode {
	if p.p.String(prefClock) == "utc" {
		return view.UTC
	}
	return view.LocalTime
}

func (p prefs) setClock(m view.ClockMode) {
	word := "local"
	if m == view.UTC {
		word = "utc"
	}
	p.p.SetString(prefClock, word)
}

// withoutSecrets gives an address as it may be remembered and shown.
func withoutSecrets(address string) string {
	text := strings.TrimSpace(address)
	bare := !strings.Contains(text, "://")
	full := text
	if bare {
		full = "ws://" + text
	}
	u, err := url.Parse(full)
	if err != nil || u.Host == "" {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	if bare {
		return strings.TrimPrefix(u.String(), "ws://")
	}
	return u.String()
}

func (p prefs) recent(key string) []string { return p.p.StringList(key) }

// used puts something first in a list of what was used lately.
func (p prefs) used(key, what string) {
	if what == "" {
		return
	}
	list := slices.DeleteFunc(slices.Clone(p.p.StringList(key)), func(s string) bool { return s == what })
	list = append([]string{what}, list...)
	p.p.SetStringList(key, list[:min(len(list), maxRecent)])
}

func (p prefs) forget(key, what string) {
	p.p.SetStringList(key, slices.DeleteFunc(slices.Clone(p.p.StringList(key)), func(s string) bool { return s == what }))
}

// trust gives what was chosen for a server: a file of authorities, or a pinned
// fingerprint.
func (p prefs) trust(address string) (caFile, fingerprint string) {
	v := p.p.String(prefTLS + withoutSecrets(address))
	if f, ok := strings.CutPrefix(v, "ca:"); ok {
		return f, ""
	}
	if f, ok := strings.CutPrefix(v, "pin:"); ok {
		return "", f
	}
	return "", ""
}

func (p prefs) setTrust(t view.Target) {
	key := prefTLS + withoutSecrets(t.URL)
	switch {
	case t.Fingerprint != "":
		p.p.SetString(key, "pin:"+t.Fingerprint)
	case t.CAFile != "":
		p.p.SetString(key, "ca:"+t.CAFile)
	default:
		p.p.RemoveValue(key)
	}
}
