package s3

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Destination is where event messages go: SNS's topics, or SQS's queues.
type Destination interface {
	Exists(arn string) bool
	// May tells whether the destination's policy allows an action to a service
	// principal.
	May(principal, action, arn string, conditions map[string]string) bool
	// Publish sends a message. Queues know no subject.
	Publish(arn, subject, message string, attributes map[string]string) error
}

const (
	servicePrincipal = "s3.amazonaws.com"
	eventSubject     = "Amazon S3 Notification"
)

// address is the destination of one entry, with what it takes to send there.
type address struct {
	to           Destination
	kind, action string
	arn          string
}

// address is without a Destination where nothing is delivered: functions, and
// topics or queues that the sandbox does not have.
func (s *Service) address(e *notificationTarget) address {
	switch {
	case e.Topic != "":
		return address{s.topics, "topic", "sns:Publish", e.Topic}
	case e.Queue != "":
		return address{s.queues, "queue", "sqs:SendMessage", e.Queue}
	}
	return address{arn: e.Function}
}

// admits tells whether a destination's policy lets S3 send for a bucket.
func (s *Service) admits(a address, bucket string) bool {
	return a.to.May(servicePrincipal, a.action, a.arn, map[string]string{
		"aws:SourceArn": bucketARN(bucket), "aws:SourceAccount": s.account,
	})
}

// refusal says why S3 cannot send to a destination; empty when it can.
func (s *Service) refusal(a address, bucket string) string {
	switch {
	case !a.to.Exists(a.arn):
		return "The destination " + a.kind + " does not exist"
	case !s.admits(a, bucket):
		return "Permissions on the destination " + a.kind + " do not allow S3 to publish notifications from this bucket"
	}
	return ""
}

// putNotification replaces a bucket's notification configuration as a whole.
// Each of its destinations, not only a new one, must take a test message.
func (s *Service) putNotification(r *request) error {
	root, text, err := r.document("NotificationConfiguration")
	if err != nil {
		return err
	}
	keep, err := checkNotification(root, text)
	if err != nil {
		return err
	}
	n, err := readNotifications(keep)
	if err != nil {
		return err
	}
	var test []address
	for _, e := range n.entries() {
		a := s.address(e)
		if a.to == nil {
			continue
		}
		if region := strings.Split(a.arn, ":")[3]; region != r.b.Region {
			return invalidArgument("arn", a.arn, "The notification destination service region is not valid for the bucket location constraint")
		}
		test = append(test, a)
	}
	if strings.EqualFold(r.header("x-amz-skip-destination-validation"), "true") {
		test = nil
	}
	if err := s.checkDestinations(test, r.bucket); err != nil {
		return err
	}
	if err := s.change(r.b, func(set *settings) { set.Documents["notification"] = keep }); err != nil {
		return err
	}
	for _, a := range test {
		s.send(a, r.bucket, testMessage(r))
	}
	r.w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Service) checkDestinations(list []address, bucket string) error {
	f := fail(http.StatusBadRequest, "InvalidArgument", "Unable to validate the following destination configurations")
	for _, a := range list {
		if why := s.refusal(a, bucket); why != "" {
			n := strconv.Itoa(len(f.detail)/2 + 1)
			f.with("ArgumentName"+n, a.arn+", null").with("ArgumentValue"+n, why)
		}
	}
	if len(f.detail) > 0 {
		return f
	}
	return nil
}

func readNotifications(text string) (*notifications, error) {
	var n notifications
	if err := xml.Unmarshal([]byte(text), &n); err != nil {
		return nil, fmt.Errorf("reading a notification configuration: %w", err)
	}
	return &n, nil
}

// send sends a message that its destination admits. What fails is logged: S3
// does not tell the caller.
func (s *Service) send(a address, bucket, message string) {
	if err := a.to.Publish(a.arn, eventSubject, message, nil); err != nil {
		s.log.Warn("an event message was not delivered", "bucket", bucket, "error", err)
	}
}
