package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"trailctl/internal/term"
	"trailctl/internal/when"
)

// sayMissing tells of what was asked for and is not there, where an answer
// would look clean otherwise. Call it when all files were found; files is how
// many of those were wanted. window is the one that was given.
func (t *logsTarget) sayMissing(a *app, window when.Window, files int) {
	for _, note := range t.missing(window, files, a.now()) {
		a.note("%s", note)
	}
}

func (t *logsTarget) missing(window when.Window, files int, now time.Time) []string {
	var notes []string
	if window.Start.After(now) {
		notes = append(notes, fmt.Sprintf("the window lies in the future: it is %s now", now.UTC().Format(time.RFC3339)))
	}
	layout := t.query.Layout
	if layout == nil || t.single != nil {
		return notes
	}
	if layout.NoLogs() {
		if files == 0 {
			notes = append(notes, fmt.Sprintf("there is no AWSLogs/ under %s, and no log file", under(t.where)))
		}
		return notes
	}
	accounts, known := layout.Accounts()
	if note := notThere("account", t.query.Accounts, accounts, known); note != "" {
		return append(notes, t.where+" has no files of "+note)
	}
	regions, known := layout.Regions()
	if note := notThere("region", t.query.Regions, regions, known); note != "" {
		notes = append(notes, t.where+" has no files of "+note)
	}
	return notes
}

// under ends a place in a slash.
func under(where string) string { return strings.TrimSuffix(where, "/") + "/" }

// maxNamed bounds how many accounts or regions a note names.
const maxNamed = 10

// notThere names what is wanted and not among what there is, and then what
// there is; "" when nothing is missing. known: that is all there is.
func notThere(noun string, wanted, there []string, known bool) string {
	var missing []string
	for _, w := range wanted {
		if !slices.Contains(there, w) {
			missing = append(missing, term.Escape(w))
		}
	}
	if !known || len(missing) == 0 || len(there) == 0 {
		return ""
	}
	var names []string
	for _, name := range there[:min(len(there), maxNamed)] {
		names = append(names, term.Escape(name))
	}
	list := strings.Join(names, ", ")
	if more := len(there) - len(names); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	if len(missing) > 1 {
		noun += "s"
	}
	return fmt.Sprintf("%s %s: it has those of %s", noun, strings.Join(missing, ", "), list)
}
