package tail

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// object is an object in S3 that a message names.
type object struct{ bucket, key string }

// Bounds of what one message may bring. SQS takes 1 MiB; CloudTrail names one
// log file in a message, or some.
const (
	maxMessage = 1 << 20
	maxObjects = 1000
)

var errNoNotification = errors.New("it is no notification of CloudTrail, S3 or EventBridge")

// envelope has the fields by which the forms of messages are told apart.
type envelope struct {
	// SNS, around one of the others, unless raw delivery is on.
	Type    string
	Message *string
	// CloudTrail: "Configuring Amazon SNS notifications for CloudTrail".
	S3Bucket    string `json:"s3Bucket"`
	S3ObjectKey keys   `json:"s3ObjectKey"`
	// S3: "Event message structure". Event is that of the test message.
	Event   string
	Records []struct {
		EventSource, EventName string
		S3                     s3Part
	}
	// EventBridge, whose keys are not URL-encoded.
	Source     string
	DetailType string `json:"detail-type"`
	Detail     s3Part
}

type s3Part struct {
	Bucket struct{ Name string }
	Object struct{ Key string }
}

// keys is a list, or a single text.
type keys []string

func (k *keys) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*k = keys{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(k))
}

// parseMessage is what the body of an SQS message names. Messages that only
// try whether the way is free name nothing.
func parseMessage(body string) ([]object, error) {
	return parse(body, false)
}

func parse(body string, inner bool) ([]object, error) {
	if len(body) > maxMessage {
		return nil, fmt.Errorf("it is longer than %d bytes", maxMessage)
	}
	if strings.Contains(body, "CloudTrail validation message") && len(body) < 200 {
		return nil, nil // comes when a topic is given to a trail
	}
	var m envelope
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return nil, errNoNotification
	}
	var list []object
	switch {
	case m.Type == "Notification" && m.Message != nil && !inner:
		return parse(*m.Message, true)
	case m.S3Bucket != "" && len(m.S3ObjectKey) > 0:
		for _, k := range m.S3ObjectKey {
			list = append(list, object{m.S3Bucket, k})
		}
	case m.Event == "s3:TestEvent":
		return nil, nil
	case m.Source == "aws.s3":
		if m.DetailType != "Object Created" {
			return nil, nil
		}
		list = append(list, object{m.Detail.Bucket.Name, m.Detail.Object.Key})
	case len(m.Records) > 0:
		for _, r := range m.Records {
			if r.EventSource != "aws:s3" {
				return nil, errNoNotification
			}
			if !strings.HasPrefix(r.EventName, "ObjectCreated:") {
				continue
			}
			k, err := url.QueryUnescape(r.S3.Object.Key)
			if err != nil {
				return nil, fmt.Errorf("the key %.200q is not URL-encoded", r.S3.Object.Key)
			}
			list = append(list, object{r.S3.Bucket.Name, k})
		}
	default:
		return nil, errNoNotification
	}
	return list, check(list)
}

func check(list []object) error {
	if len(list) > maxObjects {
		return fmt.Errorf("it names %d objects, more than %d", len(list), maxObjects)
	}
	for _, o := range list {
		if o.bucket == "" || o.key == "" || len(o.key) > 1024 {
			return errNoNotification
		}
	}
	return nil
}
