package cli

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"trailctl/bucket"
	"trailctl/logs"
)

// look finds out whether s3://BUCKET/KEY names one object. A name that looks
// like a log file's, and with which nothing begins, is an error. Trouble with
// the listing is told when the target is read.
func (t *logsTarget) look(ctx context.Context) error {
	key := t.query.Prefix
	if t.bucket == "" || t.query.Base != nil || key == "" || strings.HasSuffix(key, "/") {
		return nil
	}
	for o, err := range t.source.List(ctx, key, "") {
		if err == nil && o.Key == key {
			f := logs.Found{Object: o}
			f.Key, f.Log = logs.ParseName(key)
			t.one = &f
		}
		return nil
	}
	if ctx.Err() == nil && slices.Contains([]string{".json", ".gz", ".jsonl", ".log", ".txt"}, path.Ext(key)) {
		return withHint(fmt.Errorf("%s: %w", t.where, bucket.ErrNotFound),
			"\"trailctl logs list %s\" shows what there is", bucket.URI(t.bucket, key[:strings.LastIndexByte(key, '/')+1]))
	}
	return nil
}

// aText is the first of the targets, behind one at least, that rather is a
// text to search for: it is neither there as a file, nor a bucket or an ARN.
func aText(targets []string) string {
	for _, word := range targets[min(1, len(targets)):] {
		if _, err := os.Stat(word); err != nil && word != "-" && !strings.HasPrefix(word, "s3:") && !strings.ContainsAny(word, `/\`) && !arn.IsARN(word) && !namesFile(word) {
			return word
		}
	}
	return ""
}
