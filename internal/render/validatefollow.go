package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"trailctl/internal/term"
	"trailctl/validate"
)

// Followed writes what a following of digest files brings, a line for each
// thing at once.
type Followed struct {
	To     io.Writer
	Format string // table, text, or json: one object a line
	// Several says that there may be digest files of more than one trail.
	Several bool
}

// followedLine is an object of the JSON form.
type followedLine struct {
	Version int    `json:"version"`
	Type    string `json:"type"` // digest, finding, file, end
}

// FollowedEnd is the last object of the JSON form.
type FollowedEnd struct {
	Verdict         validate.Verdict `json:"verdict"`
	Interrupted     bool             `json:"interrupted,omitempty"`
	Digests         validate.Counts  `json:"digestFiles"`
	BackfillDigests validate.Counts  `json:"backfillDigestFiles"`
	LogFiles        validate.Counts  `json:"logFiles"`
}

// Digest writes a digest file that arrived.
func (f *Followed) Digest(d validate.FollowedDigest) error {
	switch f.Format {
	case "json":
		return f.json(struct {
			followedLine
			validate.FollowedDigest
		}{followedLine{validationVersion, "digest"}, d})
	case "text":
		_, err := fmt.Fprintf(f.To, "%s\t%s\t%s (%s to %s; %s)\n", subjectWords(d.Backfill, true), term.Escape(d.URI), d.Verdict, moment3339(d.Start), moment3339(d.End), followedLogs(d))
		return err
	}
	more := ""
	if f.Several {
		more = "  trail " + term.Escape(d.Trail)
	}
	if d.Backfill {
		more += "  backfill"
	}
	_, err := fmt.Fprintf(f.To, "%-7s  %s  %-14s  %s to %s  %s%s\n", d.Verdict, d.Account, term.Escape(d.Region), moment3339(d.Start), moment3339(d.End), followedLogs(d), more)
	return err
}

func followedLogs(d validate.FollowedDigest) string {
	c := d.LogFiles
	switch {
	case c.Unproven > 0:
		return Count(c.Unproven, "log file") + " unproven"
	case c.Bad() > 0:
		return fmt.Sprintf("%d of %s not valid", c.Bad(), Count(c.Total(), "log file"))
	}
	return Count(c.Valid, "log file")
}

// Finding writes a finding in the words of the text form.
func (f *Followed) Finding(x validate.Finding) error {
	if f.Format == "json" {
		return f.json(struct {
			followedLine
			validate.Finding
		}{followedLine{validationVersion, "finding"}, x})
	}
	_, err := fmt.Fprintln(f.To, findingLine(x, true))
	return err
}

// File writes a file that has been checked.
func (f *Followed) File(x validate.File) error {
	if f.Format == "json" {
		return f.json(struct {
			followedLine
			ValidatedFile
		}{followedLine{validationVersion, "file"}, ValidatedFile{Kind: fileKind(x), URI: x.URI, Status: x.Status, Bytes: x.Bytes, Before: x.Before}})
	}
	return ValidatedLine(f.To, x)
}

// End writes the sum of a following; only the JSON form has it.
func (f *Followed) End(r *validate.Report) error {
	if f.Format != "json" {
		return nil
	}
	return f.json(struct {
		followedLine
		FollowedEnd
	}{followedLine{validationVersion, "end"}, FollowedEnd{r.Verdict, r.Interrupted, r.Digests, r.BackfillDigests, r.LogFiles}})
}

// json writes an object in one line, and in one write.
func (f *Followed) json(v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := f.To.Write(b.Bytes())
	return err
}
