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

	fields *located // nil until they are asked for
}

// field is one of the top-level fields that "CloudTrail record contents"
// names.
type field uint8

const (
	fieldNone field = iota
	fieldVersion
	fieldIdentity
	fieldTime
	fieldSource
	fieldName
	fieldRegion
	fieldAddress
	fieldAgent
	fieldErrorCode
	fieldErrorMessage
	fieldParameters
	fieldResponse
	fieldAdditional
	fieldRequestID
	fieldID
	fieldReadOnly
	fieldResources
	fieldType
	fieldAPIVersion
	fieldManagement
	fieldAccount
	fieldServiceDetails
	fieldSharedID
	fieldEndpoint
	fieldEndpointAccount
	fieldCategory
	fieldAddendum
	fieldConsoleSession
	fieldEdgeDevice
	fieldTLS
	fieldInsight
	fieldContext
	fieldCount
)

// fieldNames are the names of the fields as records have them.
var fieldNames = [fieldCount]string{
	fieldVersion:         "eventVersion",
	fieldIdentity:        "userIdentity",
	fieldTime:            "eventTime",
	fieldSource:          "eventSource",
	fieldName:            "eventName",
	fieldRegion:          "awsRegion",
	fieldAddress:         "sourceIPAddress",
	fieldAgent:           "userAgent",
	fieldErrorCode:       "errorCode",
	fieldErrorMessage:    "errorMessage",
	fieldParameters:      "requestParameters",
	fieldResponse:        "responseElements",
	fieldAdditional:      "additionalEventData",
	fieldRequestID:       "requestID",
	fieldID:              "eventID",
	fieldReadOnly:        "readOnly",
	fieldResources:       "resources",
	fieldType:            "eventType",
	fieldAPIVersion:      "apiVersion",
	fieldManagement:      "managementEvent",
	fieldAccount:         "recipientAccountId",
	fieldServiceDetails:  "serviceEventDetails",
	fieldSharedID:        "sharedEventID",
	fieldEndpoint:        "vpcEndpointId",
	fieldEndpointAccount: "vpcEndpointAccountId",
	fieldCategory:        "eventCategory",
	fieldAddendum:        "addendum",
	fieldConsoleSession:  "sessionCredentialFromConsole",
	fieldEdgeDevice:      "edgeDeviceDetails",
	fieldTLS:             "tlsDetails",
	fieldInsight:         "insightDetails",
	fieldContext:         "eventContext",
}

func fieldOf(name []byte) field {
	switch string(name) {
	case "eventVersion":
		return fieldVersion
	case "userIdentity":
		return fieldIdentity
	case "eventTime":
		return fieldTime
	case "eventSource":
		return fieldSource
	case "eventName":
		return fieldName
	case "awsRegion":
		return fieldRegion
	case "sourceIPAddress":
		return fieldAddress
	case "userAgent":
		return fieldAgent
	case "errorCode":
		return fieldErrorCode
	case "errorMessage":
		return fieldErrorMessage
	case "requestParameters":
		return fieldParameters
	case "responseElements":
		return fieldResponse
	case "additionalEventData":
		return fieldAdditional
	case "requestID":
		return fieldRequestID
	case "eventID":
		return fieldID
	case "readOnly":
		return fieldReadOnly
	case "resources":
		return fieldResources
	case "eventType":
		return fieldType
	case "apiVersion":
		return fieldAPIVersion
	case "managementEvent":
		return fieldManagement
	case "recipientAccountId":
		return fieldAccount
	case "serviceEventDetails":
		return fieldServiceDetails
	case "sharedEventID":
		return fieldSharedID
	case "vpcEndpointId":
		return fieldEndpoint
	case "vpcEndpointAccountId":
		return fieldEndpointAccount
	case "eventCategory":
		return fieldCategory
	case "addendum":
		return fieldAddendum
	case "sessionCredentialFromConsole":
		return fieldConsoleSession
	case "edgeDeviceDetails":
		return fieldEdgeDevice
	case "tlsDetails":
		return fieldTLS
	case "insightDetails":
		return fieldInsight
	case "eventContext":
		return fieldContext
	}
	return fieldNone
}

// located says where the fields of a record lie in its bytes.
type located struct {
	seen uint64 // one bit for each field that is there
	at   [fieldCount]struct{ begin, end uint32 }
}

// note notes a field; it tells whether it was there before.
func (l *located) note(f field, begin, end int) bool {
	bit := uint64(1) << f
	again := l.seen&bit != 0
	l.seen |= bit
	l.at[f].begin, l.at[f].end = uint32(begin), uint32(end)
	return again
}

// value is the raw JSON of a field, nil when it is absent. The first call
// walks over the record and notes where all known fields lie, when its
// reader has not done so.
func (r *Record) value(f field) []byte {
	if r.fields == nil {
		r.fields = new(located)
		eachMemberAt(r.Raw, func(name []byte, begin, end int) bool {
			if f := fieldOf(name); f != fieldNone {
				r.fields.note(f, begin, end)
			}
			return true
		})
	}
	if r.fields.seen>>f&1 == 0 {
		return nil
	}
	at := r.fields.at[f]
	return r.Raw[at.begin:at.end]
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
func (r *Record) Account() string { return string(r.account()) }

func (r *Record) account() []byte {
	if a := scalarText(r.value(fieldAccount)); len(a) > 0 {
		return a
	}
	return scalarText(lookup(r.value(fieldIdentity), "accountId"))
}

// Time is the eventTime in UTC; false when there is none that can be read.
func (r *Record) Time() (time.Time, bool) {
	return parseTime(scalarText(r.value(fieldTime)))
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
		if res.ARN == "" { // of calls about a whole bucket
			res.ARN = text(lookup(e, "ARNPrefix"))
		}
		if res != (Resource{}) {
			list = append(list, res)
		}
		return true
	})
	return list
}

// ResourceNames are the ARNs of the resources, or what else the record calls
// them by.
func (r *Record) ResourceNames() []string {
	var names []string
	for _, res := range r.Resources() {
		if name := firstOf(res.ARN, res.Type); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Insight names what an Insights record is about, the name and the source of
// the calls, which such records hold a level deeper.
func (r *Record) Insight() (name, source string) {
	d := r.value(fieldInsight)
	return text(lookup(d, "eventName")), text(lookup(d, "eventSource"))
}
