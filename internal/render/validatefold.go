package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"trailctl/validate"
)

// fewest is how many valid chains of an account, or accounts, are put on one
// line: of fewer each has its own.
const fewest = 4

// folds are the lists that are put on one line, by their kind.
func (v validationTree) folds(lists [][]spot) map[string][][]spot {
	folds := map[string][][]spot{}
	if v.all {
		return folds
	}
	for _, l := range lists {
		if kind, quiet := v.kind(l); quiet {
			folds[kind] = append(folds[kind], l)
		}
	}
	maps.DeleteFunc(folds, func(_ string, l [][]spot) bool { return len(l) < fewest })
	return folds
}

// kind tells whether chains are valid, and what else there is to say about
// them, which is at most that they begin late or were stopped for a while.
func (v validationTree) kind(list []spot) (kind string, quiet bool) {
	var codes []string
	for _, p := range list {
		if p.chain == nil {
			codes = append(codes, "no chain")
		} else if v.cutOff(p) {
			codes = append(codes, "cut off")
		} else if p.chain.Verdict != validate.VerdictValid {
			return "loud", false
		}
		for _, f := range p.findings {
			if !mild(f) || f.Subject != validate.SubjectChain {
				return "loud", false
			}
			codes = append(codes, string(f.Code))
		}
		if len(p.findings) == 0 && len(v.holes(p)) > 0 {
			return "loud", false
		}
	}
	slices.Sort(codes)
	return strings.Join(slices.Compact(codes), " "), true
}

// foldChains puts chains of one account on one line. Their regions are named
// unless there are more accounts: then those that are not here tell.
func (v validationTree) foldChains(list []spot, several bool) *branch {
	var names []string
	for _, p := range list {
		names = append(names, p.name())
	}
	what := Count(len(list), "region")
	if slices.ContainsFunc(list, func(p spot) bool { return p.backfill }) || len(slices.Compact(slices.Clone(names))) < len(names) {
		what = Count(len(list), "chain")
	}
	b := v.fold(what, list)
	if !several {
		b.leaf("", "", strings.Join(names, ", "))
	}
	return b
}

// cutOff tells whether a chain is not proved for the one reason that the run
// was interrupted: then all chains are.
func (v validationTree) cutOff(p spot) bool {
	return v.report.Interrupted && p.chain != nil && p.chain.Verdict == validate.VerdictIncomplete
}

func (v validationTree) foldAccounts(list [][]spot) *branch {
	all := slices.Concat(list...)
	var names []string
	for _, g := range list {
		names = append(names, g[0].account)
	}
	b := v.fold(fmt.Sprintf("%s, %s", Count(len(list), "account"), Count(len(all), "chain")), all)
	const most = 60
	more := ""
	if len(names) > most {
		names, more = names[:most], fmt.Sprintf(", and %d more (--verbose names all)", len(names)-most)
	}
	b.leaf("", "", strings.Join(names, ", ")+more)
	return b
}

// fold is the branch of several quiet chains: what they are together, the time
// that each of them covers, and once what is to be said of many.
func (v validationTree) fold(head string, list []spot) *branch {
	b := &branch{head: head, verdict: validate.VerdictNothing}
	digests, logs := 0, 0
	each := validate.Range{End: v.report.Requested.End}
	covered, cut := true, false
	for _, p := range list {
		if p.chain == nil {
			continue
		}
		if b.verdict = validate.VerdictValid; v.cutOff(p) || cut {
			b.verdict, cut = validate.VerdictIncomplete, true
		}
		digests, logs = digests+p.chain.Digests.Valid, logs+p.chain.LogFiles.Valid
		n := len(p.chain.Covered)
		if n == 0 {
			covered = false
			continue
		}
		if from := p.chain.Covered[0].Start; from.After(each.Start) {
			each.Start = from
		}
		if to := p.chain.Covered[n-1].End; to.Before(each.End) {
			each.End = to
		}
	}
	if b.verdict != validate.VerdictNothing {
		b.note = fmt.Sprintf("%s, %s", Count(digests, "digest file"), Count(logs, "log file"))
		if covered && each.Start.Before(each.End) {
			b.leaf("", "", "all from "+rangeText(each))
		}
	}
	b.likewise(list)
	return b
}

// likewise says of many what it says of the first of them.
func (b *branch) likewise(list []spot) {
	first := map[validate.Code]validate.Finding{}
	count, unproven := map[validate.Code]int{}, map[validate.Code]int{}
	for _, p := range list {
		for _, f := range p.findings {
			unproven[f.Code] += f.UnprovenLogFiles
			if count[f.Code]++; count[f.Code] == 1 {
				first[f.Code] = f
			}
		}
	}
	for _, code := range slices.Sorted(maps.Keys(count)) {
		f := first[code]
		word, sgr := severityWord(f.Severity)
		text := findingWords(f, f.Backfill)
		if n := count[code]; n > 1 {
			all := ""
			if unproven[code] > f.UnprovenLogFiles {
				all = ": " + Count(unproven[code], "log file") + " in all"
			}
			text += fmt.Sprintf(" (%s, and so or alike %s more%s)", strings.Join(words(f.Account, f.Region), " "), Count(n-1, "chain"), all)
		}
		b.leaf(word, sgr, text)
	}
}
