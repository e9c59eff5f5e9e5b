package render

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// What a narrow terminal shows of an event is its operation, and of an error
// what went wrong: the rest can be guessed.

// operation is the event without the service.
func operation(words string) string {
	_, name, found := strings.Cut(words, ":")
	if !found || name == "" {
		return words
	}
	return name
}

// briefOperation is without the version that Lambda's operations end in, too:
// "UpdateFunctionCode…" of UpdateFunctionCode20150331v2.
func briefOperation(words string) string {
	name := operation(words)
	if bare := strings.TrimRight(name, "0123456789v_"); bare != "" && len(name)-len(bare) >= len("20150331") {
		return bare + "…"
	}
	return name
}

// shortEvent shortens an event: "secr…:GetSecretValue", "GetSecretValue". An
// operation that does not fit keeps some of its end, because many begin alike.
func shortEvent(words string, width int) string {
	name := operation(words)
	left := width - cellWidth(name)
	switch brief := briefOperation(words); {
	case left < 0 && cellWidth(brief) <= width:
		return brief
	case left < 0 && (strings.Contains(name, "(") || width < 5):
		return cut(name, width, false)
	case left < 0:
		end := (width - 1) / 3
		return runewidth.Truncate(name, width-1-end, "") + "…" + runewidth.TruncateLeft(name, cellWidth(name)-end, "")
	case name == words || left < cellWidth("x…:"):
		return name
	}
	return runewidth.Truncate(words[:len(words)-len(name)-1], left-1, "…") + ":" + name
}

// briefError is an error without what most of them have: "ResourceNotFound…",
// "…UnauthorizedOperation".
func briefError(code string) string {
	if bare := strings.TrimSuffix(code, "Exception"); bare != code && bare != "" {
		return bare + "…"
	}
	for _, side := range []string{"Client.", "Server."} {
		if bare, found := strings.CutPrefix(code, side); found {
			return "…" + bare
		}
	}
	return code
}

// shortError shortens an error.
func shortError(code string, width int) string { return cut(briefError(code), width, false) }
