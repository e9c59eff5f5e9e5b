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

// Validation is the JSON form of a validation report. Its version rises when
// a field changes its meaning or goes; fields may be added.
type Validation struct {
	Version int `json:"version"`
	*validate.Report
	// Unlisted is there when it was asked for, also when there is none.
	Unlisted *int `json:"unlistedLogFiles,omitempty"`
}

const (
	validationVersion = 1
	validationHead    = "{\n  \"version\": 1,\n"
)

// ValidationJSON writes a report as one JSON object, without its files.
func ValidationJSON(w io.Writer, r *validate.Report) error {
	v := Validation{Version: validationVersion, Report: r}
	if r.SoughtUnlisted || r.Unlisted > 0 {
		v.Unlisted = &r.Unlisted
	}
	return JSON(w, v)
}

// ValidationText writes a report in the lines of "aws cloudtrail
// validate-logs": findings, then the summary; and one line of ours.
func ValidationText(w io.Writer, r *validate.Report) error {
	b := bufio.NewWriter(w)
	for _, f := range r.Findings {
		fmt.Fprintln(b, findingLine(f, len(r.Chains) > 1))
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(b)
	}
	summary(b, r)
	fmt.Fprintln(b, term.Escape(ValidationLine(r)))
	return b.Flush()
}

func findingLine(f validate.Finding, several bool) string {
	backfill := ""
	if f.Backfill {
		backfill = "(backfill) "
	}
	where := ""
	if several {
		where = fmt.Sprintf(" (account %s, region %s)", f.Account, f.Region)
	}
	switch {
	case f.Code == validate.CodeGap && f.Severity == validate.SeverityNotice: // as the AWS CLI says it
		return backfill + term.Escape(f.Message) + where
	case f.Subject == validate.SubjectChain:
		return backfill + "Digest chain\t" + term.Escape(f.URI) + "\t" + term.Escape(f.Message+remarks(f))
	case f.Subject == validate.SubjectDigest:
		return backfill + "Digest file\t" + term.Escape(f.URI) + "\t" + term.Escape(f.Message+remarks(f))
	case f.Subject == validate.SubjectManifest:
		return "Manifest\t" + term.Escape(f.URI) + "\t" + term.Escape(f.Message+remarks(f))
	case f.Subject == validate.SubjectCopy:
		return "Copy\t" + term.Escape(f.URI) + "\t" + term.Escape(f.Message+remarks(f))
	case f.Subject == validate.SubjectFile:
		return "File\t" + term.Escape(f.URI) + "\t" + term.Escape(f.Message+remarks(f))
	}
	return "Log file\t" + term.Escape(f.URI) + "\t" + term.Escape(f.Message+remarks(f))
}

// remarks are what a finding says besides its message, in brackets.
func remarks(f validate.Finding) string {
	if s := remarkText(f); s != "" {
		return " (" + s + ")"
	}
	return ""
}

func remarkText(f validate.Finding) string {
	var list []string
	if f.Detail != "" && f.Severity != validate.SeverityUnchecked {
		list = append(list, f.Detail)
	}
	switch {
	case f.Range == nil || f.Severity == validate.SeverityWarning:
	case f.Range.Start.IsZero():
		list = append(list, "nothing before "+moment3339(f.Range.End)+" is covered")
	default:
		list = append(list, fmt.Sprintf("nothing covers %s to %s", moment3339(f.Range.Start), moment3339(f.Range.End)))
	}
	if f.MissingDigests > 0 {
		list = append(list, Count(f.MissingDigests, "digest file")+" missing")
	}
	if f.UnprovenLogFiles > 0 {
		list = append(list, Count(f.UnprovenLogFiles, "log file")+" unproven")
	}
	return strings.Join(list, "; ")
}

func moment3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// summary are the closing lines.
func summary(w io.Writer, r *validate.Report) {
	summaryOf(w, r)
	if r.Interrupted {
		fmt.Fprintln(w, "Interrupted: there is more that was not looked at")
	}
}

func summaryOf(w io.Writer, r *validate.Report) {
	from := "the beginning"
	if !r.Requested.Start.IsZero() {
		from = moment3339(r.Requested.Start)
	}
	fmt.Fprintf(w, "Results requested for %s to %s\n", from, moment3339(r.Requested.End))
	if r.Digests.Total()+r.BackfillDigests.Total()+r.Digests.Unproven+r.BackfillDigests.Unproven == 0 {
		if r.Interrupted {
			fmt.Fprintln(w, "Interrupted before any digest file was read")
		} else {
			fmt.Fprintln(w, "No digests found")
		}
		return
	}
	if r.Found == nil {
		fmt.Fprintln(w, "No valid digests found in range")
	} else {
		fmt.Fprintf(w, "Results found for %s to %s:\n", moment3339(r.Found.Start), moment3339(r.Found.End))
	}
	fmt.Fprintln(w)
	ratio(w, r.Digests, "digest")
	ratio(w, r.BackfillDigests, "backfill digest")
	ratio(w, r.LogFiles, "log")
	if r.ProvedBefore > 0 {
		were := "were"
		if r.ProvedBefore == 1 {
			were = "was"
		}
		fmt.Fprintf(w, "%d of the valid log files %s proved by an earlier run (--resume) and not fetched\n", r.ProvedBefore, were)
	}
}

func ratio(w io.Writer, c validate.Counts, name string) {
	total := c.Total()
	if total > 0 {
		line := fmt.Sprintf("%d/%d %s files valid", c.Valid, total, name)
		if n := c.Bad(); n > 0 {
			line += fmt.Sprintf(", %d/%d %s files INVALID", n, total, name)
		}
		if c.Unchecked > 0 {
			line += fmt.Sprintf(", %d/%d could not be checked", c.Unchecked, total)
		}
		fmt.Fprintln(w, line)
	}
	if c.Unproven > 0 {
		verb := "are"
		if c.Unproven == 1 {
			verb = "is"
		}
		fmt.Fprintf(w, "%s %s unproven\n", Count(c.Unproven, name+" file"), verb)
	}
}

// ValidationLine is a report in one line. It counts findings only where no
// file tells why the report is what it is, and warnings apart.
func ValidationLine(r *validate.Report) string {
	parts := manifestWords(r)
	findings, warnings := 0, 0
	for _, f := range r.Findings {
		switch {
		case partOf(f) == partManifest && (f.Severity == validate.SeverityInvalid || f.Severity == validate.SeverityMissing): // in parts
		case f.Severity == validate.SeverityWarning:
			warnings++
		case f.Severity == validate.SeverityUnchecked && r.Verdict == validate.VerdictIncomplete,
			f.Severity == validate.SeverityInvalid, f.Severity == validate.SeverityMissing:
			findings++
		}
	}
	explained := r.Unlisted > 0 || len(parts) > 0
	for _, c := range []validate.Counts{r.Digests, r.BackfillDigests, r.LogFiles} {
		explained = explained || c.Bad() > 0 || r.Verdict == validate.VerdictIncomplete && c.Unchecked > 0
	}
	if !explained && findings > 0 {
		parts = append(parts, Count(findings, "finding"))
	}
	say := func(c validate.Counts, noun string) {
		for _, n := range []struct {
			count int
			word  string
		}{{c.Invalid, "invalid"}, {c.Missing, "missing"}, {c.Unchecked, "not checked"}, {c.Unproven, "unproven"}} {
			if n.count > 0 {
				parts = append(parts, Count(n.count, noun)+" "+n.word)
			}
		}
	}
	say(r.Digests, "digest file")
	say(r.BackfillDigests, "backfill digest file")
	say(r.LogFiles, "log file")
	if r.Unlisted > 0 {
		parts = append(parts, Count(r.Unlisted, "log file")+" unlisted")
	}
	switch {
	case r.Verdict == validate.VerdictNothing:
		parts = []string{"no digest files"}
	case r.Verdict == validate.VerdictValid:
		parts = append([]string{fmt.Sprintf("%s and %s proved", Count(r.Digests.Valid+r.BackfillDigests.Valid, "digest file"), Count(r.LogFiles.Valid, "log file"))}, parts...)
	}
	if warnings > 0 {
		parts = append(parts, Count(warnings, "warning"))
	}
	if r.Interrupted {
		parts = append(parts, "interrupted")
	}
	return verdictWord(r.Verdict) + ": " + strings.Join(parts, ", ")
}
