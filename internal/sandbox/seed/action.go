package seed

import "strings"

// params are the parameters or the answer of a call.
type params = map[string]any

// action is an API call that somebody makes.
type action struct {
	source   string // without ".amazonaws.com"
	name     string
	readOnly bool
	global   bool // recorded in the region of global services
	request  func(d *draw) params
	response func(d *draw, request params) params // nil for calls that answer null
	failures []failure
	resource func(d *draw, request params) (kind, arn string) // nil for none
}

// failure is how an action may go wrong. In the message %u is the caller's
// ARN and %r the resource's.
type failure struct{ code, message string }

func denied(action string) failure {
	return failure{"AccessDenied", "User: %u is not authorized to perform: " + action + " on resource: %r because no identity-based policy allows the " + action + " action"}
}

func unauthorized(action string) failure {
	return failure{"Client.UnauthorizedOperation", "You are not authorized to perform this operation. User: %u is not authorized to perform: " + action + " because no identity-based policy allows the " + action + " action"}
}

var (
	throttled   = failure{"ThrottlingException", "Rate exceeded"}
	ec2Throttle = failure{"Client.RequestLimitExceeded", "Request limit exceeded."}
)

func nothing(*draw) params { return nil }

func named(key string, names ...string) func(*draw) params {
	return func(d *draw) params { return params{key: pick(d, names...)} }
}

func (d *draw) account() string { return d.m.plan.Account }

var (
	userNames = []string{"erin", "frank", "grace", "heidi", "temp-contractor", "svc-reports"}
	roleNames = []string{"deploy", "app-server", "orders-function", "audit", "break-glass"}
	buckets   = []string{"acme-app-assets", "acme-data-lake", "acme-invoices", "acme-terraform-state", "acme-public-site"}
	functions = []string{"orders", "invoices", "thumbnailer", "nightly-report"}
	tables    = []string{"orders", "customers", "sessions"}
	secrets   = []string{"prod/orders/db", "prod/mail/token", "staging/orders/db"}
	keys      = []string{"11111111-2222-4333-8444-555555555555", "0a0b0c0d-1e1f-4a2b-8c3d-4e5f60718293"}
)

func iamARN(kind, key string) func(*draw, params) (string, string) {
	return func(d *draw, p params) (string, string) {
		return "AWS::IAM::" + kind, "arn:aws:iam::" + d.account() + ":" + strings.ToLower(kind) + "/" + p[key].(string)
	}
}

func bucketARN(_ *draw, p params) (string, string) {
	return "AWS::S3::Bucket", "arn:aws:s3:::" + p["bucketName"].(string)
}

// bucketRequest is the form of S3's own records: the sub-resource is an empty
// parameter.
func bucketRequest(sub string) func(*draw) params {
	return func(d *draw) params {
		name := pick(d, buckets...)
		p := params{"bucketName": name, "Host": name + ".s3.amazonaws.com"}
		if sub != "" {
			p[sub] = ""
		}
		return p
	}
}

func instance(d *draw) params {
	return params{"instancesSet": params{"items": []any{params{"instanceId": d.known("i-", 12, 17)}}}}
}

func filters(extra string) func(*draw) params {
	return func(d *draw) params { return params{"filterSet": params{}, extra: params{}} }
}

func kmsARN(d *draw, p params) (string, string) {
	key, _ := p["keyId"].(string)
	return "AWS::KMS::Key", "arn:aws:kms:us-east-1:" + d.account() + ":key/" + key[strings.LastIndexByte(key, '/')+1:]
}
