package cli

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"

	"trailctl/internal/render"
	"trailctl/validate"
)

// openProofs opens the file of --resume, nil when none is wanted.
func (o *validateOptions) openProofs(ctx context.Context, t *validateTarget) (*validate.Proofs, error) {
	if o.resume == "" {
		return nil, nil
	}
	place, err := o.place(ctx, t)
	if err != nil {
		return nil, err
	}
	p, err := validate.OpenProofs(o.resume, place)
	switch {
	case errors.Is(err, validate.ErrProofsBusy):
		return nil, withHint(err, "wait for the other run, or give this one a file of its own")
	case err != nil:
		return nil, withHint(err, "--resume takes a file that trailctl made, which only its owner may write to (chmod 600), or a name that is free")
	}
	p.Trouble = func(err error) {
		o.app.warn("writing %s: %s; the run goes on, and what is not written down is proved again by the next one", o.resume, err)
	}
	if n := p.Damaged(); n > 0 {
		o.app.warn("%s: %d damaged entries do not count", o.resume, n)
	}
	if n := p.Len(); n > 0 && !o.follow {
		o.app.note("%s: %s proved before; those that are listed again are counted and not fetched", o.resume, render.Count(n, "log file"))
	}
	return p, nil
}

// place is what the names of buckets do not say: which endpoint they are at,
// or which folder it is.
func (o *validateOptions) place(ctx context.Context, t *validateTarget) (string, error) {
	if t.options.Copy {
		dir, err := filepath.Abs(o.target)
		if err != nil {
			return "", err
		}
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real
		}
		return "folder " + dir, nil
	}
	cfg, err := o.app.load(ctx, o.aws)
	if err != nil {
		return "", err
	}
	return "s3 " + aws.ToString(cfg.S3("").Options().BaseEndpoint), nil
}

// closeProofs writes what is left. The verdict stands whatever becomes of it.
func (o *validateOptions) closeProofs(p *validate.Proofs) {
	if err := p.Close(); err != nil {
		o.app.complain(err)
	}
}
