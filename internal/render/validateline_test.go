package render

import (
	"bytes"
	"strings"
	"testing"

	"trailctl/validate"
)

// The line counts what makes a report what it is, and warnings apart.
func TestValidationLine(t *testing.T) {
	find := func(s validate.Severity) validate.Finding {
		return validate.Finding{Severity: s, Subject: validate.SubjectChain, Message: "x"}
	}
	notice, warning, missing, unchecked := find(validate.SeverityNotice), find(validate.SeverityWarning), find(validate.SeverityMissing), find(validate.SeverityUnchecked)
	valid := validate.Counts{Valid: 3}
	for _, c := range []struct {
		report validate.Report
		want   string
	}{
		{validate.Report{Verdict: validate.VerdictValid, Digests: valid, Findings: []validate.Finding{notice}}, "valid: 3 digest files and 0 log files proved"},
		{validate.Report{Verdict: validate.VerdictValid, Digests: valid, Findings: []validate.Finding{notice, warning}}, "valid: 3 digest files and 0 log files proved, 1 warning"},
		{validate.Report{Verdict: validate.VerdictInvalid, Digests: valid, Findings: []validate.Finding{notice, warning, warning, missing}}, "INVALID: 1 finding, 2 warnings"},
		{validate.Report{Verdict: validate.VerdictInvalid, LogFiles: validate.Counts{Unproven: 2}, Findings: []validate.Finding{missing}}, "INVALID: 1 finding, 2 log files unproven"},
		{validate.Report{Verdict: validate.VerdictInvalid, Digests: validate.Counts{Missing: 1}, Findings: []validate.Finding{missing, unchecked}}, "INVALID: 1 digest file missing"},
		{validate.Report{Verdict: validate.VerdictIncomplete, Findings: []validate.Finding{notice, unchecked}}, "partial: 1 finding"},
	} {
		if got := ValidationLine(&c.report); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// What an earlier run proved is told apart.
func TestSummaryOfAnEarlierRun(t *testing.T) {
	var b bytes.Buffer
	r := &validate.Report{Digests: validate.Counts{Valid: 1}, LogFiles: validate.Counts{Valid: 8, Invalid: 1}, ProvedBefore: 5}
	if err := ValidationText(&b, r); err != nil {
		t.Fatal(err)
	}
	if want := "\n5 of the valid log files were proved by an earlier run (--resume) and not fetched\n"; !strings.Contains(b.String(), want) {
		t.Errorf("%q is not in\n%s", want, b.String())
	}
}

// The line of a file says what is wrong with it.
func TestLineOfAFileThatIsNotValid(t *testing.T) {
	var b bytes.Buffer
	for _, f := range []validate.File{
		{URI: "s3://b/1", Status: validate.Invalid, Message: "INVALID: hash value doesn't match"},
		{URI: "s3://b/2", Status: validate.Unchecked, Message: "could not check: \x1b[2J"},
		{URI: "s3://b/3", Status: validate.Missing},
		{URI: "s3://b/4", Status: validate.Valid},
	} {
		if err := ValidatedLine(&b, f); err != nil {
			t.Fatal(err)
		}
		if err := ValidatedRow(&b, f, Terminal{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"s3://b/1\tINVALID: hash value doesn't match\n", "INVALID: hash value doesn't match  s3://b/1\n",
		"s3://b/2\tcould not check: \\x1b[2J\n", "s3://b/3\tINVALID: not found\n", "s3://b/4\tvalid\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}

// Each code belongs to a part of the check.
func TestPartsOfFindings(t *testing.T) {
	for _, c := range []struct {
		code    validate.Code
		subject validate.Subject
		want    string
	}{
		{validate.CodeUnproven, validate.SubjectLogFile, partLogs},
		{validate.CodeKeyValidity, validate.SubjectDigest, partDigests},
		{validate.CodeNotFound, validate.SubjectDigest, partCoverage},
		{validate.CodeGap, validate.SubjectChain, partCoverage},
		{validate.CodeTail, validate.SubjectChain, partCoverage},
		{validate.CodeNoDigests, validate.SubjectChain, partCoverage},
		{validate.CodeManifestSeal, validate.SubjectManifest, partManifest},
		{validate.CodeEvidenceChanged, validate.SubjectFile, partManifest},
		{validate.CodeEvidenceChanged, validate.SubjectLogFile, partManifest},
		{validate.CodeEvidenceMissing, validate.SubjectDigest, partManifest},
		{validate.CodePlain, validate.SubjectCopy, partManifest},
	} {
		if got := partOf(validate.Finding{Code: c.code, Subject: c.subject}); got != c.want {
			t.Errorf("%s of a %s: %q, want %q", c.code, c.subject, got, c.want)
		}
	}
	r := &validate.Report{Findings: []validate.Finding{{Severity: validate.SeverityMissing, Code: validate.CodeEvidenceMissing, Subject: validate.SubjectFile, Message: "INVALID: not found"}}}
	failed := map[string]bool{}
	for _, s := range JUnit(r).Suites[1:] {
		for _, c := range s.Cases {
			failed[c.Name] = c.Failure != nil
		}
	}
	if failed[partDigests] || !failed[partManifest] {
		t.Errorf("%v", failed)
	}
}
