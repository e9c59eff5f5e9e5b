package logs

import (
	"strings"
	"time"
)

// Record is one event as CloudTrail wrote it. Its fields are read from the
// bytes when they are asked for; a field that is absent, null or of an
// unexpected kind never is an error. The fields are those of "CloudTrail
// record contents" in the user guide.
type Record struct {
	Raw    []byte // one JSON object, never changed
	Offset int64  // where it began in the uncompressed file

	fields *[fieldCount][]byte
}

// field is a top-level field that has a method of its own.
type field uint8

const (
	fieldNone field = iota
	fieldTime
	fieldName
	fieldSource
	fieldRegion
	fieldAddress
	fieldAgent
	fieldIdentity
	fieldErrorCode
	fieldErrorMessage
	fieldID
	fieldRequestID
	fieldType
	fieldAccount
	fieldReadOnly
	fieldResources
	fieldInsight
	fieldCount
)

func fieldOf(name []byte) field {
	switch string(name) {
	case "eventTime":
		return fieldTime
	case "eventName":
		return fieldName
	case "eventSource":
		return fieldSource
	case "awsRegion":
		return fieldRegion
	case "sourceIPAddress":
		return fieldAddress
	case "userAgent":
		return fieldAgent
	case "userIdentity":
		return fieldIdentity
	case "errorCode":
		return fieldErrorCode
	case "errorMessage":
		return fieldErrorMessage
	case "eventID":
		return fieldID
	case "requestID":
		return fieldRequestID
	case "eventType":
		return fieldType
	case "recipientAccountId":
		return fieldAccount
	case "readOnly":
		return fieldReadOnly
	case "resources":
		return fieldResources
	case "insightDetails":
		return fieldInsight
	}
	return fieldNone
}

// value is the raw JSON of a field, nil when it is absent. The first call
// walks over the record and notes where all known fields lie.
func (r *Record) value(f field) []byte {
	if r.fields == nil {
		r.fields = new([fieldCount][]byte)
		eachMember(r.Raw, func(name, value []byte) bool {
			r.fields[fieldOf(name)] = value
			return true
		})
	}
	return r.fields[f]
}

func (r *Record) text(f field) string { return text(r.value(f)) }

// ID is the eventID, Name the eventName, Source the eventSource
// ("ec2.amazonaws.com"), Region the awsRegion. Each is empty when absent.
func (r *Record) ID() string     { return r.text(fieldID) }
func (r *Record) Name() string   { return r.text(fieldName) }
func (r *Record) Source() string { return r.text(fieldSource) }
func (r *Record) Region() string { return r.text(fieldRegion) }

// SourceAddress is an IP address, a service's host name, "AWS Internal", or
// whatever else the record has.
func (r *Record) SourceAddress() string { return r.text(fieldAddress) }
func (r *Record) UserAgent() string     { return r.text(fieldAgent) }
func (r *Record) RequestID() string     { return r.text(fieldRequestID) }

// Type is the eventType: "AwsApiCall", "AwsConsoleSignIn", ...
func (r *Record) Type() string { return r.text(fieldType) }

// ErrorCode and ErrorMessage: either may be there without the other.
func (r *Record) ErrorCode() string    { return r.text(fieldErrorCode) }
func (r *Record) ErrorMessage() string { return r.text(fieldErrorMessage) }

// Account is the account that the record was delivered for: the
// recipientAccountId, or in old records the caller's account.
func (r *Record) Account() string {
	if a := r.text(fieldAccount); a != "" {
		return a
	}
	return text(lookup(r.value(fieldIdentity), "accountId"))
}

// Time is the eventTime; false when there is none that can be read.
func (r *Record) Time() (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, r.text(fieldTime))
	return t.UTC(), err == nil
}

// ReadOnly tells whether the call only read; known is false when the record
// does not say. Some records say it in a string.
func (r *Record) ReadOnly() (readOnly, known bool) {
	switch strings.ToLower(r.text(fieldReadOnly)) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// Resource is one element of the resources field.
type Resource struct {
	ARN, AccountID, Type string
}

// Resources are what the call was about, as far as the record lists them.
func (r *Record) Resources() []Resource {
	var list []Resource
	eachElement(r.value(fieldResources), func(e []byte) bool {
		res := Resource{ARN: text(lookup(e, "ARN")), AccountID: text(lookup(e, "accountId")), Type: text(lookup(e, "type"))}
		if res.ARN == "" {
			res.ARN = text(lookup(e, "arn"))
		}
		if res != (Resource{}) {
			list = append(list, res)
		}
		return true
	})
	return list
}

// Insight names what an Insights record is about, the name and the source of
// the calls, which such records hold a level deeper.
func (r *Record) Insight() (name, source string) {
	d := r.value(fieldInsight)
	return text(lookup(d, "eventName")), text(lookup(d, "eventSource"))
}
