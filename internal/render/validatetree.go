package render

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"trailctl/internal/term"
	"trailctl/validate"
)

// ValidationTree writes a report for a terminal: the chains as a tree of
// trail, account and region, then the summary. What is valid is folded, unless
// all is asked for; what is not stands whole at its chain. Only names of
// objects, which are copied from there, may be longer than the terminal is
// wide.
func ValidationTree(w io.Writer, r *validate.Report, t Terminal, all bool) error {
	b := bufio.NewWriter(w)
	tree := validationTree{report: r, width: t.Width, all: all, single: len(r.Chains) == 1}
	ofManifest, rest := manifestFindings(r)
	for _, g := range grouped(spots(r.Chains, rest), sameTrail) {
		tree.trail(g).write(b, "", "", t)
		fmt.Fprintln(b)
	}
	if len(ofManifest) > 0 {
		manifestBranch(r, ofManifest).write(b, "", "", t)
		fmt.Fprintln(b)
	}
	summary(b, r)
	fmt.Fprintln(b, verdictLine(r, t))
	return b.Flush()
}

// verdictLine is ValidationLine on a terminal.
func verdictLine(r *validate.Report, t Terminal) string {
	word, rest, _ := strings.Cut(ValidationLine(r), ":")
	lines := Wrap(term.Escape(word+":"+rest), t.Width)
	lines[0] = painted(word, verdictColour(r.Verdict), t) + strings.TrimPrefix(lines[0], word)
	return strings.Join(lines, "\n")
}

// validationTree makes branches of places.
type validationTree struct {
	report *validate.Report
	width  int
	all    bool // nothing is folded
	single bool // there is one chain, which has room for all
}

func sameTrail(a, b spot) bool {
	if a.trail != b.trail {
		return false
	}
	// Of a place without a chain nobody knows more.
	return a.chain == nil || b.chain == nil || a.org == b.org && a.home == b.home
}

func sameAccount(a, b spot) bool { return a.account == b.account }

// grouped puts those together that are alike, in the order of the first.
func grouped(list []spot, alike func(a, b spot) bool) [][]spot {
	var groups [][]spot
	for _, p := range list {
		i := slices.IndexFunc(groups, func(g []spot) bool { return alike(g[0], p) })
		if i < 0 {
			i, groups = len(groups), append(groups, nil)
		}
		groups[i] = append(groups[i], p)
	}
	return groups
}

func (v validationTree) trail(list []spot) *branch {
	head := "Trail " + list[0].trail
	if list[0].trail == "" {
		head = "No trail"
	}
	if list[0].home != "" {
		head += " (home region " + list[0].home + ")"
	}
	if list[0].org != "" {
		head += ", organization " + list[0].org
	}
	b := &branch{head: head}
	accounts := grouped(list, sameAccount)
	folds := v.folds(accounts)
	for _, g := range accounts {
		if kind, _ := v.kind(g); folds[kind] == nil {
			b.kids = append(b.kids, v.account(g, len(accounts) > 1))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(folds)) {
		b.kids = append(b.kids, v.foldAccounts(folds[kind]))
	}
	return b
}

func (v validationTree) account(list []spot, several bool) *branch {
	name := list[0].account
	if name == "" {
		name = "(no account)"
	}
	b := &branch{head: "account " + name, verdict: worst(list)}
	var each [][]spot
	pad := 0
	for _, p := range list {
		each = append(each, []spot{p})
		pad = max(pad, cellWidth(term.Escape(p.name())))
	}
	folds := v.folds(each)
	for _, p := range list {
		if kind, _ := v.kind([]spot{p}); folds[kind] == nil {
			b.kids = append(b.kids, v.chain(p, pad))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(folds)) {
		b.kids = append(b.kids, v.foldChains(slices.Concat(folds[kind]...), several))
	}
	return b
}

func (p spot) name() string {
	if p.region == "" {
		return "(no region)"
	}
	if p.backfill {
		return p.region + " backfill"
	}
	return p.region
}

// chain is the branch of one chain: a line when it is valid, and all there is
// to know when it is not.
func (v validationTree) chain(p spot, pad int) *branch {
	name := p.name()
	b := &branch{head: name + strings.Repeat(" ", max(0, pad-cellWidth(term.Escape(name)))), verdict: worst([]spot{p})}
	if p.chain == nil {
		b.head = name
		if b.verdict == validate.VerdictValid {
			b.verdict = validate.VerdictNothing
		}
		b.findings(p, nil)
		return b
	}
	c, holes := p.chain, v.holes(p)
	if !v.single && c.Verdict == validate.VerdictValid {
		b.note = share(c.Digests) + " digest files, " + share(c.LogFiles) + " log files"
		if n := len(c.Covered); n > 0 {
			b.extra = ", " + rangeText(validate.Range{Start: c.Covered[0].Start, End: c.Covered[n-1].End})
		}
	} else {
		b.head = name
		b.leaf("digest files", "", tallied(c.Digests))
		b.leaf("log files", "", tallied(c.LogFiles)+bytesOf(c))
		if n := len(c.Covered); n > 0 {
			b.leaf("covered", "", rangeText(validate.Range{Start: c.Covered[0].Start, End: c.Covered[n-1].End})+
				fmt.Sprintf(", %s in all", lasting(length(c.Covered))))
		} else {
			b.leaf("covered", "", "nothing")
		}
	}
	for _, h := range holes {
		text := fmt.Sprintf("%s (%s)", rangeText(h.Range), lasting(h.End.Sub(h.Start)))
		if h.missing > 0 {
			text += ", " + Count(h.missing, "digest file") + " missing"
		}
		b.leaf(h.word, "33", text)
	}
	b.findings(p, holes)
	return b
}

func bytesOf(c *validate.Chain) string {
	if c.Bytes == 0 {
		return ""
	}
	return " (" + Size(c.Bytes) + ")"
}

// tallied are counts in words.
func tallied(c validate.Counts) string {
	text := fmt.Sprintf("%d of %d valid", c.Valid, c.Total())
	if c.Total() == 0 {
		text = "none"
	}
	for _, n := range []struct {
		count int
		word  string
	}{{c.Invalid, "invalid"}, {c.Missing, "missing"}, {c.Unchecked, "not checked"}, {c.Unproven, "unproven"}} {
		if n.count > 0 {
			text += fmt.Sprintf(", %d %s", n.count, n.word)
		}
	}
	return text
}

// hole is a range of time that no valid digest file covers.
type hole struct {
	validate.Range
	word    string
	missing int // digest files that are known to be missing there
}

// holes are the uncovered ranges of a chain. The time after its newest digest
// file, until the next one is due, is none.
func (v validationTree) holes(p spot) []hole {
	if p.chain == nil {
		return nil
	}
	var list []hole
	for _, r := range p.chain.Uncovered {
		h := hole{Range: r, word: "hole"}
		found := false
		for _, f := range p.findings {
			if f.Range != nil && f.Range.Start.Before(r.End) && r.Start.Before(f.Range.End) {
				found, h.missing = true, h.missing+f.MissingDigests
			}
		}
		tail := !r.End.Before(v.report.Requested.End)
		if tail && !found && (len(p.chain.Covered) > 0 || v.report.Interrupted) {
			continue
		}
		list = append(list, h)
	}
	return list
}

// findings adds what is wrong, the same words once. What a hole says already
// is not said again.
func (b *branch) findings(p spot, holes []hole) {
	list := slices.Clone(p.findings)
	for i, f := range list {
		if f.Range != nil && slices.ContainsFunc(holes, func(h hole) bool {
			return f.Range.Start.Before(h.End) && h.Start.Before(f.Range.End)
		}) {
			list[i].Range, list[i].MissingDigests = nil, 0
		}
	}
	for _, alike := range groups(list) {
		f := alike[0]
		word, sgr := severityWord(f.Severity)
		b.leaf(word, sgr, findingWords(f, false))
		if text := remarkText(f); text != "" {
			b.leaf("", "", text)
		}
		for i, f := range alike {
			if mild(f) && i == mostPlaces-1 && len(alike) > mostPlaces {
				b.leaf("", "", fmt.Sprintf("and %s more", Count(len(alike)-i, "place")))
				break
			}
			b.leaves = append(b.leaves, leaf{text: f.URI, whole: true})
		}
	}
}

func worst(list []spot) validate.Verdict {
	verdict := validate.VerdictValid
	for _, p := range list {
		if p.chain != nil && weight(p.chain.Verdict) > weight(verdict) {
			verdict = p.chain.Verdict
		}
		for _, f := range p.findings {
			switch {
			case f.Severity == validate.SeverityInvalid, f.Severity == validate.SeverityMissing:
				return validate.VerdictInvalid
			case f.Severity == validate.SeverityUnchecked:
				verdict = validate.VerdictIncomplete
			}
		}
	}
	return verdict
}

func weight(v validate.Verdict) int {
	return slices.Index([]validate.Verdict{validate.VerdictValid, validate.VerdictNothing, validate.VerdictIncomplete, validate.VerdictInvalid}, v)
}

// rangeText is a range of time for people; all times on a terminal are UTC.
func rangeText(r validate.Range) string {
	const layout = "2006-01-02 15:04"
	from, to := r.Start.UTC(), r.End.UTC()
	if from.Format(time.DateOnly) == to.Format(time.DateOnly) {
		return from.Format(layout) + " to " + to.Format("15:04") + " UTC"
	}
	return from.Format(layout) + " to " + to.Format(layout) + " UTC"
}

// lasting is a length of time in at most two units.
func lasting(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d >= 48*time.Hour:
		if h := int(d.Hours()) % 24; h > 0 {
			return fmt.Sprintf("%dd %dh", int(d.Hours())/24, h)
		}
		return fmt.Sprintf("%dd", int(d.Hours())/24)
	case d >= time.Hour:
		if m := int(d.Minutes()) % 60; m > 0 {
			return fmt.Sprintf("%dh %dm", int(d.Hours()), m)
		}
		return fmt.Sprintf("%dh", int(d.Hours()))
	case d >= time.Minute:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return fmt.Sprintf("%ds", int(d.Seconds()))
}
