package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

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

// noteCopies says where else trails of that name are, of which one is taken
// here. what says it for their regions, with commas between them. Who names an
// ARN knows which is meant.
func (a *app) noteCopies(ctx context.Context, cfg *awsconf.Config, nameOrARN string, t trail.Trail, what func(regions string) string) {
	if arn.IsARN(nameOrARN) {
		return
	}
	if list := trail.Elsewhere(ctx, cfg.CloudTrail(t.HomeRegion), t); len(list) > 0 {
		a.note("%s is also in %s%s", t.Name, strings.Join(list, ", "), what(strings.Join(list, ",")))
	}
}

// staysThere is what is said of copies that a command leaves alone.
func staysThere(how string) func(string) string {
	return func(string) string { return fmt.Sprintf(", where it stays as it is: %s", how) }
}
