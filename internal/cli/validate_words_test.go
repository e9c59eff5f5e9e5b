package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"trailctl/bucket"
	"trailctl/validate"
)

// What cannot be checked in a folder has to do with the folder, not with AWS.
func TestIncompleteHints(t *testing.T) {
	const denied = "could not check: access denied"
	for _, c := range []struct {
		f      validate.Finding
		is, no string
	}{
		{validate.Finding{URI: "s3://b/AWSLogs/", Message: denied}, "aws sts get-caller-identity", "ls -l"},
		{validate.Finding{URI: "case/AWSLogs/", Message: denied}, `"ls -l"`, "aws sts"},
		{validate.Finding{URI: "/case/AWSLogs/", Message: "could not check: AccessDenied"}, "", "aws sts"},
		{validate.Finding{URI: "s3://b/AWSLogs/", Code: validate.CodeNoKeys, Message: "could not check: No public keys found"}, "cloudtrail:ListPublicKeys", "keys export"},
		{validate.Finding{URI: "case/AWSLogs/", Code: validate.CodeNoKeys, Message: "could not check: no public key"}, "validate keys export", "ListPublicKeys"},
	} {
		c.f.Severity = validate.SeverityUnchecked
		_, hint := message(incomplete(&validate.Report{Findings: []validate.Finding{c.f}}))
		if !strings.Contains(hint, c.is) || strings.Contains(hint, c.no) {
			t.Errorf("%+v: hint %q", c.f, hint)
		}
	}
	for _, err := range []error{&fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}, bucket.ErrDenied} {
		if _, hint := message(unreadable(err)); !strings.Contains(hint, "ls -l") {
			t.Errorf("%v: hint %q", err, hint)
		}
	}
	if _, hint := message(unreadable(withHint(bucket.ErrDenied, "mine"))); hint != "mine" {
		t.Errorf("a hint was replaced by %q", hint)
	}
}

// A progress line loses whole parts, the least important first.
func TestFitting(t *testing.T) {
	const line = "50%, about 1m40s left, 200 of about 400 log files, 2/s"
	for width, want := range map[int]string{
		200: line, 0: line, len(line) + 1: line, len(line): "50%, about 1m40s left, 200 of about 400 log files",
		30: "50%, about 1m40s left", 5: "50%", 2: "50%", // which the terminal cuts
	} {
		if got := fitting(line, width); got != want {
			t.Errorf("%d: %q, want %q", width, got, want)
		}
	}
}

// Errors of several regions stand on one line, and apart.
func TestErrorsOnOneLine(t *testing.T) {
	a, b, c := errors.New("a: x"), errors.New("b"), syscall.ENOSPC
	got := onOneLine(errors.Join(errors.Join(a, b), c))
	if want := "a: x; b; no space left on device"; got.Error() != want || !errors.Is(got, b) || !errors.Is(got, syscall.ENOSPC) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := onOneLine(errors.Join(nil, a)); got.Error() != "a: x" {
		t.Errorf("%q", got)
	}
	if onOneLine(nil) != nil {
		t.Error("an error of nothing")
	}
}

// A file of keys that cannot be written is named itself, not the one that is
// written first beside it.
func TestKeysThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	o := &validateKeysOptions{file: filepath.Join(dir, "keys.json")}
	_, _, err := validate.SaveKeys(filepath.Join(dir, "nowhere", "keys.json"), []validate.PublicKey{{Region: "r", Fingerprint: "f"}})
	if err == nil {
		t.Fatal("keys were saved")
	}
	if got := o.unsaved(err).Error(); strings.Contains(got, ".trailctl") || !strings.HasPrefix(got, "writing "+o.file+": ") {
		t.Error(got)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A folder that takes nothing more is told in a line that says what to do, and
// nothing is said of files that are not there.
func TestNoRoom(t *testing.T) {
	o := &logsDownloadOptions{dest: "case"}
	for err, want := range map[error]string{
		syscall.ENOSPC: "--dest case: the disk is full: free space and run the same command again",
		syscall.EDQUOT: "--dest case: the disk is full",
		syscall.EROFS:  "the file system is read-only",
	} {
		got, hint := message(o.noRoom(&fs.PathError{Op: "write", Path: "AWSLogs/x", Err: err}))
		if !strings.Contains(got, want) || hint != "" {
			t.Errorf("%q, %q, want %q", got, hint, want)
		}
	}
}
