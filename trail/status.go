package trail

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// StatusReader reads a trail's status.
type StatusReader interface {
	GetTrailStatus(context.Context, *cloudtrail.GetTrailStatusInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetTrailStatusOutput, error)
}

// Status is how a trail does in its home region. A zero time means never; an
// empty error means that the last attempt went well.
type Status struct {
	Trail   Trail
	Logging bool

	Started, Stopped time.Time // when logging was last switched on and off

	Delivery, Digest, Notification, LogGroup                     time.Time // last success
	DeliveryError, DigestError, NotificationError, LogGroupError string    // AWS's words
}

// ReadStatus asks for the status of a trail. client must be of its home
// region.
func ReadStatus(ctx context.Context, client StatusReader, t Trail) (Status, error) {
	out, err := client.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: &t.ARN})
	if err != nil {
		return Status{}, fmt.Errorf("reading the status of trail %s in %s: %w", t.Name, t.HomeRegion, err)
	}
	return Status{
		Trail: t, Logging: aws.ToBool(out.IsLogging),
		Started: utc(out.StartLoggingTime), Stopped: utc(out.StopLoggingTime),
		Delivery: utc(out.LatestDeliveryTime), Digest: utc(out.LatestDigestDeliveryTime),
		Notification: utc(out.LatestNotificationTime), LogGroup: utc(out.LatestCloudWatchLogsDeliveryTime),
		DeliveryError: aws.ToString(out.LatestDeliveryError), DigestError: aws.ToString(out.LatestDigestDeliveryError),
		NotificationError: aws.ToString(out.LatestNotificationError), LogGroupError: aws.ToString(out.LatestCloudWatchLogsDeliveryError),
	}, nil
}

func utc(t *time.Time) time.Time {
	if t == nil || t.IsZero() || t.Unix() == 0 {
		return time.Time{}
	}
	return t.UTC()
}

// Problem is something that keeps a trail from doing its work.
type Problem struct {
	What   string // "log files do not arrive"
	Answer string // AWS's own words; empty when AWS did not complain
	Why    string // in plain words; empty when the answer says nothing we know
	Do     string // what to do about it; empty when nothing is known
}

// Problems are what is wrong with a trail, worst first.
func (s Status) Problems() []Problem {
	var list []Problem
	if !s.Logging {
		p := Problem{What: "nothing is recorded", Why: "logging is switched off", Do: "trailctl trail create " + s.Trail.Name + " --region " + s.Trail.HomeRegion + " switches it on"}
		if s.Started.IsZero() && s.Stopped.IsZero() {
			p.Why = "logging was never switched on"
		}
		list = append(list, p)
	}
	again := "run trailctl trail create " + s.Trail.Name + " --region " + s.Trail.HomeRegion
	for _, f := range []struct{ what, answer string }{
		{"log files do not arrive in " + s.Trail.Bucket, s.DeliveryError},
		{"digest files do not arrive in " + s.Trail.Bucket, s.DigestError},
	} {
		if f.answer != "" {
			p := bucketProblem(f.answer, s.Trail.Bucket, again)
			p.What, p.Answer = f.what, f.answer
			list = append(list, p)
		}
	}
	if s.NotificationError != "" {
		list = append(list, Problem{
			What: "notifications do not reach " + s.Trail.TopicARN, Answer: s.NotificationError,
			Why: "SNS refuses CloudTrail's messages, or the topic is gone",
			Do:  "check that the topic is there and that its policy lets cloudtrail.amazonaws.com publish",
		})
	}
	if s.LogGroupError != "" {
		list = append(list, Problem{
			What: "events do not reach the log group", Answer: s.LogGroupError,
			Why: "CloudWatch Logs refuses the trail's role, or the group is gone",
			Do:  "check that the group is there and that the role may create log streams and put log events in it",
		})
	}
	return list
}

// bucketProblem puts the codes that S3 answers CloudTrail with into words (S3
// API reference, "Error responses").
func bucketProblem(answer, name, again string) Problem {
	code, _, _ := strings.Cut(answer, ":")
	switch strings.TrimSpace(code) {
	case "AccessDenied":
		return Problem{
			Why: "the bucket's policy, or the policy of its KMS key, does not let CloudTrail write, or a Deny statement stands against it",
			Do:  again + " to add what is missing to the policy, then look for Deny statements",
		}
	case "NoSuchBucket":
		return Problem{Why: "the bucket is gone", Do: again + " to create it again"}
	case "AllAccessDisabled":
		return Problem{Why: "S3 has closed the bucket", Do: "ask AWS Support"}
	case "InvalidBucketName", "IllegalLocationConstraint", "PermanentRedirect":
		return Problem{Why: "S3 does not find the bucket where the trail says it is", Do: "check the bucket's name and region"}
	case "SlowDown", "InternalError", "ServiceUnavailable":
		return Problem{Why: "S3 was not able to take the files for a while", Do: "wait: CloudTrail tries again"}
	case "KMS.DisabledException", "KMS.NotFoundException", "KMS.KMSInvalidStateException":
		return Problem{Why: "the KMS key that encrypts the files cannot be used", Do: "check that the key of bucket " + name + " or of the trail is enabled"}
	}
	return Problem{Do: "look the answer up under \"Error responses\" in the S3 API reference"}
}
