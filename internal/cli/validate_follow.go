package cli

import (
	"context"
	"errors"

	"trailctl/validate"
)

// followTrail proves each digest file as it comes, until there is a finding.
func (o *validateOptions) followTrail(ctx context.Context, check validate.Options) error {
	return errors.New("--follow: not built yet")
}
