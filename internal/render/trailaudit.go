package render

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"trailctl/internal/term"
	"trailctl/trail/audit"
)

// AuditText writes a report for people: what fails and what could not be
// read with the reason and what to do, then the rest as a table.
func AuditText(w io.Writer, r audit.Report, t Terminal) error {
	b := bufio.NewWriter(w)
	var quiet []audit.Finding
	for _, group := range auditGroups(r.Findings) {
		if f := group[0]; f.Result == audit.Fail || f.Result == audit.Unknown {
			auditBlock(b, group, t)
		} else {
			quiet = append(quiet, group...)
		}
	}
	if err := b.Flush(); err != nil {
		return err
	}
	if err := auditTable(w, quiet, t); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d failed, %d not known, %d passed, %d not applicable\n",
		r.Count(audit.Fail), r.Count(audit.Unknown), r.Count(audit.Pass), r.Count(audit.NotApplicable))
	return err
}

// auditGroups puts findings together that have the same reason and the same
// remedy, in the order in which the first of each comes.
func auditGroups(findings []audit.Finding) [][]audit.Finding {
	type key struct {
		result                audit.Result
		severity              audit.Severity
		arn, why, fix, single string
	}
	at := map[key]int{}
	var groups [][]audit.Finding
	for _, f := range findings {
		k := key{f.Result, f.Control.Severity, f.ARN, f.Why, f.Fix, ""}
		if f.Result != audit.Fail && f.Result != audit.Unknown {
			k.single = f.Control.ID()
		}
		i, ok := at[k]
		if !ok {
			i = len(groups)
			at[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], f)
	}
	return groups
}

// auditIndent is where the text of a block begins.
const auditIndent = 9

func auditBlock(w io.Writer, group []audit.Finding, t Terminal) {
	f := group[0]
	state, colour := "FAIL", "31"
	if f.Result == audit.Unknown {
		state, colour = "UNKNOWN", "33"
	}
	var titles []string
	for _, g := range group {
		titles = append(titles, fmt.Sprintf("%s (%s)", g.Control.Title, strings.Join(g.Control.IDs(), ", ")))
	}
	for i, title := range titles {
		head := ""
		if i == 0 {
			head = state
		}
		auditLine(w, head, title, t.Width, func(s string) string { return paint(s, colour, t.Colour) })
	}
	plain := func(s string) string { return s }
	where := "the account"
	if f.Trail != "" {
		where = "trail " + f.Trail + " in " + f.Region
	}
	auditLine(w, string(f.Control.Severity), where+": "+f.Why, t.Width, plain)
	for i, line := range auditValues(group) {
		head := ""
		if i == 0 {
			head = "read"
		}
		auditLine(w, head, line, t.Width, plain)
	}
	if f.Fix != "" {
		auditFix(w, term.Escape(f.Fix), t.Width)
	}
	fmt.Fprintln(w)
}

// auditFix writes a command, which is copied: it is never broken here, and
// stands on a line of its own where a terminal would have to break it.
func auditFix(w io.Writer, fix string, width int) {
	if width > 0 && auditIndent+runewidth.StringWidth(fix) > width {
		fmt.Fprintf(w, "fix\n%s\n", fix)
		return
	}
	fmt.Fprintf(w, "%-*s%s\n", auditIndent, "fix", fix)
}

// fewValues are worth a line each.
const fewValues = 4

// auditValues are what a group's verdict rests on.
func auditValues(group []audit.Finding) []string {
	var list []string
	for _, f := range group {
		for _, e := range f.Evidence {
			if line := e.What + ": " + e.Value; !slices.Contains(list, line) {
				list = append(list, line)
			}
		}
	}
	if len(list) > fewValues {
		return []string{fmt.Sprintf("%d values, which --output json lists", len(list))}
	}
	return list
}

// auditLine writes a word and a text beside it, broken at spaces. The lines
// after the first are indented by two more.
func auditLine(w io.Writer, head, text string, width int, paintHead func(string) string) {
	lines := []string{term.Escape(text)}
	if width > auditIndent+20 {
		lines = Hang("", lines[0], width-auditIndent)
	}
	for i, line := range lines {
		word, painted := "", ""
		if i == 0 && head != "" {
			word, painted = head, paintHead(head)
		}
		pad := strings.Repeat(" ", max(1, auditIndent-runewidth.StringWidth(word)))
		fmt.Fprintln(w, strings.TrimRight(painted+pad+line, " "))
	}
}

func auditTable(w io.Writer, findings []audit.Finding, t Terminal) error {
	if len(findings) == 0 {
		return nil
	}
	table := Table{Columns: []Column{
		{Head: "RESULT"}, {Head: "CONTROL", Keep: true}, {Head: "TRAIL", Min: 7, Middle: true}, {Head: "RULE", Min: 30, Keep: true},
	}}
	for _, f := range findings {
		state, trail := "pass", "-"
		if f.Result == audit.NotApplicable {
			state = "n/a"
		}
		if f.Trail != "" {
			trail = f.Trail
		}
		table.Rows = append(table.Rows, []string{state, f.Control.ID(), term.Escape(trail), f.Control.Title})
	}
	table.Paint = func(row, column int) string {
		if column == 0 && findings[row].Result == audit.Pass {
			return "32"
		}
		return ""
	}
	if err := table.Write(w, t.Width, t.Colour); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}

type auditFindingJSON struct {
	Control   string              `json:"control"`
	IDs       []string            `json:"ids"`
	Title     string              `json:"title"`
	Severity  audit.Severity      `json:"severity"`
	Result    audit.Result        `json:"result"`
	Trail     string              `json:"trail,omitempty"`
	TrailARN  string              `json:"trailArn,omitempty"`
	Region    string              `json:"region,omitempty"`
	Why       string              `json:"why"`
	Evidence  []auditEvidenceJSON `json:"evidence"`
	FixedWith string              `json:"fix,omitempty"`
}

type auditEvidenceJSON struct {
	Call  string `json:"call"`
	What  string `json:"what"`
	Value string `json:"value"`
}

// AuditJSON writes a report as one document.
func AuditJSON(w io.Writer, r audit.Report) error {
	doc := struct {
		Version       int                `json:"version"`
		Account       string             `json:"account"`
		Complete      bool               `json:"complete"`
		Failed        int                `json:"failed"`
		Unknown       int                `json:"unknown"`
		Passed        int                `json:"passed"`
		NotApplicable int                `json:"notApplicable"`
		Findings      []auditFindingJSON `json:"findings"`
	}{
		Version: jsonVersion, Account: r.Account.ID, Complete: r.Partial == nil, Failed: r.Count(audit.Fail), Unknown: r.Count(audit.Unknown),
		Passed: r.Count(audit.Pass), NotApplicable: r.Count(audit.NotApplicable), Findings: []auditFindingJSON{},
	}
	for _, f := range r.Findings {
		row := auditFindingJSON{
			Control: f.Control.ID(), IDs: f.Control.IDs(), Title: f.Control.Title, Severity: f.Control.Severity, Result: f.Result,
			Trail: f.Trail, TrailARN: f.ARN, Region: f.Region, Why: f.Why, Evidence: []auditEvidenceJSON{}, FixedWith: f.Fix,
		}
		for _, e := range f.Evidence {
			row.Evidence = append(row.Evidence, auditEvidenceJSON{e.Call, e.What, e.Value})
		}
		doc.Findings = append(doc.Findings, row)
	}
	return JSON(w, doc)
}
