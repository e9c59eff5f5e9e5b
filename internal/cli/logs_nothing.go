package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"trailctl/bucket"
	"trailctl/logs"
)

// nothing is the error of a target without any log file, whatever its time: the
// question was wrong, and zeros would look like an answer. files is how many
// were met that are read or listed, skipped what was passed over.
func (t *logsTarget) nothing(ctx context.Context, files int, skipped map[string]int) error {
	switch {
	case files > 0 || t.single != nil:
		return nil
	case t.bucket != "":
		return t.nothingInBucket(ctx, skipped)
	}
	var parts []string
	for _, why := range slices.Sorted(maps.Keys(skipped)) {
		switch why {
		case logs.SkipWindow, logs.SkipOther, logs.SkipDigest:
			return nil // CloudTrail's files are there
		}
		parts = append(parts, passed(skipped[why], why))
	}
	if len(parts) == 0 {
		return fmt.Errorf("no log files in %s: it is empty", t.where)
	}
	return fmt.Errorf("no log files in %s: passed over %s", t.where, strings.Join(parts, ", "))
}

// nothingInBucket tells of a part of a bucket that there is nothing below it
// at all.
func (t *logsTarget) nothingInBucket(ctx context.Context, skipped map[string]int) error {
	if len(skipped) > 0 {
		return nil
	}
	prefix := t.query.Prefix
	if t.query.Base != nil {
		prefix = t.query.Base.String()
	}
	for range t.source.List(ctx, prefix, "") {
		return nil // something, or nobody knows
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("nothing lies under %s: no trail has delivered there", bucket.URI(t.bucket, prefix))
}

// grown are the counts of a by which they are above those of b.
func grown(a, b map[string]int) map[string]int {
	more := map[string]int{}
	for why, n := range a {
		if n > b[why] {
			more[why] = n - b[why]
		}
	}
	return more
}

// joinLines makes one error of several, on one line.
func joinLines(list []error) error {
	if len(list) == 0 {
		return nil
	}
	texts := make([]string, len(list))
	for i, err := range list {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}
