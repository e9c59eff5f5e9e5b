package cli

import (
	"testing"
	"time"

	"trailctl/validate"
)

func TestProgressText(t *testing.T) {
	begin := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	at := func(seconds, digests, logs int) validateCount {
		return validateCount{at: begin.Add(time.Duration(seconds) * time.Second), digests: digests, logs: logs, bytes: int64(logs) * 1024}
	}
	bad := at(100, 20, 200)
	bad.bad, bad.again = 3, 40
	for _, c := range []struct {
		name        string
		now, before validateCount
		guess       validate.Guess
		want        string
	}{
		{"nothing is known", at(1, 0, 0), at(0, 0, 0), validate.Guess{}, "looking for digest files"},
		{"no file yet", at(1, 0, 0), at(0, 0, 0), validate.Guess{Units: 17, Begun: 8}, "listing digest files: 8 of 17 regions"},
		{"halfway", at(100, 20, 200), at(80, 18, 160), validate.Guess{Units: 1, Begun: 1, Digests: 40, LogFiles: 400},
			"50%, about 1m40s left, 200 of about 400 log files, 2/s, 200.0 KiB, 20 digest files"},
		{"something is wrong", bad, at(80, 18, 160), validate.Guess{Units: 1, Begun: 1, Digests: 40, LogFiles: 400},
			"50%, about 1m40s left, 3 INVALID, 200 of about 400 log files, 2/s, 200.0 KiB, 20 digest files, 40 proved before"},
		{"nothing moves", at(100, 20, 200), at(80, 20, 200), validate.Guess{Units: 1, Begun: 1, Digests: 40, LogFiles: 400},
			"50%, 200 of about 400 log files, 0/s, 200.0 KiB, 20 digest files"},
		{"more than was expected", at(100, 20, 500), at(80, 18, 400), validate.Guess{Units: 1, Begun: 1, Digests: 20, LogFiles: 400},
			"99%, 500 log files, 5/s, 500.0 KiB, 20 digest files"},
		{"no log files", at(100, 20, 0), at(80, 10, 0), validate.Guess{Units: 1, Begun: 1, Digests: 40},
			"50%, about 40s left, 0 log files, 0/s, 0 B, 20 digest files"},
	} {
		if got := progressText(c.now, c.before, c.guess); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
