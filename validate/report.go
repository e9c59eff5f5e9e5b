package validate

import (
	"cmp"
	"slices"
	"time"
)

// Verdict is the outcome of a check.
type Verdict string

// The verdicts, in falling weight: one finding makes a check invalid, and one
// object that could not be read makes an otherwise valid one incomplete.
const (
	VerdictInvalid    Verdict = "invalid"    // something is invalid or missing
	VerdictIncomplete Verdict = "incomplete" // nothing is known to be invalid, something could not be checked
	VerdictNothing    Verdict = "nothing"    // no digest file was found
	VerdictValid      Verdict = "valid"      // notices and warnings allowed
)

// Severity of a finding.
type Severity string

// Only the first two make a check invalid.
const (
	SeverityInvalid   Severity = "invalid"
	SeverityMissing   Severity = "missing"
	SeverityUnchecked Severity = "unchecked"
	SeverityWarning   Severity = "warning"
	SeverityNotice    Severity = "notice"
)

// Subject is what a finding is about.
type Subject string

// A finding about a chain names the prefix of its digest files.
const (
	SubjectLogFile Subject = "log file"
	SubjectDigest  Subject = "digest file"
	SubjectChain   Subject = "chain"
)

// Code names a finding for programs.
type Code string

// The codes. docs/validate.md says what each means.
const (
	CodeNotFound        Code = "not-found"
	CodeHash            Code = "hash-mismatch"
	CodeFormat          Code = "invalid-format"
	CodeAlgorithm       Code = "unsupported-algorithm"
	CodeSignature       Code = "signature"
	CodeMoved           Code = "moved"
	CodeUnknownKey      Code = "public-key-not-found"
	CodeBadKey          Code = "public-key-unusable"
	CodeBrokenLink      Code = "broken-link"
	CodeTail            Code = "tail-not-covered"
	CodeUnlisted        Code = "unlisted"
	CodeConflict        Code = "listed-twice"
	CodeUnreadable      Code = "unreadable"
	CodeNoKeys          Code = "no-public-keys"
	CodeNotCovered      Code = "not-covered"
	CodeBegins          Code = "chain-begins"
	CodeGap             Code = "gap"
	CodeSignatureName   Code = "signature-algorithm"
	CodeKeyValidity     Code = "key-validity"
	CodeNoSignature     Code = "no-signature"
	CodeNoDigests       Code = "no-digests"
	CodeRegionUncovered Code = "region-not-recorded"
	CodeEnds            Code = "copy-ends"
	CodeUnproven        Code = "unproven"
)

// CodeOutside is a notice about log files that lie before the first digest file
// or after the last one. Such are no sign of anything: CloudTrail delivers a
// log file up to two hours before the digest file that lists it, log file
// validation may have been switched on late, and a copy of some time holds log
// files whose digest file is older. But nobody vouches for them.
const CodeOutside Code = "outside"

// Range is a range of time; a zero Start means the beginning.
type Range struct {
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end"`
}

// Finding is one thing to know. Message is written in the words of
// "aws cloudtrail validate-logs" where it has words for it.
type Finding struct {
	Severity Severity `json:"severity"`
	Code     Code     `json:"code"`
	Subject  Subject  `json:"subject"`
	URI      string   `json:"uri"`
	Message  string   `json:"message"`
	Detail   string   `json:"detail,omitempty"`

	Account  string `json:"account"`
	Region   string `json:"region"`
	Trail    string `json:"trail"`
	Backfill bool   `json:"backfill,omitempty"`

	// Range is the time that is not covered, or not logged, because of it.
	Range *Range `json:"range,omitempty"`
	// MissingDigests is how many digest files that time should have,
	// judged by the length of their neighbours.
	MissingDigests int `json:"missingDigests,omitempty"`
	// UnprovenLogFiles is how many log files an invalid digest file lists.
	UnprovenLogFiles int `json:"unprovenLogFiles,omitempty"`

	at time.Time // for sorting
}

// Counts of files.
type Counts struct {
	Valid     int `json:"valid"`
	Invalid   int `json:"invalid"`
	Missing   int `json:"missing"`
	Unchecked int `json:"unchecked"`
	Unproven  int `json:"unproven"`
}

// Total counts the files that were expected. Unproven log files are listed
// by digest files that nobody vouches for and do not belong to it.
func (c Counts) Total() int { return c.Valid + c.Invalid + c.Missing + c.Unchecked }

// Bad counts invalid and missing files.
func (c Counts) Bad() int { return c.Invalid + c.Missing }

func (c *Counts) add(s Status, n int) {
	switch s {
	case Valid:
		c.Valid += n
	case Invalid:
		c.Invalid += n
	case Missing:
		c.Missing += n
	case Unchecked:
		c.Unchecked += n
	case Unproven:
		c.Unproven += n
	}
}

func (c *Counts) sum(d Counts) {
	c.Valid += d.Valid
	c.Invalid += d.Invalid
	c.Missing += d.Missing
	c.Unchecked += d.Unchecked
	c.Unproven += d.Unproven
}

// Chain is the digest files of one account, source region and trail; those of
// a backfill are a chain of their own.
type Chain struct {
	Account    string `json:"account"`
	Org        string `json:"organization,omitempty"`
	Region     string `json:"region"`
	Trail      string `json:"trail"`
	HomeRegion string `json:"homeRegion"`
	Backfill   bool   `json:"backfill,omitempty"`

	Verdict  Verdict `json:"verdict"`
	Digests  Counts  `json:"digestFiles"`
	LogFiles Counts  `json:"logFiles"`
	Bytes    int64   `json:"logFileBytes"` // uncompressed, proved

	// Covered is the time for which valid digest files vouch, cut to the
	// requested range, and Uncovered the rest of that range from the first
	// digest file on.
	Covered   []Range `json:"covered"`
	Uncovered []Range `json:"uncovered,omitempty"`
}

// Report is the outcome of a check.
type Report struct {
	Trail      string  `json:"trail,omitempty"`
	HomeRegion string  `json:"homeRegion,omitempty"`
	Verdict    Verdict `json:"verdict"`
	// Interrupted says that the check ended early; everything in the report
	// holds, but there is more that was not looked at.
	Interrupted bool   `json:"interrupted,omitempty"`
	Requested   Range  `json:"requested"`
	Found       *Range `json:"found,omitempty"` // of all valid digest files together

	Digests         Counts `json:"digestFiles"`
	BackfillDigests Counts `json:"backfillDigestFiles"`
	LogFiles        Counts `json:"logFiles"`
	Bytes           int64  `json:"logFileBytes"`
	// ProvedBefore is how many of the valid log files were proved in an
	// earlier run and not fetched in this one.
	ProvedBefore int `json:"logFilesProvedBefore,omitempty"`
	// SoughtUnlisted tells that log files that no digest file lists were looked
	// for, everywhere.
	SoughtUnlisted bool `json:"-"`
	// Unlisted is how many log files were found that no digest file lists.
	Unlisted int `json:"unlistedLogFiles,omitempty"`

	// Manifest is set when the copy has one.
	Manifest *ManifestReport `json:"manifest,omitempty"`

	Chains   []Chain   `json:"chains"`
	Findings []Finding `json:"findings"`
	// KeySource says where the public keys came from.
	KeySource string `json:"publicKeys"`
	// Searched are the places that were listed.
	Searched []string `json:"searched"`
}

// asked is the range that was asked for. One without an end goes up to now,
// or to the newest digest file where that is younger than this clock.
func (c *check) asked() Range {
	r := Range{Start: c.Start, End: c.End}
	if !c.open {
		return r
	}
	r.End = c.Now
	if c.Copy && len(c.tallies) > 0 {
		r.End = time.Time{} // it ends where it ends
	}
	for _, t := range c.tallies {
		for _, covered := range t.covered {
			r.End = later(r.End, covered.End)
		}
	}
	return r
}

// report adds everything up.
func (c *check) report(interrupted bool) *Report {
	asked := c.asked()
	r := &Report{
		Trail: c.Trail, HomeRegion: c.Home, Interrupted: interrupted,
		Requested: asked, KeySource: c.KeySource, Manifest: c.outcome,
		SoughtUnlisted: c.Unlisted && !interrupted,
		Chains:         []Chain{}, Findings: c.findings, Searched: c.searched,
	}
	for _, t := range c.tallies {
		ch := t.finish(asked)
		if interrupted && ch.Verdict != VerdictInvalid {
			ch.Verdict = VerdictIncomplete // nobody knows how far it came
		}
		r.Chains = append(r.Chains, ch)
		r.Findings = append(r.Findings, t.findings...)
		r.LogFiles.sum(ch.LogFiles)
		r.Bytes += ch.Bytes
		r.ProvedBefore += t.earlier
		r.Unlisted += t.unlisted
		if ch.Backfill {
			r.BackfillDigests.sum(ch.Digests)
		} else {
			r.Digests.sum(ch.Digests)
		}
		r.Found = widest(r.Found, ch.Covered)
	}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	slices.SortFunc(r.Chains, func(a, b Chain) int {
		return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region),
			cmp.Compare(a.Trail, b.Trail), cmp.Compare(a.HomeRegion, b.HomeRegion), boolOrder(a.Backfill, b.Backfill))
	})
	slices.SortFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Trail, b.Trail),
			boolOrder(a.Backfill, b.Backfill), a.at.Compare(b.at), cmp.Compare(a.URI, b.URI), cmp.Compare(a.Message, b.Message))
	})
	slices.Sort(r.Searched)
	found := r.Digests.Total() + r.Digests.Unproven + r.BackfillDigests.Total() + r.BackfillDigests.Unproven
	r.Verdict = verdict(r.Findings, found, interrupted)
	return r
}

// verdict is the one place where findings become an outcome.
func verdict(findings []Finding, digests int, interrupted bool) Verdict {
	unchecked := interrupted
	for _, f := range findings {
		switch f.Severity {
		case SeverityInvalid, SeverityMissing:
			return VerdictInvalid
		case SeverityUnchecked:
			unchecked = true
		}
	}
	switch {
	case unchecked:
		return VerdictIncomplete
	case digests == 0:
		return VerdictNothing
	}
	return VerdictValid
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func widest(r *Range, covered []Range) *Range {
	for _, c := range covered {
		if r == nil {
			r = &Range{Start: c.Start, End: c.End}
			continue
		}
		if c.Start.Before(r.Start) {
			r.Start = c.Start
		}
		if c.End.After(r.End) {
			r.End = c.End
		}
	}
	return r
}
