package s3

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Event messages as S3 sends them (S3 user guide, "Event message structure").

type eventMessage struct {
	Records []eventRecord
}

type eventRecord struct {
	EventVersion      string            `json:"eventVersion"`
	EventSource       string            `json:"eventSource"`
	AWSRegion         string            `json:"awsRegion"`
	EventTime         string            `json:"eventTime"`
	EventName         string            `json:"eventName"` // without "s3:"
	UserIdentity      eventPrincipal    `json:"userIdentity"`
	RequestParameters map[string]string `json:"requestParameters"`
	ResponseElements  map[string]string `json:"responseElements"`
	S3                eventS3           `json:"s3"`
}

type eventPrincipal struct {
	PrincipalID string `json:"principalId"`
}

type eventS3 struct {
	SchemaVersion   string      `json:"s3SchemaVersion"`
	ConfigurationID string      `json:"configurationId"`
	Bucket          eventBucket `json:"bucket"`
	Object          eventObject `json:"object"`
}

type eventBucket struct {
	Name          string         `json:"name"`
	OwnerIdentity eventPrincipal `json:"ownerIdentity"`
	ARN           string         `json:"arn"`
}

type eventObject struct {
	Key       string `json:"key"`
	Size      *int64 `json:"size,omitempty"` // of what was created
	ETag      string `json:"eTag,omitempty"`
	VersionID string `json:"versionId,omitempty"`
	Sequencer string `json:"sequencer"`
}

// The events that happen here.
const (
	createdPut       = "s3:ObjectCreated:Put"
	createdCopy      = "s3:ObjectCreated:Copy"
	createdMultipart = "s3:ObjectCreated:CompleteMultipartUpload"
	removed          = "s3:ObjectRemoved:Delete"
	removedByMarker  = "s3:ObjectRemoved:DeleteMarkerCreated"
)

// cause is who made something happen.
type cause struct {
	at                    time.Time
	principalID, sourceIP string
	requestID, extendedID string
}

func (r *request) cause() cause {
	return cause{r.call.Time, "AWS:" + r.call.Identity.PrincipalID, r.call.SourceIP, r.call.RequestID, hostID(r.call.RequestID)}
}

// delivery is the cause of what an AWS service does by itself.
func (s *Service) delivery() cause {
	id := fmt.Sprintf("%016X", s.sequence.Load())
	return cause{s.now(), "AWS:AROASANDBOXDELIVERY00:regionalDeliverySession", "127.0.0.1", id, hostID(id)}
}

// created is the object of an event about what has just been stored.
func created(v *version) eventObject {
	o := eventObject{Key: v.Key, ETag: v.ETag, Sequencer: sequencer(v.Sequence)}
	if !v.DeleteMarker {
		o.Size = &v.Size
	}
	if v.ID != nullVersion {
		o.VersionID = v.ID
	}
	return o
}

// gone is the object of an event about what has been removed for good.
func (s *Service) gone(key, id string) eventObject {
	o := eventObject{Key: key, Sequencer: sequencer(s.sequence.Add(1))}
	if id != nullVersion {
		o.VersionID = id
	}
	return o
}

func sequencer(n uint64) string { return fmt.Sprintf("%018X", n) }

// emit tells the destinations that a bucket's configuration names for an
// event, as far as they let S3 in now: at once, and once (assumption A36). The
// caller holds no lock.
func (s *Service) emit(b *bucket, event string, o eventObject, by cause) {
	text := b.snapshot().Documents["notification"]
	if text == "" || s.topics == nil && s.queues == nil {
		return
	}
	n, err := readNotifications(text)
	if err != nil {
		s.log.Error("a notification configuration is not valid", "bucket", b.Name, "error", err)
		return
	}
	for _, e := range n.entries() {
		a := s.address(e)
		if a.to == nil || !e.wants(event, o.Key) {
			continue
		}
		if !s.admits(a, b.Name) {
			s.log.Warn("an event message was not delivered: the destination is gone, or its policy does not allow "+a.action+" to "+servicePrincipal,
				"bucket", b.Name, "destination", a.arn)
			continue
		}
		s.send(a, b.Name, s.message(b, e.ID, event, o, by))
	}
}

// wants tells whether an entry is about an event on a key.
func (e *notificationTarget) wants(event, key string) bool {
	return strings.HasPrefix(key, e.filter("prefix")) && strings.HasSuffix(key, e.filter("suffix")) &&
		slices.ContainsFunc(e.Events, func(listed string) bool { return sameEvent(listed, event) })
}

func (s *Service) message(b *bucket, configuration, event string, o eventObject, by cause) string {
	owner := eventPrincipal{s.owner().ID}
	o.Key = eventKey(o.Key)
	text, _ := json.Marshal(eventMessage{[]eventRecord{{ // texts and numbers always marshal
		EventVersion: "2.1", EventSource: "aws:s3", AWSRegion: b.Region, EventTime: eventTime(by.at),
		EventName: strings.TrimPrefix(event, "s3:"), UserIdentity: eventPrincipal{by.principalID},
		RequestParameters: map[string]string{"sourceIPAddress": by.sourceIP},
		ResponseElements:  map[string]string{"x-amz-request-id": by.requestID, "x-amz-id-2": by.extendedID},
		S3: eventS3{
			SchemaVersion: "1.0", ConfigurationID: configuration,
			Bucket: eventBucket{Name: b.Name, OwnerIdentity: owner, ARN: bucketARN(b.Name)}, Object: o,
		},
	}}})
	return string(text)
}

// eventKey writes a key as messages carry it: like the value of a form, but
// with its slashes.
func eventKey(key string) string { return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/") }

func eventTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// testMessage is what a destination gets when it is named in a configuration.
func testMessage(r *request) string {
	text, _ := json.Marshal(struct { // texts always marshal
		Service, Event, Time, Bucket string
		RequestID                    string `json:"RequestId"`
		HostID                       string `json:"HostId"`
	}{"Amazon S3", "s3:TestEvent", eventTime(r.call.Time), r.bucket, r.call.RequestID, hostID(r.call.RequestID)})
	return string(text)
}
