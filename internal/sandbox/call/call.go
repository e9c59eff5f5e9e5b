// Package call holds one AWS API call on its way through the sandbox: who
// asked for what in which region, and how it ended. The front fills in the
// first half, the service that answers fills in the second, and the recorder
// turns the whole into a CloudTrail event. It serves nothing itself.
package call

import (
	"net/http"
	"time"
)

// Call is one AWS API call.
type Call struct {
	// Filled in by the front before a service sees the call.
	HTTP        *http.Request
	Body        []byte    // whole body of a JSON or query-protocol call; nil for S3, which streams HTTP.Body
	Time        time.Time // UTC, from the sandbox's clock
	RequestID   string    // as the response header carries it
	Service     string    // signing name from the credential scope: "s3", "cloudtrail", "sts", "ec2"
	Region      string    // from the credential scope
	Account     string    // twelve digits
	AccessKeyID string    // empty for an unsigned call
	Identity    Identity
	SourceIP    string
	UserAgent   string

	// Filled in by the service.
	EventSource       string // "s3.amazonaws.com"
	Operation         string // the event's name: "CreateBucket", "GetBucketLocation"
	ReadOnly          bool
	Data              bool           // a data event (S3 object level), recorded only where a trail selects it
	RequestParameters map[string]any // nil is recorded as null
	ResponseElements  map[string]any // nil is recorded as null; set by calls that change something
	Resources         []Resource
	Error             *Error // how the call failed; nil when it succeeded
	Unrecorded        bool   // true for calls that are not AWS API calls at all
}

// Identity is who made a call, in the field names of a record's userIdentity.
type Identity struct {
	Type        string // "IAMUser", "AssumedRole", "Root", "AWSService", "Anonymous"
	PrincipalID string
	ARN         string
	AccountID   string
	AccessKeyID string
	UserName    string
	InvokedBy   string
	// Session is the sessionContext of temporary credentials, nil for others.
	Session map[string]any
}

// Resource is one element of a record's resources list.
type Resource struct {
	ARN, AccountID, Type string
	// ARNPrefix stands in the place of the ARN where a call is about all
	// objects that begin with it, as one that lists a bucket.
	ARNPrefix string
}

// Error is an AWS error answer. Code is the service's own code as the SDKs
// report it ("NoSuchBucket", "TrailNotFoundException").
type Error struct {
	Status  int
	Code    string
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Service answers the calls of one AWS service. It writes the whole answer,
// success or failure, in the service's own protocol, and fills in the second
// half of the call for the recorder.
type Service interface {
	Serve(w http.ResponseWriter, c *Call)
}

// NotServed is the answer to an operation that no service of the sandbox
// knows: HTTP 501 with a code that names the operation, so that nobody takes
// it for a failure of AWS's.
func NotServed(service, operation string) *Error {
	return &Error{
		Status:  http.StatusNotImplemented,
		Code:    "NotServedBySandbox." + service + "." + operation,
		Message: "the sandbox does not serve " + service + " " + operation,
	}
}
