package render

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"trailctl/validate"
)

func hour(h int) time.Time { return time.Date(2024, 3, 1, h, 3, 17, 0, time.UTC) }

// fleet is a valid report of so many accounts with 17 regions each.
func fleet(accounts int, org string) *validate.Report {
	r := &validate.Report{Verdict: validate.VerdictValid, Requested: validate.Range{Start: hour(0), End: hour(10)}, Found: &validate.Range{Start: hour(0), End: hour(9)}}
	for a := range accounts {
		for i := range 17 {
			r.Chains = append(r.Chains, validate.Chain{
				Account: fmt.Sprintf("1111222%05d", a), Org: org, Region: fmt.Sprintf("ap-southeast-%02d", i), Trail: "corp", HomeRegion: "us-east-1",
				Verdict: validate.VerdictValid, Digests: validate.Counts{Valid: 9}, LogFiles: validate.Counts{Valid: 100},
				Covered: []validate.Range{{Start: hour(0), End: hour(9)}}, Uncovered: []validate.Range{{Start: hour(9), End: hour(10)}},
			})
			r.Digests.Valid, r.LogFiles.Valid = r.Digests.Valid+9, r.LogFiles.Valid+100
		}
	}
	return r
}

// spoil puts findings and a hole into a chain.
func spoil(r *validate.Report, n int) {
	c := &r.Chains[n]
	c.Verdict, c.Digests, c.LogFiles = validate.VerdictInvalid, validate.Counts{Valid: 8, Missing: 1}, validate.Counts{Valid: 90, Invalid: 2, Unproven: 12}
	c.Covered = []validate.Range{{Start: hour(0), End: hour(3)}, {Start: hour(4), End: hour(9)}}
	c.Uncovered = []validate.Range{{Start: hour(3), End: hour(4)}, {Start: hour(9), End: hour(10)}}
	f := validate.Finding{
		Severity: validate.SeverityMissing, Code: validate.CodeNotFound, Subject: validate.SubjectDigest, URI: "s3://b/digest-" + c.Account + c.Region,
		Message: "INVALID: not found", Account: c.Account, Region: c.Region, Trail: c.Trail, Range: &c.Uncovered[0], MissingDigests: 1,
	}
	g := f
	g.Severity, g.Code, g.Subject, g.Range, g.MissingDigests = validate.SeverityInvalid, validate.CodeHash, validate.SubjectLogFile, nil, 0
	g.Message, g.URI = "INVALID: hash value doesn't match", "s3://b/log\x1b[2J\n"
	r.Findings = append(r.Findings, f, g)
	r.Verdict, r.Digests.Missing, r.LogFiles.Invalid = validate.VerdictInvalid, r.Digests.Missing+1, r.LogFiles.Invalid+1
}

func tree(t *testing.T, r *validate.Report, width int, all bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := ValidationTree(&b, r, Terminal{Width: width}, all); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if w := runewidth.StringWidth(strings.TrimRight(line, "\n")); w > width && !strings.Contains(line, "s3://") {
			t.Errorf("%d columns of %d: %s", w, width, line)
		}
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Error("escape characters without colour")
	}
	return b.String()
}

func TestValidationTree(t *testing.T) {
	for _, width := range []int{80, 160} {
		if got := strings.Count(tree(t, fleet(1, ""), width, false), "\n"); got > 16 {
			t.Errorf("17 valid regions take %d lines at %d columns", got, width)
		}
		if got := strings.Count(tree(t, fleet(40, "o-one"), width, false), "\n"); got > 18 {
			t.Errorf("680 valid chains take %d lines at %d columns", got, width)
		}
	}
	if got := tree(t, fleet(1, ""), 80, true); strings.Count(got, "  valid  9/9 digest files, 100/100 log files") != 17 {
		t.Errorf("not all are there:\n%s", got)
	}

	r := fleet(40, "o-one")
	spoil(r, 5*17+3)
	got := tree(t, r, 80, false)
	want := `Trail corp (home region us-east-1), organization o-one
├─ account 111122200005  INVALID
│  ├─ ap-southeast-03  INVALID
│  │    digest files  8 of 9 valid, 1 missing
│  │    log files     90 of 92 valid, 2 invalid, 12 unproven
│  │    covered       2024-03-01 00:03 to 09:03 UTC, 8h in all
│  │    hole          2024-03-01 03:03 to 04:03 UTC (1h), 1 digest file missing
│  │    MISSING       digest file: not found
│  │      s3://b/digest-111122200005ap-southeast-03
│  │    INVALID       log file: hash value doesn't match
│  │      s3://b/log\x1b[2J\n
│  └─ 16 regions  valid  144 digest files, 1600 log files
│       all from 2024-03-01 00:03 to 09:03 UTC
└─ 39 accounts, 663 chains  valid  5967 digest files, 66300 log files
     all from 2024-03-01 00:03 to 09:03 UTC
     111122200000, 111122200001, 111122200002, 111122200003, 111122200004,
`
	if !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !strings.HasSuffix(got, "INVALID: 1 digest file missing, 1 log file invalid\n") {
		t.Errorf("the last line is another:\n%s", got)
	}
}

// What is to be said of many chains, and is no failure, is said once, and the
// chains stay folded.
func TestValidationTreeLikewise(t *testing.T) {
	r := fleet(40, "o-one")
	for _, c := range r.Chains {
		r.Findings = append(r.Findings, validate.Finding{
			Severity: validate.SeverityNotice, Code: validate.CodeBegins, Subject: validate.SubjectChain, URI: "s3://b/x",
			Message: "the chain begins at " + c.Region, Account: c.Account, Region: c.Region, Trail: c.Trail,
		})
	}
	got := tree(t, r, 80, false)
	if !strings.Contains(got, "└─ 40 accounts, 680 chains  valid  ") || strings.Count(got, "NOTICE") != 1 || !strings.Contains(strings.Join(strings.Fields(got), " "), "679 chains more") {
		t.Errorf("got\n%s", got)
	}
}

// An interrupted run leaves every chain unfinished, and says that in a few
// lines.
func TestValidationTreeInterrupted(t *testing.T) {
	r := fleet(40, "o-one")
	r.Interrupted, r.Verdict = true, validate.VerdictIncomplete
	for i := range r.Chains {
		r.Chains[i].Verdict = validate.VerdictIncomplete
		if i%2 == 0 { // nothing of it was proved yet
			r.Chains[i].Covered, r.Chains[i].Uncovered = nil, []validate.Range{r.Requested}
			r.Chains[i].Digests, r.Chains[i].LogFiles = validate.Counts{}, validate.Counts{}
		}
	}
	spoil(r, 5*17+3)
	got := tree(t, r, 80, false)
	if n := strings.Count(got, "\n"); n > 35 || !strings.Contains(got, "39 accounts, 663 chains  partial  ") || !strings.Contains(got, "\nInterrupted: ") || strings.Count(got, "hole") != 1 {
		t.Errorf("%d lines:\n%s", n, got)
	}
}

// A finding that belongs to no chain is not lost.
func TestValidationTreeElsewhere(t *testing.T) {
	r := fleet(1, "")
	r.Findings = append(r.Findings,
		validate.Finding{Severity: validate.SeverityUnchecked, Code: validate.CodeUnreadable, Subject: validate.SubjectChain, URI: "s3://b/denied/", Message: "could not check: access denied", Account: "111122200000", Region: "eu-west-1", Trail: "corp"},
		validate.Finding{Severity: validate.SeverityInvalid, Code: validate.CodeUnlisted, Subject: validate.SubjectLogFile, URI: "s3://b/nowhere", Message: "INVALID: no digest file lists it"})
	r.Verdict = validate.VerdictInvalid
	got := tree(t, r, 80, false)
	for _, want := range []string{
		"├─ eu-west-1  partial\n", "NOT CHECKED  access denied\n", "s3://b/denied/\n",
		"No trail\n└─ account (no account)  INVALID\n   └─ (no region)  INVALID\n", "s3://b/nowhere\n", "17 regions  valid",
		"INVALID: 1 finding\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func junit(t *testing.T, d JUnitDocument) (string, JUnitDocument) {
	t.Helper()
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	var read JUnitDocument
	if err := xml.Unmarshal(b.Bytes(), &struct {
		*JUnitDocument
		Suites []struct {
			Tests int `xml:"tests,attr"`
			Cases []struct {
				Name string `xml:"name,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}{JUnitDocument: &read}); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return b.String(), read
}

func TestJUnit(t *testing.T) {
	unchecked := validate.Finding{
		Severity: validate.SeverityUnchecked, Code: validate.CodeUnreadable, Subject: validate.SubjectLogFile, URI: "s3://b/a", Message: "could not check: access denied",
		Account: "111122200000", Region: "ap-southeast-00", Trail: "corp",
	}
	warning := unchecked
	warning.Severity, warning.Code, warning.Message = validate.SeverityWarning, validate.CodeUnlisted, "no digest file lists <it> & \x00\ufffe"
	for _, c := range []struct {
		name    string
		report  func() *validate.Report
		counts  string // tests, failures, errors, skipped
		content []string
	}{
		{"valid", func() *validate.Report { return fleet(2, "") }, "137 0 0 0", []string{`<property name="logFiles.valid" value="3400">`}},
		{"invalid", func() *validate.Report {
			r := fleet(1, "o-one")
			spoil(r, 3)
			return r
		}, "71 4 0 0", []string{
			`<system-out>unproven, because nobody vouches for their digest file: 12 log files`,
			`name="o-one 111122200000 ap-southeast-03 corp" tests="6" failures="4"`, `type="invalid.hash-mismatch"`,
			`<testcase classname="111122200000.ap-southeast-03.corp" name="log file s3://b/log\x1b[2J\n" time="0">`,
		}},
		{"unchecked", func() *validate.Report {
			r := fleet(1, "")
			r.Findings = []validate.Finding{unchecked, unchecked, warning}
			return r
		}, "71 0 3 0", []string{`name="log file s3://b/a"`, `name="log file s3://b/a (2)"`, `<system-out>warning: s3://b/a: no digest file lists &lt;it&gt; &amp; \x00`}},
		{"interrupted", func() *validate.Report {
			r := fleet(1, "")
			r.Interrupted = true
			spoil(r, 3)
			return r
		}, "71 4 1 66", []string{`type="interrupted"`}},
		{"nothing", func() *validate.Report { return &validate.Report{Verdict: validate.VerdictNothing} }, "1 0 1 0", []string{`type="nothing"`}},
		{"too many", func() *validate.Report {
			r := fleet(1, "")
			for i := range mostCases + 10 {
				f := unchecked
				f.URI = fmt.Sprint("s3://b/", i, strings.Repeat("x", 4000))
				r.Findings = append(r.Findings, f)
			}
			return r
		}, "5070 0 5002 0", []string{"only 5000 findings are listed here"}},
	} {
		text, d := junit(t, JUnit(c.report()))
		if got := fmt.Sprint(d.Tests, d.Failures, d.Errors, d.Skipped); got != c.counts {
			t.Errorf("%s: %s, want %s", c.name, got, c.counts)
		}
		for _, want := range c.content {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in the document", c.name, want)
			}
		}
		if len(text) > 25<<20 || strings.ContainsAny(text, "\x00\x1b\ufffe") {
			t.Errorf("%s: %d bytes, or characters that XML cannot hold", c.name, len(text))
		}
	}
	if text, d := junit(t, JUnitFailure("no such bucket")); d.Errors != 1 || !strings.Contains(text, `message="no such bucket"`) {
		t.Errorf("%s", text)
	}
}

// However many files there are, none is held.
func TestValidationFilesHoldNothing(t *testing.T) {
	stream := NewValidationFiles(io.Discard)
	f := validate.File{URI: "s3://b/" + strings.Repeat("x", 100), Status: validate.Valid}
	if n := testing.AllocsPerRun(1000, func() {
		if err := stream.File(f); err != nil {
			t.Fatal(err)
		}
	}); n > 40 {
		t.Errorf("%.0f allocations a file", n)
	}
	if stream.to.Size() > 64<<10 {
		t.Errorf("a buffer of %d bytes", stream.to.Size())
	}
}
