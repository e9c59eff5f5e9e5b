package cli

import (
	"context"
	"errors"

	"trailctl/internal/awsconf"
	"trailctl/trail"
)

// findTrail looks a trail up by name or ARN, in all regions. deleted says what
// still works when there is no such trail any more.
func findTrail(ctx context.Context, cfg *awsconf.Config, nameOrARN, deleted string) (trail.Trail, error) {
	found, err := trail.Find(ctx, func(region string) trail.Finder { return cfg.CloudTrail(region) }, cfg.Region, nameOrARN)
	if errors.Is(err, trail.ErrNotFound) {
		return found, withHint(err, "\"trailctl trail list\" shows the trails there are; %s", deleted)
	}
	return found, trailError(err)
}
