package session

import "regexp"

// regexpSecret finds what must never be shown.
var regexpSecret = regexp.MustCompile(`secret|user:`)
