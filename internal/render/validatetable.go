package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"trailctl/internal/term"
	"trailctl/validate"
)

// ValidationTable writes a report for people in a pipe: a table of chains for
// each account and trail, the findings, and the summary.
func ValidationTable(w io.Writer, r *validate.Report, t Terminal) error {
	b := bufio.NewWriter(w)
	for i := 0; i < len(r.Chains); {
		n := i + 1
		for n < len(r.Chains) && sameGroup(r.Chains[i], r.Chains[n]) {
			n++
		}
		fmt.Fprintln(b, groupHead(r.Chains[i]))
		if err := chainTable(r.Chains[i:n], t).Write(b, t.Width, t.Colour); err != nil {
			return err
		}
		fmt.Fprintln(b)
		i = n
	}
	for _, alike := range groups(r.Findings) {
		writeFinding(b, alike, t)
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(b)
	}
	summary(b, r)
	fmt.Fprintln(b, verdictLine(r, t))
	return b.Flush()
}

func sameGroup(a, b validate.Chain) bool {
	return a.Org == b.Org && a.Account == b.Account && a.Trail == b.Trail && a.HomeRegion == b.HomeRegion
}

func groupHead(c validate.Chain) string {
	org := ""
	if c.Org != "" {
		org = " of " + c.Org
	}
	return term.Escape(fmt.Sprintf("Account %s%s, trail %s (home region %s)", c.Account, org, c.Trail, c.HomeRegion))
}

func chainTable(chains []validate.Chain, t Terminal) Table {
	table := Table{Columns: []Column{
		{Head: "REGION"}, {Head: "DIGESTS", Right: true}, {Head: "LOG FILES", Right: true},
		{Head: "FROM"}, {Head: "TO"}, {Head: "VERDICT", Min: 7},
	}}
	if t.Width > 0 {
		table.Columns[3].Head, table.Columns[4].Head = "FROM (UTC)", "TO (UTC)"
	}
	for i, c := range chains {
		region := c.Region
		if c.Backfill {
			region = "  backfill"
			if i == 0 || chains[i-1].Region != c.Region {
				region = c.Region + " backfill"
			}
		}
		from, to := "-", "-"
		if n := len(c.Covered); n > 0 {
			from, to = ends(c.Covered[0].Start, c.Covered[n-1].End, t)
		}
		table.Rows = append(table.Rows, []string{
			term.Escape(region), share(c.Digests), share(c.LogFiles), from, to, verdictWord(c.Verdict),
		})
	}
	table.Paint = func(row, column int) string {
		if column != len(table.Columns)-1 {
			return ""
		}
		return verdictColour(chains[row].Verdict)
	}
	return table
}

func share(c validate.Counts) string { return fmt.Sprintf("%d/%d", c.Valid, c.Total()) }

// ends are the two ends of a range: RFC 3339, and shorter on a terminal.
func ends(from, to time.Time, t Terminal) (string, string) {
	const most = 300 * 24 * time.Hour
	layout := "2006-01-02 15:04"
	switch {
	case t.Width <= 0:
		layout = time.RFC3339
	case t.Width >= narrow:
	case to.Sub(from) > most:
		layout = "2006-01-02"
	default:
		layout = "01-02 15:04" // the summary below holds the year
	}
	return from.UTC().Format(layout), to.UTC().Format(layout)
}

func verdictWord(v validate.Verdict) string {
	switch v {
	case validate.VerdictInvalid:
		return "INVALID"
	case validate.VerdictIncomplete:
		return "partial"
	case validate.VerdictNothing:
		return "nothing"
	}
	return "valid"
}

func verdictColour(v validate.Verdict) string {
	switch v {
	case validate.VerdictInvalid:
		return "31"
	case validate.VerdictIncomplete, validate.VerdictNothing:
		return "33"
	}
	return "32"
}

// groups puts findings together that differ in their place alone, in the
// order of the first of each.
func groups(findings []validate.Finding) [][]validate.Finding {
	type words struct {
		severity              validate.Severity
		subject               validate.Subject
		message, remark, home string
	}
	at := map[words]int{}
	var list [][]validate.Finding
	for _, f := range findings {
		k := words{f.Severity, f.Subject, f.Message, remarkText(f), fmt.Sprint(f.Account, f.Trail, f.Backfill)}
		i, ok := at[k]
		if !ok {
			i = len(list)
			at[k], list = i, append(list, nil)
		}
		list[i] = append(list[i], f)
	}
	return list
}

// mostPlaces is how many places of a notice or a warning are named in a
// table; of what is worse all are.
const mostPlaces = 4

// writeFinding writes what is wrong on one line and where on the next: names
// are longer than a terminal is wide, and are copied from there.
func writeFinding(w io.Writer, alike []validate.Finding, t Terminal) {
	f := alike[0]
	word, sgr := severityWord(f.Severity)
	message := findingWords(f, f.Backfill) + altogether(alike)
	room := 0
	if t.Width > 0 {
		room = max(t.Width-len(word)-len(indent), narrowest)
	}
	lines := Wrap(term.Escape(message), room)
	if t.Colour {
		word = "\x1b[" + sgr + "m" + word + "\x1b[0m"
	}
	fmt.Fprintf(w, "%s  %s\n", word, strings.Join(lines, "\n"+indent))
	for _, line := range Wrap(term.Escape(remarkText(f)), t.Width-len(indent)) {
		fmt.Fprintf(w, "%s%s\n", indent, line)
	}
	for i, f := range alike {
		if mild(f) && i == mostPlaces-1 && len(alike) > mostPlaces {
			fmt.Fprintf(w, "%sand %s more\n", indent, Count(len(alike)-i, "place"))
			return
		}
		fmt.Fprintf(w, "%s%s\n", indent, term.Escape(f.URI))
	}
}

// altogether is how many log files findings of the same words are about, where
// each says its own number only.
func altogether(alike []validate.Finding) string {
	n := 0
	for _, f := range alike {
		n += f.UnprovenLogFiles
	}
	if n == alike[0].UnprovenLogFiles {
		return ""
	}
	return fmt.Sprintf(" (in each of %s: %s in all)", Count(len(alike), "place"), Count(n, "log file"))
}

// findingWords is what a finding says, without what its severity says.
func findingWords(f validate.Finding, backfill bool) string {
	message := strings.TrimPrefix(strings.TrimPrefix(f.Message, "INVALID: "), "could not check: ")
	if f.Subject != validate.SubjectChain {
		message = string(f.Subject) + ": " + message
	}
	if backfill {
		message = "backfill " + message
	}
	return message
}

// mild tells whether a finding leaves a check valid.
func mild(f validate.Finding) bool {
	return f.Severity == validate.SeverityNotice || f.Severity == validate.SeverityWarning
}

const indent = "  "

// narrowest is what text is still wrapped to on a terminal that is no wider
// than a word.
const narrowest = 20

func severityWord(s validate.Severity) (word, sgr string) {
	switch s {
	case validate.SeverityInvalid:
		return "INVALID", "31"
	case validate.SeverityMissing:
		return "MISSING", "31"
	case validate.SeverityUnchecked:
		return "NOT CHECKED", "33"
	case validate.SeverityWarning:
		return "WARNING", "33"
	}
	return "NOTICE", "36"
}

// Wrap breaks text at spaces so that lines fit a width; 0 or less leaves it
// whole.
func Wrap(s string, width int) []string {
	if s == "" {
		return nil
	}
	if width <= 0 {
		return []string{s}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
