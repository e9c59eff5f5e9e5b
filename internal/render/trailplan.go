package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"trailctl/internal/term"
	"trailctl/trail"
)

// PlanText writes a plan for people: every step, its notes, and policies as
// the lines that change.
func PlanText(w io.Writer, p trail.Plan, t Terminal) error {
	_, err := fmt.Fprintf(w, "Plan for trail %s in %s, account %s:\n",
		term.Escape(p.Trail.Name), term.Escape(homes(p.Trail, p.Trails)), term.Escape(p.Account.ID))
	if err != nil {
		return err
	}
	return planSteps(w, p, t)
}

// PlanQuestion is PlanText for somebody who is about to be asked: documents
// that are new from the first to the last line are left out, because their
// notes say what they open, and it ends with how much there is to do.
func PlanQuestion(w io.Writer, p trail.Plan, t Terminal) error {
	short := p
	short.Steps = slices.Clone(p.Steps)
	left := false
	for i, s := range short.Steps {
		if s.Before == "" && s.After != "" {
			short.Steps[i].After, left = "", true
		}
	}
	if err := PlanText(w, short, t); err != nil {
		return err
	}
	text := "\n" + planCount(p) + "."
	if left {
		text += " New policies are shown by --dry-run."
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// planCount says how many steps of each kind there are.
func planCount(p trail.Plan) string {
	count := map[trail.Kind]int{}
	for _, s := range p.Steps {
		count[s.Kind]++
	}
	var words []string
	for _, k := range []struct {
		kind trail.Kind
		word string
	}{{trail.Create, "create"}, {trail.Change, "change"}, {trail.Remove, "remove"}, {trail.Keep, "keep"}} {
		if n := count[k.kind]; n > 0 {
			words = append(words, fmt.Sprintf("%d to %s", n, k.word))
		}
	}
	return strings.Join(words, ", ")
}

func planSteps(w io.Writer, p trail.Plan, t Terminal) error {
	for _, s := range p.Steps {
		if err := planStep(w, s, t); err != nil {
			return err
		}
	}
	return nil
}

func planStep(w io.Writer, s trail.Step, t Terminal) error {
	var b strings.Builder
	for _, line := range Hang("  ", StepLine(s), t.Width) {
		fmt.Fprintf(&b, "%s\n", paint(line, stepColour(s.Kind), t.Colour))
	}
	for _, f := range s.Fields {
		if s.Kind == trail.Create && f.Before == "" {
			fmt.Fprintf(&b, "      %s: %s\n", f.Name, term.Escape(f.After))
		} else {
			fmt.Fprintf(&b, "      %s: %s -> %s\n", f.Name, orNone(f.Before), orNone(f.After))
		}
	}
	for _, n := range StepNotes(s) {
		for _, line := range Hang("      ", n, t.Width) {
			fmt.Fprintf(&b, "%s\n", line)
		}
	}
	for line := range strings.Lines(policyDiff(s)) {
		line = strings.TrimRight(line, "\n")
		fmt.Fprintf(&b, "      %s\n", paint(term.Escape(line), diffColour(line), t.Colour))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// homes are the home regions of the trails of a plan.
func homes(first trail.Trail, all []trail.Trail) string {
	if len(all) < 2 {
		return first.HomeRegion
	}
	var regions []string
	for _, t := range all {
		regions = append(regions, t.HomeRegion)
	}
	return strings.Join(regions, ", ")
}

// StepLine is a step in one line.
func StepLine(s trail.Step) string {
	mark := map[trail.Kind]string{trail.Create: "+", trail.Change: "~", trail.Remove: "-", trail.Keep: "="}[s.Kind]
	return term.Escape(fmt.Sprintf("%s %-6s  %s: %s", mark, s.Kind, s.Target, s.Summary))
}

// StepNotes are a step's warnings and notes, a line each.
func StepNotes(s trail.Step) []string {
	var lines []string
	for _, w := range s.Warnings {
		lines = append(lines, term.Escape("warning: "+w))
	}
	for _, n := range s.Notes {
		lines = append(lines, term.Escape("note: "+n))
	}
	return lines
}

// Hang breaks text at spaces so that it fits a width after a margin; the
// lines after the first are indented by two more. The first words keep the
// spaces between them. A width of 0 or less leaves it whole.
func Hang(margin, text string, width int) []string {
	if width <= 0 || len(margin)+len(text) <= width {
		return []string{margin + text}
	}
	cut := strings.LastIndex(text[:max(width-len(margin)+1, 0)], " ")
	if cut <= 0 {
		return []string{margin + text}
	}
	lines := []string{margin + strings.TrimRight(text[:cut], " ")}
	for _, line := range Wrap(text[cut:], width-len(margin)-2) {
		lines = append(lines, margin+"  "+line)
	}
	return lines
}

func policyDiff(s trail.Step) string {
	if s.Before == s.After {
		return ""
	}
	before, after := s.Texts()
	text := string(diff.Diff("before", []byte(before), "after", []byte(after)))
	_, text, _ = strings.Cut(text, "\n") // the line that names the command
	return text
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return term.Escape(s)
}

func paint(s, sgr string, colour bool) string {
	if !colour || sgr == "" {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[0m"
}

func stepColour(k trail.Kind) string {
	return map[trail.Kind]string{trail.Create: "32", trail.Change: "33", trail.Remove: "31"}[k]
}

func diffColour(line string) string {
	switch {
	case strings.HasPrefix(line, "+"):
		return "32"
	case strings.HasPrefix(line, "-"):
		return "31"
	}
	return ""
}
