package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"trailctl/validate"
)

// evidenceReport is a valid report of a copy of which a file is not the one of
// the manifest.
func evidenceReport() *validate.Report {
	r := fleet(1, "")
	r.Manifest = &validate.ManifestReport{File: "case/manifest.jsonl", Files: 9, Changed: 1}
	r.Verdict = validate.VerdictInvalid
	r.Findings = []validate.Finding{{
		Severity: validate.SeverityInvalid, Code: validate.CodeEvidenceChanged, Subject: validate.SubjectLogFile, URI: "s3://case/x.json.gz",
		Message: "INVALID: not the file of the manifest", Detail: "its SHA-256 is another", Account: "111122200000", Region: "ap-southeast-00", Trail: "",
	}, {
		Severity: validate.SeverityWarning, Code: validate.CodeEvidenceAdded, Subject: validate.SubjectFile, URI: "s3://case/.DS_Store", Message: "the manifest does not list it; systems leave such files behind",
	}}
	return r
}

// What the manifest tells stands under a heading of its own, and not at a trail
// that nobody knows.
func TestManifestInTheTree(t *testing.T) {
	got := tree(t, evidenceReport(), 80, false)
	for _, want := range []string{
		"17 regions  valid", "\n\nManifest case/manifest.jsonl  INVALID\n", "INVALID  log file: not the file of the manifest\n", "s3://case/x.json.gz\n",
		"\nINVALID: 1 file is not as the manifest says, 1 warning\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.Contains(got, "No trail") || strings.Contains(got, "(no region)") {
		t.Errorf("a trail that is none:\n%s", got)
	}
	r := fleet(1, "")
	r.Findings = []validate.Finding{{Severity: validate.SeverityWarning, Code: validate.CodePlain, Subject: validate.SubjectCopy, URI: "copy/AWSLogs", Message: "uncompressed log files"}}
	if got := tree(t, r, 80, false); !strings.Contains(got, "\nCopy  valid\n") || strings.Contains(got, "No trail") {
		t.Errorf("%s", got)
	}
}

// What makes a report invalid is said of the manifest, too.
func TestManifestInTheLine(t *testing.T) {
	find := func(code validate.Code) validate.Finding {
		return validate.Finding{Severity: validate.SeverityInvalid, Code: code}
	}
	for _, c := range []struct {
		findings []validate.Finding
		want     string
	}{
		{[]validate.Finding{find(validate.CodeManifestSeal)}, "INVALID: the manifest is not the one that was noted"},
		{[]validate.Finding{find(validate.CodeManifestDamaged)}, "INVALID: the manifest is damaged"},
		{[]validate.Finding{find(validate.CodeManifestMissing)}, "INVALID: the folder has no manifest"},
		{[]validate.Finding{find(validate.CodeEvidenceChanged), find(validate.CodeEvidenceMissing), find(validate.CodeEvidenceMissing), find(validate.CodeEvidenceAdded)},
			"INVALID: 1 file is not as the manifest says, 2 files are in the manifest and not in the folder, 1 file is in the folder and not in the manifest"},
	} {
		r := &validate.Report{Verdict: validate.VerdictInvalid, Findings: c.findings, LogFiles: validate.Counts{Valid: 1}}
		if got := ValidationLine(r); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// In a pipe, too, the last line is the verdict.
func TestVerdictComesLast(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer, *validate.Report) error{
		"table": func(b *bytes.Buffer, r *validate.Report) error { return ValidationTable(b, r, Terminal{}) },
		"text":  func(b *bytes.Buffer, r *validate.Report) error { return ValidationText(b, r) },
	} {
		for want, r := range map[string]*validate.Report{
			"INVALID: 1 file is not as the manifest says, 1 warning": evidenceReport(),
			"valid: 153 digest files and 1700 log files proved":      fleet(1, ""),
		} {
			var b bytes.Buffer
			if err := write(&b, r); err != nil || !strings.HasSuffix(b.String(), "valid\n"+want+"\n") {
				t.Errorf("%s: %v\n%s", name, err, b.String())
			}
		}
	}
}

// A check that was interrupted says so, also when nothing was read before, and
// does not say that there is nothing.
func TestInterruptedIsSaid(t *testing.T) {
	const more = "Interrupted: there is more that was not looked at\n"
	for _, c := range []struct {
		report validate.Report
		want   string
	}{
		{validate.Report{}, "Interrupted before any digest file was read\n" + more + "partial: interrupted\n"},
		{validate.Report{Digests: validate.Counts{Unchecked: 2}}, more + "partial: 2 digest files not checked, interrupted\n"},
		{validate.Report{Digests: validate.Counts{Valid: 2}}, "2/2 digest files valid\n" + more + "partial: interrupted\n"},
	} {
		r := c.report
		r.Interrupted, r.Verdict = true, validate.VerdictIncomplete
		var text, table, tree bytes.Buffer
		if err := ValidationText(&text, &r); err != nil {
			t.Fatal(err)
		}
		if err := ValidationTable(&table, &r, Terminal{Width: 80}); err != nil {
			t.Fatal(err)
		}
		if err := ValidationTree(&tree, &r, Terminal{Width: 80}, false); err != nil {
			t.Fatal(err)
		}
		for _, got := range []string{text.String(), table.String(), tree.String()} {
			if !strings.HasSuffix(got, c.want) || strings.Contains(got, "No digests found") {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		}
	}
}

// Nobody who did not ask for log files that no digest file lists is told that
// there are none.
func TestUnlistedInJSON(t *testing.T) {
	for _, c := range []struct {
		sought bool
		found  int
		want   string
	}{{false, 0, "<nil>"}, {true, 0, "0"}, {true, 3, "3"}, {false, 3, "3"}} {
		var b bytes.Buffer
		if err := ValidationJSON(&b, &validate.Report{SoughtUnlisted: c.sought, Unlisted: c.found}); err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(b.Bytes(), &got); err != nil || fmt.Sprint(got["unlistedLogFiles"]) != c.want {
			t.Errorf("%+v: %v, %v", c, got["unlistedLogFiles"], err)
		}
	}
}
