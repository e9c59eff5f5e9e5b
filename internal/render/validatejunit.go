package render

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"trailctl/internal/term"
	"trailctl/validate"
)

// JUnitDocument is a validation in the form of JUnit, as far as Jenkins, GitLab
// and the readers for GitHub agree on it: a suite for each chain with a case
// for each part of the check, and a failing case for each finding.
// https://github.com/testmoapp/junitxml
type JUnitDocument struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Suites   []*junitSuite

	cases int // of findings
}

type junitSuite struct {
	XMLName    xml.Name        `xml:"testsuite"`
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []*junitCase

	names map[string]int // GitLab takes cases of one name for one
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	XMLName xml.Name     `xml:"testcase"`
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	Time    string       `xml:"time,attr"`
	Failure *junitReason `xml:"failure"`
	Error   *junitReason `xml:"error"`
	Skipped *junitReason `xml:"skipped"`
	Out     string       `xml:"system-out,omitempty"`
}

type junitReason struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

const (
	junitName = "trailctl validate"
	// mostCases and mostLines bound the document: GitLab refuses one of more
	// than 30 MB. What is left out is counted.
	mostCases = 5000
	mostLines = 200
	// longestText bounds a name in characters; keys of S3 have 1,024 bytes.
	longestText = 1100
)

// JUnit makes the document of a report.
func JUnit(r *validate.Report) JUnitDocument {
	d := JUnitDocument{Name: junitName}
	run := d.suite(junitName, nil)
	whole := run.add(junitName, "the whole range was looked at")
	switch {
	case r.Interrupted:
		whole.Error = &junitReason{Message: "interrupted: there is more that was not looked at", Type: "interrupted"}
	case r.Verdict == validate.VerdictNothing:
		whole.Error = &junitReason{Message: "nothing to validate: no digest files were found", Type: "nothing"}
	}
	run.Properties = reportProperties(r)
	for _, p := range spots(r.Chains, r.Findings) {
		d.place(p, r.Interrupted)
	}
	d.sum()
	return d
}

// JUnitFailure makes the document of a check that could not begin.
func JUnitFailure(why string) JUnitDocument {
	d := JUnitDocument{Name: junitName}
	d.suite(junitName, nil).add(junitName, "the check began").Error = &junitReason{Message: xmlText(why), Type: "failed"}
	d.sum()
	return d
}

// Write writes the document.
func (d JUnitDocument) Write(w io.Writer) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(d); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (d *JUnitDocument) suite(name string, properties []junitProperty) *junitSuite {
	s := &junitSuite{Name: xmlText(name), Time: "0", Properties: properties, names: map[string]int{}}
	d.Suites = append(d.Suites, s)
	return s
}

func (d *JUnitDocument) sum() {
	for _, s := range d.Suites {
		for _, c := range s.Cases {
			s.Tests++
			switch {
			case c.Failure != nil:
				s.Failures++
			case c.Error != nil:
				s.Errors++
			case c.Skipped != nil:
				s.Skipped++
			}
		}
		d.Tests, d.Failures, d.Errors, d.Skipped = d.Tests+s.Tests, d.Failures+s.Failures, d.Errors+s.Errors, d.Skipped+s.Skipped
	}
}

func (s *junitSuite) add(class, name string) *junitCase {
	name = xmlText(name)
	if s.names[name]++; s.names[name] > 1 {
		name = fmt.Sprintf("%s (%d)", name, s.names[name])
	}
	c := &junitCase{Class: xmlText(class), Name: name, Time: "0"}
	s.Cases = append(s.Cases, c)
	return c
}

// place writes the suite of a chain.
func (d *JUnitDocument) place(p spot, interrupted bool) {
	// A dot separates folder and class in Jenkins.
	class := strings.Join(words(p.account, p.region, p.trail), ".")
	if p.backfill {
		class += " backfill"
	}
	s := d.suite(strings.ReplaceAll(class, ".", " "), nil)
	if p.chain != nil {
		s.Name, s.Properties = xmlText(strings.Join(words(p.chain.Org, s.Name), " ")), chainProperties(p.chain)
	}
	parts := map[string]*junitCase{}
	for _, name := range validationParts() {
		parts[name] = s.add(class, name)
		if interrupted {
			parts[name].Skipped = &junitReason{Message: "interrupted: not all of it was looked at"}
		}
	}
	bad, mild := map[string]int{}, map[string]int{}
	for _, f := range p.findings {
		part := partOf(f)
		if parts[part] == nil {
			parts[part] = s.add(class, part)
		}
		c := parts[part]
		if failed, kind := junitKind(f.Severity); kind == "" {
			if mild[part]++; mild[part] <= mostLines {
				c.Out += junitLine(f) + "\n"
			}
		} else {
			bad[part]++
			c.fail(failed, &junitReason{Message: fmt.Sprintf("%s; each is a case of its own", Count(bad[part], "finding")), Type: kind})
			d.finding(s, class, f)
		}
	}
	for name, n := range mild {
		if n > mostLines {
			parts[name].Out += fmt.Sprintf("and %d more\n", n-mostLines)
		}
	}
	if p.chain != nil {
		if n := p.chain.LogFiles.Unproven; n > 0 {
			parts[partLogs].Out = fmt.Sprintf("unproven, because nobody vouches for their digest file: %s\n", Count(n, "log file")) + parts[partLogs].Out
		}
		parts[partCoverage].Out = coverageLines(p.chain) + parts[partCoverage].Out
	}
}

// fail keeps the worst: a failure is more than an error, and both more than
// having been skipped.
func (c *junitCase) fail(failed bool, why *junitReason) {
	c.Skipped = nil
	switch {
	case failed:
		c.Failure, c.Error = why, nil
	case c.Failure == nil:
		c.Error = why
	default:
		c.Failure.Message = why.Message
	}
}

func (d *JUnitDocument) finding(s *junitSuite, class string, f validate.Finding) {
	if d.cases++; d.cases > mostCases {
		const name = "more findings"
		if n := len(s.Cases) - 1; !strings.HasPrefix(s.Cases[n].Name, name) {
			s.add(class, name)
		}
		failed, kind := junitKind(f.Severity)
		s.Cases[len(s.Cases)-1].fail(failed, &junitReason{
			Message: fmt.Sprintf("only %d findings are listed here; the report of trailctl names all", mostCases), Type: kind,
		})
		return
	}
	failed, kind := junitKind(f.Severity)
	c := s.add(class, fmt.Sprintf("%s %s", f.Subject, f.URI))
	c.fail(failed, &junitReason{Message: xmlText(f.Message), Type: kind + "." + string(f.Code), Text: junitLine(f)})
}

// junitKind is "" for what is no failure.
func junitKind(s validate.Severity) (failed bool, kind string) {
	switch s {
	case validate.SeverityInvalid, validate.SeverityMissing:
		return true, string(s)
	case validate.SeverityUnchecked:
		return false, string(s)
	}
	return false, ""
}

func junitLine(f validate.Finding) string {
	return xmlText(fmt.Sprintf("%s: %s: %s%s", f.Severity, f.URI, f.Message, remarks(f)))
}

// The parts of a check.
const (
	partDigests  = "digest files and signatures"
	partLinks    = "links between digest files"
	partLogs     = "log files"
	partCoverage = "coverage"
	partManifest = "copy and manifest" // there only when it has a finding
)

func validationParts() []string { return []string{partDigests, partLinks, partLogs, partCoverage} }

// partOf is the part of the check that a finding is about.
func partOf(f validate.Finding) string {
	switch f.Code {
	case validate.CodeManifest, validate.CodeManifestMissing, validate.CodeManifestDamaged, validate.CodeManifestSeal, validate.CodeManifestUnfinished,
		validate.CodeEvidenceMissing, validate.CodeEvidenceChanged, validate.CodeEvidenceAdded:
		return partManifest
	}
	switch {
	case f.Subject == validate.SubjectCopy:
		return partManifest
	case f.Subject == validate.SubjectLogFile, f.Code == validate.CodeConflict:
		return partLogs
	case f.Code == validate.CodeBrokenLink:
		return partLinks
	case f.Code == validate.CodeNoKeys:
		return partDigests
	case f.Subject == validate.SubjectChain, f.Code == validate.CodeNotFound, f.Code == validate.CodeBegins:
		return partCoverage
	}
	return partDigests
}

func coverageLines(c *validate.Chain) string {
	var b strings.Builder
	line := func(word string, list []validate.Range) {
		for i, r := range list {
			if i == mostLines {
				fmt.Fprintf(&b, "and %d more\n", len(list)-i)
				return
			}
			fmt.Fprintf(&b, "%s: %s to %s\n", word, moment3339(r.Start), moment3339(r.End))
		}
	}
	line("covered", c.Covered)
	line("not covered", c.Uncovered)
	return b.String()
}

func reportProperties(r *validate.Report) []junitProperty {
	list := []junitProperty{{"verdict", string(r.Verdict)}}
	if r.Trail != "" {
		list = append(list, junitProperty{"trail", xmlText(r.Trail)})
	}
	if !r.Requested.Start.IsZero() {
		list = append(list, junitProperty{"requestedStart", moment3339(r.Requested.Start)})
	}
	list = append(list, junitProperty{"requestedEnd", moment3339(r.Requested.End)}, junitProperty{"publicKeys", xmlText(r.KeySource)})
	list = append(list, countProperties("digestFiles", r.Digests)...)
	list = append(list, countProperties("backfillDigestFiles", r.BackfillDigests)...)
	return append(list, countProperties("logFiles", r.LogFiles)...)
}

func chainProperties(c *validate.Chain) []junitProperty {
	list := append([]junitProperty{{"verdict", string(c.Verdict)}}, countProperties("digestFiles", c.Digests)...)
	list = append(list, countProperties("logFiles", c.LogFiles)...)
	return append(list, junitProperty{"logFileBytes", strconv.FormatInt(c.Bytes, 10)},
		junitProperty{"uncoveredSeconds", strconv.FormatInt(int64(length(c.Uncovered)/time.Second), 10)})
}

func countProperties(name string, c validate.Counts) []junitProperty {
	return []junitProperty{
		{name + ".valid", strconv.Itoa(c.Valid)}, {name + ".invalid", strconv.Itoa(c.Invalid)}, {name + ".missing", strconv.Itoa(c.Missing)},
		{name + ".unchecked", strconv.Itoa(c.Unchecked)}, {name + ".unproven", strconv.Itoa(c.Unproven)},
	}
}

func length(list []validate.Range) (d time.Duration) {
	for _, r := range list {
		d += r.End.Sub(r.Start)
	}
	return d
}

// xmlText makes text of a server or a file fit for an attribute: what XML
// cannot hold is written as an escape, and what is too long is cut.
func xmlText(s string) string {
	if len(s) > longestText {
		s = strings.ToValidUTF8(s[:longestText], "") + "…"
	}
	return term.Escape(s)
}

func words(list ...string) []string {
	var some []string
	for _, w := range list {
		if w != "" {
			some = append(some, w)
		}
	}
	return some
}
