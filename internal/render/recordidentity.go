package render

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// shortIdentity shortens an identity. Of a role's session it keeps the half
// that tells more: "…/alice@example.com" of a person, and of a machine the
// role with the end of the session's name, "deploy/…9ab0".
func shortIdentity(words string, width int) string {
	role, session, found := strings.Cut(words, "/")
	if !found || role == "" || session == "" || width < 8 {
		return cut(words, width, false)
	}
	const mark = "…/" // or /…
	if !ofMachine(session) {
		left := width - cellWidth(mark) - cellWidth(session)
		if left < 0 {
			return mark + cut(session, width-cellWidth(mark), false)
		}
		return runewidth.Truncate(role, left, "") + mark + session
	}
	left := width - cellWidth(role) - cellWidth("/…")
	switch {
	case left >= 4:
		return role + "/…" + runewidth.TruncateLeft(session, cellWidth(session)-left, "")
	case left >= 0:
		return role + "/…"
	}
	return cut(role, width, false)
}

// ofMachine tells a session's name that a program made, of an instance's ID,
// a time or something random, from one that a person would know.
func ofMachine(session string) bool {
	digits := 0
	for i := range len(session) {
		switch c := session[i]; {
		case c == '@':
			return false
		case c >= '0' && c <= '9':
			digits++
		}
	}
	return digits > 3
}
