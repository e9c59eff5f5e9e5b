package sandbox

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/cloudtrail"
)

// Limits of a record, in bytes of its JSON (CloudTrail user guide, "CloudTrail
// record contents": request parameters, response elements, additional event
// data; "Quotas in AWS CloudTrail": an event). A part that is too large is
// left out, and {"omitted":true} says so.
const (
	maxElement    = 100 << 10
	maxAdditional = 28 << 10
	maxEvent      = 256 << 10
	// maxARN is more than any ARN has: an object's key has up to 1,024 bytes, a
	// bucket's name 63, and most other ARNs have up to 2,048 in all.
	maxARN = 2048
	// maxHostID is how much is kept of the x-amz-id-2 that an upstream
	// answers with; S3's has less than 100.
	maxHostID = 256
)

// newEvent makes an event of a record within the limits. Only a record that is
// large in all can have a part that is too large.
func newEvent(r cloudtrail.Record) (cloudtrail.Event, error) {
	e, err := cloudtrail.NewEvent(r)
	if err == nil && len(e.JSON) <= maxAdditional {
		return e, nil
	}
	r.RequestParameters = bounded(r.RequestParameters, "requestParameters", maxElement)
	r.ResponseElements = bounded(r.ResponseElements, "responseElements", maxElement)
	r.AdditionalData = bounded(r.AdditionalData, "additionalEventData", maxAdditional)
	if e, err = cloudtrail.NewEvent(r); err != nil || len(e.JSON) <= maxEvent {
		return e, err
	}
	// Each part is within its limit, and all of them together are not.
	r.RequestParameters = bounded(r.RequestParameters, "event", 0)
	r.ResponseElements = bounded(r.ResponseElements, "event", 0)
	if e, err = cloudtrail.NewEvent(r); err == nil && len(e.JSON) > maxEvent {
		err = fmt.Errorf("the event %s of %s has %d bytes, more than the %d of an event", r.EventID, r.EventName, len(e.JSON), maxEvent)
	}
	return e, err
}

// bounded leaves out what is too large for a record.
func bounded(m map[string]any, what string, most int) map[string]any {
	if m == nil {
		return nil
	}
	text, err := json.Marshal(m)
	if err != nil || len(text) > most {
		return map[string]any{"omitted": true, "originalSize": len(text), "reason": what + " too large"}
	}
	return m
}

// cutText is the beginning of a text, whole characters of it.
func cutText(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// recordResources are the resources of a call that can exist: no ARN is longer
// than maxARN.
func recordResources(all []call.Resource) []cloudtrail.RecordResource {
	var kept []cloudtrail.RecordResource
	for _, r := range all {
		if len(r.ARN) <= maxARN && len(r.ARNPrefix) <= maxARN {
			kept = append(kept, cloudtrail.RecordResource{AccountID: r.AccountID, Type: r.Type, ARN: r.ARN, ARNPrefix: r.ARNPrefix})
		}
	}
	return kept
}
