package trail

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"trailctl/internal/awserr"
	"trailctl/internal/shell"
)

// StatusReader reads a trail's status.
type StatusReader interface {
	GetTrailStatus(context.Context, *cloudtrail.GetTrailStatusInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetTrailStatusOutput, error)
}

// Status is how a trail does in one region. A zero time means never; an empty
// error means that the last attempt went well.
type Status struct {
	Trail   Trail
	Logging bool

	Started, Stopped time.Time // when logging was last switched on and off

	Delivery, Digest, Notification, LogGroup                     time.Time // last success
	DeliveryError, DigestError, NotificationError, LogGroupError string    // AWS's words

	right righted // by Recheck
}

// ReadStatus asks for the status of a trail in the client's region: its home
// region or, for a trail for all regions, any other.
func ReadStatus(ctx context.Context, client StatusReader, t Trail) (Status, error) {
	out, err := client.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: &t.ARN})
	if err != nil {
		return Status{}, fmt.Errorf("reading the status of trail %s: %w", t.Name, err)
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
	// Regions are where it is so, when a status is of several regions; nil
	// for all of them.
	Regions []string

	rank int // 0 for the worst
}

// Problems are what is wrong with a trail in that region, worst first.
func (s Status) Problems() []Problem {
	var list []Problem
	run := func(verb string, more ...string) string {
		words := []string{"trailctl", "trail", verb, s.Trail.Name, "--region", s.Trail.HomeRegion}
		return "run " + shell.Line(append(words, more...))
	}
	if !s.Logging {
		p := Problem{What: "nothing is recorded", Why: "logging is switched off", Do: run("start")}
		if s.Started.IsZero() && s.Stopped.IsZero() {
			p.Why = "logging was never switched on"
		}
		list = append(list, p)
	}
	again := run("update", "--bucket", s.Trail.Bucket)
	for i, f := range []struct{ what, answer string }{
		{"log files do not arrive in " + s.Trail.Bucket, s.DeliveryError},
		{"digest files do not arrive in " + s.Trail.Bucket, s.DigestError},
	} {
		if f.answer != "" {
			p := bucketProblem(f.answer, s.Trail.Bucket, again).soften(s.right.bucket, again)
			p.What, p.Answer, p.rank = f.what, f.answer, i+1
			list = append(list, p)
		}
	}
	if s.NotificationError != "" {
		again := run("update", "--sns-topic", s.Trail.TopicARN)
		p := topicProblem(s.NotificationError, again).soften(s.right.topic, again)
		p.What, p.Answer, p.rank = "notifications do not reach "+s.Trail.TopicARN, s.NotificationError, 3
		list = append(list, p)
	}
	if s.LogGroupError != "" {
		again := run("update", "--log-group", strings.TrimSuffix(s.Trail.LogGroupARN, ":*"))
		p := groupProblem(s.LogGroupError, again).soften(s.right.group, again)
		p.What, p.Answer, p.rank = "events do not reach the log group "+s.Trail.LogGroupARN, s.LogGroupError, 4
		list = append(list, p)
	}
	return list
}

// passing explains the codes that are nobody's fault and say nothing of what a
// trail delivers to; whose is the service that answered them. There is nothing
// to repair then.
func passing(answer, whose string) (Problem, bool) {
	switch code(answer) {
	case awserr.UpstreamCode:
		return Problem{
			Why: "the AWS behind the sandbox does not answer",
			Do:  "start that AWS again: the sandbox delivers what is left when it answers",
		}, true
	case "ServiceUnavailable", "InternalError", "InternalFailure", "InternalServerError", "InternalServer", "ServiceFailure",
		"SlowDown", "Throttling", "Throttled", "RequestTimeout":
		return Problem{Why: whose + " was not able to take them for a while", Do: "wait: CloudTrail tries again"}, true
	}
	return Problem{}, false
}

// topicProblem puts the codes that SNS answers CloudTrail with into words (SNS
// API reference, Publish).
func topicProblem(answer, again string) Problem {
	if p, ok := passing(answer, "SNS"); ok {
		return p
	}
	switch code(answer) {
	case "AuthorizationError", "AccessDenied":
		return Problem{Why: "the topic's policy does not let CloudTrail publish", Do: again + " to add what is missing to the policy"}
	case "NotFound", "InvalidParameter":
		return Problem{Why: "the topic is gone", Do: again + " to create it again"}
	case "KMSDisabled", "KMSInvalidState", "KMSNotFound", "KMSAccessDenied":
		return Problem{Why: "the KMS key that encrypts the topic cannot be used by CloudTrail", Do: "let cloudtrail.amazonaws.com use the topic's key, and see that the key is enabled"}
	}
	return Problem{Why: "SNS refuses CloudTrail's messages, or the topic is gone", Do: again + " to create or repair it"}
}

// groupProblem does the same for CloudWatch Logs.
func groupProblem(answer, again string) Problem {
	if p, ok := passing(answer, "CloudWatch Logs"); ok {
		return p
	}
	switch code(answer) {
	case "ResourceNotFound":
		return Problem{Why: "the log group is gone", Do: again + " --create-log-group to create it again"}
	case "AccessDenied":
		return Problem{
			Why: "the role is gone, or CloudTrail may not assume it, or it may not write there",
			Do:  again + " --create-log-group to repair the role, and the group where that is gone, too",
		}
	}
	return Problem{
		Why: "CloudWatch Logs refuses the trail's role, or the group is gone",
		Do:  again + " --create-log-group to create or repair it",
	}
}

// code is the error code at the beginning of an answer, without the ending
// "Exception".
func code(answer string) string {
	c, _, _ := strings.Cut(answer, ":")
	return strings.TrimSuffix(strings.TrimSpace(c), "Exception")
}

// bucketProblem puts the codes that S3 answers CloudTrail with into words (S3
// API reference, "Error responses").
func bucketProblem(answer, name, again string) Problem {
	if p, ok := passing(answer, "S3"); ok {
		return p
	}
	switch code(answer) {
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
	case "KMS.Disabled", "KMS.NotFound", "KMS.KMSInvalidState":
		return Problem{Why: "the KMS key that encrypts the files cannot be used", Do: "check that the key of bucket " + name + " or of the trail is enabled"}
	}
	return Problem{Do: "look the answer up under \"Error responses\" in the S3 API reference"}
}
