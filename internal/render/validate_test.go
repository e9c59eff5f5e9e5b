package render

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"trailctl/validate"
)

func validationReport() *validate.Report {
	at := func(h int) time.Time { return time.Date(2024, 3, 1, h, 3, 17, 0, time.UTC) }
	chain := func(region string, v validate.Verdict) validate.Chain {
		return validate.Chain{
			Account: "111122223333", Region: region, Trail: "corp-trail", HomeRegion: "us-east-1", Verdict: v,
			Digests: validate.Counts{Valid: 1440, Invalid: 1}, LogFiles: validate.Counts{Valid: 17280},
			Covered: []validate.Range{{Start: at(0), End: at(8)}, {Start: at(9), End: at(17)}},
		}
	}
	backfill := chain("ap-southeast-2", validate.VerdictIncomplete)
	backfill.Backfill = true
	find := func(s validate.Severity, c validate.Code, sub validate.Subject, uri, message string) validate.Finding {
		return validate.Finding{Severity: s, Code: c, Subject: sub, URI: uri, Message: message, Account: "111122223333", Region: "us-east-1", Trail: "corp-trail"}
	}
	hole := find(validate.SeverityMissing, validate.CodeNotFound, validate.SubjectDigest, "s3://b/digest", "INVALID: not found")
	hole.Range, hole.MissingDigests = &validate.Range{Start: at(8), End: at(9)}, 1
	changed := find(validate.SeverityInvalid, validate.CodeSignature, validate.SubjectDigest, "s3://b/changed", "INVALID: signature verification failed")
	changed.UnprovenLogFiles, changed.Backfill = 12, true
	gap := find(validate.SeverityNotice, validate.CodeGap, validate.SubjectChain, "s3://b/", "No log files were delivered by CloudTrail between A and B")
	gap.Range = &validate.Range{Start: at(1), End: at(2)}
	return &validate.Report{
		Trail: "corp-trail", HomeRegion: "us-east-1", Verdict: validate.VerdictInvalid,
		Requested: validate.Range{End: at(18)}, Found: &validate.Range{Start: at(0), End: at(17)},
		Digests:         validate.Counts{Valid: 14, Invalid: 1, Missing: 2, Unchecked: 1},
		BackfillDigests: validate.Counts{Valid: 3},
		LogFiles:        validate.Counts{Valid: 199, Missing: 1, Unproven: 11},
		Chains:          []validate.Chain{chain("ap-southeast-2", validate.VerdictValid), backfill, chain("us-east-1", validate.VerdictInvalid)},
		Findings: []validate.Finding{
			hole, changed, gap,
			find(validate.SeverityInvalid, validate.CodeHash, validate.SubjectLogFile, "s3://b/log\x1b[2J\n", "INVALID: hash value doesn't match"),
			find(validate.SeverityUnchecked, validate.CodeUnreadable, validate.SubjectLogFile, "s3://b/log2", "could not check: access denied"),
		},
		Searched: []string{"s3://b/"},
	}
}

func TestValidationText(t *testing.T) {
	var b bytes.Buffer
	r := validationReport()
	r.Chains = r.Chains[:1]
	if err := ValidationText(&b, r); err != nil {
		t.Fatal(err)
	}
	want := "Digest file\ts3://b/digest\tINVALID: not found (nothing covers 2024-03-01T08:03:17Z to 2024-03-01T09:03:17Z; 1 digest file missing)\n" +
		"(backfill) Digest file\ts3://b/changed\tINVALID: signature verification failed (12 log files unproven)\n" +
		"No log files were delivered by CloudTrail between A and B\n" +
		"Log file\ts3://b/log\\x1b[2J\\n\tINVALID: hash value doesn't match\n" +
		"Log file\ts3://b/log2\tcould not check: access denied\n" +
		"\n" +
		"Results requested for the beginning to 2024-03-01T18:03:17Z\n" +
		"Results found for 2024-03-01T00:03:17Z to 2024-03-01T17:03:17Z:\n" +
		"\n" +
		"14/18 digest files valid, 3/18 digest files INVALID, 1/18 could not be checked\n" +
		"3/3 backfill digest files valid\n" +
		"199/200 log files valid, 1/200 log files INVALID\n" +
		"11 log files are unproven\n" +
		"INVALID: 1 digest file invalid, 2 digest files missing, 1 digest file not checked, 1 log file missing, 11 log files unproven\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestValidationTextOfNothing(t *testing.T) {
	var b bytes.Buffer
	if err := ValidationText(&b, &validate.Report{Verdict: validate.VerdictNothing, Requested: validate.Range{End: time.Unix(0, 0)}}); err != nil {
		t.Fatal(err)
	}
	if b.String() != "Results requested for the beginning to 1970-01-01T00:00:00Z\nNo digests found\nnothing: no digest files\n" {
		t.Errorf("%q", b.String())
	}
}

// Everything but the names of objects, which are copied from there, fits a
// terminal of 80 columns.
func TestValidationTableFits(t *testing.T) {
	var b bytes.Buffer
	if err := ValidationTable(&b, validationReport(), Terminal{Width: 80}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if w := runewidth.StringWidth(strings.TrimRight(line, "\n")); w > 80 {
			t.Errorf("%d columns: %s", w, line)
		}
	}
	for _, want := range []string{
		"Account 111122223333, trail corp-trail (home region us-east-1)\nREGION ",
		"ap-southeast-2  1440/1441  17280/17280  03-01 00:03  03-01 17:03  valid\n",
		"  backfill ", "partial\n", "\nMISSING  digest file: not found\n  nothing covers ",
		"\nINVALID  backfill digest file: signature verification failed\n  12 log files unproven\n  s3://b/changed\n",
		"\nNOT CHECKED  log file: access denied\n  s3://b/log2\n", `s3://b/log\x1b[2J\n`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Error("escape characters without colour")
	}
}

func TestValidationJSON(t *testing.T) {
	var b bytes.Buffer
	stream := NewValidationFiles(&b)
	for _, f := range []validate.File{
		{Digest: true, Backfill: true, URI: "s3://b/d", Status: validate.Valid, Bytes: 7},
		{URI: "s3://b/log\x1b[2J\"", Status: validate.Missing, Before: true},
	} {
		if err := stream.File(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.Close(validationReport()); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Version   int
		Verdict   string
		Requested map[string]string
		Chains    []struct{ Region, Verdict string }
		Findings  []struct{ Severity, Code, URI, Message string }
		Files     []struct{ Kind, URI, Status string }
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != 1 || got.Verdict != "invalid" || len(got.Chains) != 3 || len(got.Findings) != 5 ||
		len(got.Files) != 2 || got.Files[0].Kind != "backfill digest file" || got.Files[1].URI != "s3://b/log\x1b[2J\"" {
		t.Errorf("%+v", got)
	}
	if _, there := got.Requested["start"]; there {
		t.Error("an open start must be left out")
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""}, {"one two three", 0, "one two three"}, {"one two three", 7, "one two|three"},
		{"one", 2, "one"}, {"a verylongword b", 4, "a|verylongword|b"},
	} {
		if got := strings.Join(Wrap(c.text, c.width), "|"); got != c.want {
			t.Errorf("%q at %d: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

// The same words about many places are said once, and of what is no failure
// only some places are named.
func TestFindingsAlike(t *testing.T) {
	finding := func(s validate.Severity, region string) validate.Finding {
		return validate.Finding{Severity: s, Subject: validate.SubjectChain, Region: region, URI: "s3://b/" + region, Message: "the same"}
	}
	r := &validate.Report{}
	for _, region := range []string{"a", "b", "c", "d", "e", "f"} {
		r.Findings = append(r.Findings, finding(validate.SeverityNotice, region), finding(validate.SeverityMissing, region))
	}
	var b bytes.Buffer
	if err := ValidationTable(&b, r, Terminal{Width: 80}); err != nil {
		t.Fatal(err)
	}
	want := "NOTICE  the same\n  s3://b/a\n  s3://b/b\n  s3://b/c\n  and 3 places more\n" +
		"MISSING  the same\n  s3://b/a\n  s3://b/b\n  s3://b/c\n  s3://b/d\n  s3://b/e\n  s3://b/f\n"
	if !strings.HasPrefix(b.String(), want) {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
