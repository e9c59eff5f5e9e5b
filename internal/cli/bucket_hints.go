package cli

import (
	"errors"

	"trailctl/bucket"
)

// bucketError adds to the bucket's errors what to do about them.
func bucketError(err error, name string) error {
	switch {
	case errors.Is(err, bucket.ErrName):
		return exitWith(codeUsage, err)
	case errors.Is(err, bucket.ErrNotification):
		return exitWith(codeUsage, withHint(err, "\"trailctl bucket notify --help\" shows what it takes"))
	case errors.Is(err, bucket.ErrMissing):
		return withHint(err, "\"trailctl bucket create %s\" makes it; \"trailctl trail list\" shows the bucket of each trail", name)
	case errors.Is(err, bucket.ErrForeign):
		return withHint(err, "use credentials of its owner; \"trailctl bucket policy %s --trail ARN\" prints what the owner must add", name)
	case errors.Is(err, bucket.ErrTopicRegion):
		return withHint(err, "name a topic of the bucket's region")
	case errors.Is(err, bucket.ErrOverlap):
		return withHint(err, "choose --events, --prefix or --suffix so that no key's event is in both; or take the other entry out first, if nobody needs it; a topic can have several subscribers instead")
	case errors.Is(err, bucket.ErrNameTaken):
		return withHint(err, "choose another --name; \"trailctl bucket show %s\" shows the entries there are", name)
	case errors.Is(err, bucket.ErrDestination):
		return withHint(err, "look at the policy of the topic, and of its key if it is encrypted: s3.amazonaws.com must be allowed, and nothing may deny it; \"trailctl bucket show %s\" shows the other destinations, each of which must exist; then run the same command again", name)
	case errors.Is(err, bucket.ErrNotificationContest):
		return withHint(err, "find out who else writes the bucket's notifications (their history is in the trail), then run the same command again")
	}
	return trailError(err)
}
