package trail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"trailctl/bucket"
	"trailctl/internal/policy"
)

// thing is a kind of thing that AWS's services see late after a change.
type thing string

const (
	aBucket        thing = "bucket"
	aTopic         thing = "topic"
	aGroup         thing = "log group"
	aRole          thing = "role"
	aKey           thing = "key"
	anOrganization thing = "organization"
	aTrail         thing = "trail"
)

// lag is an answer that a thing which was changed a moment ago can explain.
type lag struct {
	things []thing
	// early: the answer is also waited out, for a shorter time, when this run
	// changed none of the things: an earlier run may have done so just now.
	early bool
}

// lagOf knows AWS's answers to what is too fresh, by error code without
// "Exception". CloudTrail looks at policies, topics, groups, roles and keys as
// they were some seconds ago, up to about a minute; it answers to a role that
// it cannot use yet with the code for log groups, too. The other services may
// not know for a moment what they were just told to make.
func lagOf(code string) (lag, bool) {
	switch code {
	case "InsufficientS3BucketPolicy", "S3BucketDoesNotExist":
		return lag{[]thing{aBucket}, true}, true
	case "InsufficientSnsTopicPolicy", "InvalidSnsTopicName":
		return lag{[]thing{aTopic}, true}, true
	case "InvalidCloudWatchLogsLogGroupArn", "InvalidCloudWatchLogsRoleArn":
		return lag{[]thing{aGroup, aRole}, true}, true
	case "InsufficientEncryptionPolicy":
		return lag{[]thing{aKey, aBucket}, true}, true
	case "KmsKeyNotFound", "Kms":
		return lag{[]thing{aKey}, true}, true
	case "CloudTrailAccessNotEnabled":
		return lag{[]thing{anOrganization}, true}, true
	case "Conflict", "OperationAborted":
		return lag{nil, true}, true
	case "TrailNotFound":
		return lag{[]thing{aTrail}, false}, true
	case "NoSuchBucket":
		return lag{[]thing{aBucket}, false}, true
	case "NotFound":
		return lag{[]thing{aTopic}, false}, true
	case "ResourceNotFound":
		return lag{[]thing{aGroup, aTrail}, false}, true
	case "NoSuchEntity", "MalformedPolicyDocument":
		return lag{[]thing{aRole}, false}, true
	}
	return lag{}, false
}

// waits are how long to wait between attempts after an error; none when
// waiting is of no use.
func (r *run) waits(err error) []time.Duration {
	l, ok := lagOf(errorCode(err))
	fresh := slices.ContainsFunc(l.things, func(t thing) bool { return r.fresh[t] })
	var seconds []int
	switch {
	case contested(err):
		return []time.Duration{spread(time.Second), spread(2 * time.Second), spread(4 * time.Second)}
	case !ok:
	case fresh, l.things == nil && len(r.fresh) > 0:
		seconds = []int{1, 2, 4, 8, 10, 15, 20}
	case l.early:
		seconds = []int{1, 2, 4, 5}
	}
	var waits []time.Duration
	for _, n := range seconds {
		waits = append(waits, time.Duration(n)*time.Second)
	}
	return waits
}

// contested tells whether others kept writing the same document. They end some
// time, and not all try again at the same time.
func contested(err error) bool {
	return errors.Is(err, policy.ErrContest) || errors.Is(err, bucket.ErrNotificationContest)
}

// until calls until AWS accepts what was just made.
func (r *run) until(ctx context.Context, call func() error) error {
	var waited time.Duration
	for i := 0; ; i++ {
		err := call()
		if err == nil {
			return nil
		}
		waits := r.waits(err)
		if i >= len(waits) {
			if waited > 0 {
				err = fmt.Errorf("%w (still refused after %s)", err, waited)
			}
			return r.withDenies(err)
		}
		r.tell(Progress{State: Waiting, Step: r.step, Wait: waits[i], Err: err})
		if err := r.sleep(ctx, waits[i]); err != nil {
			return err
		}
		waited += waits[i]
		if err := r.heal(ctx, err); err != nil {
			return err
		}
	}
}
