package render

import (
	"strings"

	"github.com/mattn/go-runewidth"

	"trailctl/internal/term"
)

// text writes text behind a lead. What is too long for the terminal goes on
// below its beginning, broken at spaces only: IDs and names stay whole, to be
// copied.
func (w *recordCards) text(lead, value string) {
	w.hang(lead, term.Escape(value), " ", cellWidth(lead))
}

// hang writes text that is escaped already, in lines that end with one of the
// breaks and are indented from the second on.
func (w *recordCards) hang(lead, text, breaks string, indent int) {
	for width := w.options.Terminal.Width; ; {
		line, rest := breakLine(text, width-cellWidth(lead), breaks)
		w.line(lead + strings.TrimRight(line, " "))
		if rest == "" {
			return
		}
		lead, text = strings.Repeat(" ", indent), rest
	}
}

// leastRoom is the width below which no text is broken into lines.
const leastRoom = 20

// breakLine takes off the beginning of a text what fits into room, or as
// little more as its breaks allow.
func breakLine(text string, room int, breaks string) (line, rest string) {
	// The end of a very long text need not be measured for each line.
	if room < leastRoom || len(text) <= 16*room && cellWidth(text) <= room {
		return text, ""
	}
	fits := runewidth.Truncate(strings.ToValidUTF8(text[:min(len(text), 16*room)], ""), room, "")
	at := len(fits)
	if at < len(text) && text[at] != ' ' {
		at = strings.LastIndexAny(fits, breaks)
	}
	if at <= 0 {
		at = strings.IndexAny(text[len(fits):], breaks)
		if at < 0 {
			return text, ""
		}
		at += len(fits)
	}
	if at == len(text) {
		return text, ""
	}
	return text[:at+1], text[at+1:]
}
