package cli

import (
	"context"
	"errors"
	"fmt"

	"trailctl/bucket"
	"trailctl/internal/render"
	"trailctl/logs"
)

// openEvidence finds out who fetches, and from where: the manifest says so. It
// is nil without --evidence.
func (o *logsDownloadOptions) openEvidence(ctx context.Context, t *logsTarget) (*logs.Evidence, error) {
	if !o.evidence {
		return nil, nil
	}
	who, err := t.cfg.Identity(ctx)
	if err != nil {
		return nil, fmt.Errorf("--evidence says who fetched, and STS does not tell who that is: %w", err)
	}
	run := bucket.ManifestRun{Started: o.app.now(), Program: version(), Account: who.Account, Caller: who.ARN, Bucket: t.bucket}
	if region, _, err := bucket.Region(ctx, t.cfg.S3(""), t.bucket); err == nil {
		run.BucketRegion = region
	}
	return &logs.Evidence{Run: run, Now: o.app.now}, nil
}

// seal makes the manifest of a complete copy.
func (o *logsDownloadOptions) seal(ctx context.Context, e *logs.Evidence, result *downloadResult) error {
	sealed, err := e.Seal(ctx, o.dest)
	var not *logs.NotSealedError
	switch {
	case errors.As(err, &not):
		err = fmt.Errorf("the files are there, but %s has no manifest: %w", o.dest, err)
		result.fail(err)
	case err != nil:
		err = fmt.Errorf("the files are there, but not their manifest: %w", err)
		result.fail(err)
	default:
		result.Manifest = &sealed
	}
	return err
}

func (o *logsDownloadOptions) sayManifest(m *logs.Sealed) {
	if m.Unchanged {
		o.app.note("%s: %s, %s: nothing new came, and the manifest is as it was", m.File, render.Count(m.Files, "file"), render.Size(m.Bytes))
		o.app.note("SHA-256 of the manifest, sealed before: %s", m.SHA256)
		return
	}
	if m.FromDisk > 0 {
		o.app.note("%s in the folder before, and hashed there: the manifest does not say when they were fetched unless an earlier one does", were(m.FromDisk, "file"))
	}
	o.app.note("%s: %s, %s", m.File, render.Count(m.Files, "file"), render.Size(m.Bytes))
	if m.Replaced != "" {
		o.app.note("it replaces the manifest %s: a SHA-256 that was noted before no longer fits", m.Replaced)
	}
	o.app.note("SHA-256 of the manifest: %s; note it where nobody who can write to the folder can change it", m.SHA256)
}

// were is a number of things that were something.
func were(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " was"
	}
	return render.Count(n, noun) + " were"
}
