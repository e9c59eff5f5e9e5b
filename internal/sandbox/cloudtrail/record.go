package cloudtrail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Record is one event as CloudTrail writes it into log files. The fields
// stand in the order in which AWS writes them (CloudTrail user guide,
// "CloudTrail record contents").
type Record struct {
	EventVersion       string           `json:"eventVersion"`
	UserIdentity       Identity         `json:"userIdentity"`
	EventTime          string           `json:"eventTime"` // RFC 3339, UTC, whole seconds
	EventSource        string           `json:"eventSource"`
	EventName          string           `json:"eventName"`
	AWSRegion          string           `json:"awsRegion"`
	SourceIPAddress    string           `json:"sourceIPAddress"`
	UserAgent          string           `json:"userAgent,omitempty"`
	ErrorCode          string           `json:"errorCode,omitempty"`
	ErrorMessage       string           `json:"errorMessage,omitempty"`
	RequestParameters  map[string]any   `json:"requestParameters"` // null when there are none
	ResponseElements   map[string]any   `json:"responseElements"`  // null when there are none
	AdditionalData     map[string]any   `json:"additionalEventData,omitempty"`
	RequestID          string           `json:"requestID,omitempty"`
	EventID            string           `json:"eventID"`
	ReadOnly           bool             `json:"readOnly"`
	Resources          []RecordResource `json:"resources,omitempty"`
	EventType          string           `json:"eventType"`
	ManagementEvent    bool             `json:"managementEvent"`
	RecipientAccountID string           `json:"recipientAccountId"`
	EventCategory      string           `json:"eventCategory"`
	TLSDetails         *TLSDetails      `json:"tlsDetails,omitempty"`
	FromConsole        string           `json:"sessionCredentialFromConsole,omitempty"`
}

// Identity is a record's userIdentity.
type Identity struct {
	Type           string         `json:"type"`
	PrincipalID    string         `json:"principalId,omitempty"`
	ARN            string         `json:"arn,omitempty"`
	AccountID      string         `json:"accountId,omitempty"`
	AccessKeyID    string         `json:"accessKeyId,omitempty"`
	UserName       string         `json:"userName,omitempty"`
	SessionContext map[string]any `json:"sessionContext,omitempty"`
	InvokedBy      string         `json:"invokedBy,omitempty"`
}

// RecordResource is one element of a record's resources.
type RecordResource struct {
	AccountID string `json:"accountId,omitempty"`
	Type      string `json:"type"`
	ARN       string `json:"ARN,omitempty"`
	ARNPrefix string `json:"ARNPrefix,omitempty"` // in the place of ARN: all that begins with it
}

// name is the ARN or the prefix that stands in its place.
func (r RecordResource) name() string {
	if r.ARN == "" {
		return r.ARNPrefix
	}
	return r.ARN
}

// TLSDetails is absent from calls over plain HTTP.
type TLSDetails struct {
	TLSVersion   string `json:"tlsVersion"`
	CipherSuite  string `json:"cipherSuite"`
	ProvidedHost string `json:"clientProvidedHostHeader"`
}

// The two categories of event that the sandbox records.
const (
	Management = "Management"
	Data       = "Data"
)

// EventVersion is the version of the record format that the sandbox writes.
const EventVersion = "1.11"

// Event is a record with what trails and the event history ask of it.
type Event struct {
	Account, Region string
	ID, Name        string
	Source, Type    string
	Category        string
	Time            time.Time
	ReadOnly        bool
	UserName        string // as LookupEvents has it: a user, a role session or root
	UserARN         string
	AccessKeyID     string
	FromConsole     string
	ErrorCode       string
	ARNs            []RecordResource
	Related         []Related
	JSON            []byte // the whole record
}

// NewEvent makes an event of a record.
func NewEvent(r Record) (Event, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return Event{}, fmt.Errorf("writing the event %s of %s: %w", r.EventID, r.EventName, err)
	}
	return newEvent(r, bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// parseEvent reads an event back from its JSON.
func parseEvent(line []byte) (Event, error) {
	var r Record
	if err := json.Unmarshal(line, &r); err != nil {
		return Event{}, fmt.Errorf("reading an event: %w", err)
	}
	return newEvent(r, bytes.Clone(line))
}

func newEvent(r Record, raw []byte) (Event, error) {
	t, err := time.Parse(time.RFC3339, r.EventTime)
	if err != nil {
		return Event{}, fmt.Errorf("event %s: eventTime: %w", r.EventID, err)
	}
	return Event{
		Account: r.RecipientAccountID, Region: r.AWSRegion,
		ID: r.EventID, Name: r.EventName, Source: r.EventSource, Type: r.EventType,
		Category: r.EventCategory, Time: t.UTC(), ReadOnly: r.ReadOnly,
		UserName: lookupName(r.UserIdentity), UserARN: r.UserIdentity.ARN,
		AccessKeyID: r.UserIdentity.AccessKeyID, FromConsole: r.FromConsole, ErrorCode: r.ErrorCode,
		ARNs: r.Resources, Related: related(r), JSON: raw,
	}, nil
}

// global tells whether an event belongs to a global service, which is
// recorded in us-east-1 wherever the caller was. Trails of other single regions
// do not get it since 2021 (CloudTrail user guide, "Using the update-trail
// command to update a trail").
func (e Event) global() bool {
	switch e.Source {
	case "iam.amazonaws.com", "cloudfront.amazonaws.com", "organizations.amazonaws.com", "sts.amazonaws.com":
		return e.Region == globalRegion
	}
	return false
}

// globalRegion is where global services record their events (assumption A20).
const globalRegion = "us-east-1"
