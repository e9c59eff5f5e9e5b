package render

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"trailctl/internal/term"
	"trailctl/validate"
)

// ValidatedFile is one file that was looked at.
type ValidatedFile struct {
	Kind   string          `json:"kind"` // "digest file", "backfill digest file" or "log file"
	URI    string          `json:"uri"`
	Status validate.Status `json:"status"`
	Bytes  int64           `json:"bytes"`
	Before bool            `json:"before,omitempty"` // proved in an earlier run
	// Message says what is wrong with a file that is not valid.
	Message string `json:"message,omitempty"`
}

func fileKind(f validate.File) string {
	switch {
	case f.Digest && f.Backfill:
		return "backfill digest file"
	case f.Digest:
		return "digest file"
	}
	return "log file"
}

// ValidationFiles writes a validation as JSON whose files come while they are
// checked: there may be more of them than the memory holds.
type ValidationFiles struct {
	to    *bufio.Writer
	begun bool
}

// NewValidationFiles writes to w. Nothing is written before the first file.
func NewValidationFiles(w io.Writer) *ValidationFiles {
	return &ValidationFiles{to: bufio.NewWriterSize(w, 64<<10)}
}

// File adds a file.
func (v *ValidationFiles) File(f validate.File) error {
	before := ",\n    "
	if !v.begun {
		v.begun = true
		before = validationHead + "  \"files\": [\n    "
	}
	v.to.WriteString(before)
	var b bytes.Buffer
	if err := JSON(&b, ValidatedFile{Kind: fileKind(f), URI: f.URI, Status: f.Status, Bytes: f.Bytes, Before: f.Before, Message: f.Message}); err != nil {
		return err
	}
	_, err := v.to.Write(bytes.ReplaceAll(bytes.TrimSuffix(b.Bytes(), []byte("\n")), []byte("\n"), []byte("\n    ")))
	return err
}

// Flush writes what is held back.
func (v *ValidationFiles) Flush() error { return v.to.Flush() }

// Close ends the list and writes the rest of the report.
func (v *ValidationFiles) Close(r *validate.Report) error {
	var b bytes.Buffer
	if err := ValidationJSON(&b, r); err != nil {
		return err
	}
	rest := b.Bytes()
	if v.begun {
		v.to.WriteString("\n  ],\n")
		rest = bytes.TrimPrefix(rest, []byte(validationHead))
	}
	v.to.Write(rest)
	return v.to.Flush()
}

// ValidatedLine writes the line of a file that has been checked.
func ValidatedLine(w io.Writer, f validate.File) error {
	_, err := fmt.Fprintf(w, "%s\t%s\t%s\n", subjectWords(f.Backfill && f.Digest, f.Digest), term.Escape(f.URI), statusWords(f))
	return err
}

// ValidatedRow writes the line of a file for a terminal: what it is worth comes
// first, because names are longer than the line.
func ValidatedRow(w io.Writer, f validate.File, t Terminal) error {
	sgr := "33"
	switch f.Status {
	case validate.Valid:
		sgr = "32"
	case validate.Invalid, validate.Missing:
		sgr = "31"
	}
	_, err := fmt.Fprintf(w, "%s%s%s\n", painted(statusWords(f), sgr, t), gap, term.Escape(f.URI))
	return err
}

func statusWords(f validate.File) string {
	switch {
	case f.Before:
		return "valid (proved before)"
	case f.Message != "":
		return term.Escape(f.Message)
	case f.Status == validate.Invalid:
		return "INVALID"
	case f.Status == validate.Missing:
		return "INVALID: not found"
	case f.Status == validate.Unchecked:
		return "could not check"
	}
	return string(f.Status)
}

func subjectWords(backfill, digest bool) string {
	switch {
	case !digest:
		return "Log file"
	case backfill:
		return "(backfill) Digest file"
	}
	return "Digest file"
}
