package s3

import (
	"strings"

	"trailctl/internal/sandbox/call"
)

// Names longer than these nothing has, in bytes (S3 user guide, "Naming Amazon
// S3 objects", and "General purpose bucket naming rules": buckets of before
// 2018 may have more than 63).
const (
	maxKey        = 1024
	maxBucketName = 255
)

// record fills in what CloudTrail records of the request, before it is
// known how it ends. Handlers add the documents they read.
func (r *request) record(account string) {
	c := r.call
	c.EventSource = "s3.amazonaws.com"
	c.Operation, c.ReadOnly, c.Data = r.op.name, r.op.read, r.op.data
	c.RequestParameters = r.parameters()
	if r.bucket == "" {
		return
	}
	if len(r.bucket) > maxBucketName {
		return // nobody's bucket
	}
	bucket := call.Resource{ARN: bucketARN(r.bucket), AccountID: account, Type: "AWS::S3::Bucket"}
	switch {
	case r.key != "" && len(r.key) <= maxKey:
		c.Resources = []call.Resource{{ARN: objectARN(r.bucket, r.key), Type: "AWS::S3::Object"}, bucket}
	case c.Data:
		// As CloudTrail records ListObjects and DeleteObjects: not which objects,
		// but that they are of this bucket. So are those whose keys nothing has.
		c.Resources = []call.Resource{{ARNPrefix: objectARN(r.bucket, ""), Type: "AWS::S3::Object"}, bucket}
	case r.op.name != "CreateBucket":
		c.Resources = []call.Resource{bucket}
	}
}

// parameters are the requestParameters of a record: where the request went,
// its query, and the headers that say what is asked for.
func (r *request) parameters() map[string]any {
	p := map[string]any{"Host": r.http.Host}
	if r.bucket != "" {
		p["bucketName"] = r.bucket
	}
	if r.key != "" {
		p["key"] = r.key
	}
	for name, values := range r.query {
		if recordedQuery(name) {
			p[name] = strings.Join(values, ",")
		}
	}
	for name, values := range r.http.Header {
		if name = strings.ToLower(name); recordedHeader(name) {
			p[name] = strings.Join(values, ",")
		}
	}
	return p
}

// recordedQuery leaves out what signs a request and what SDKs add for
// routing.
func recordedQuery(name string) bool {
	switch lower := strings.ToLower(name); lower {
	case "x-id", "awsaccesskeyid", "signature":
		return false
	default:
		return !strings.HasPrefix(lower, "x-amz-")
	}
}

func recordedHeader(name string) bool {
	switch name {
	case "x-amz-acl", "x-amz-copy-source", "x-amz-copy-source-range", "x-amz-metadata-directive", "x-amz-tagging-directive",
		"x-amz-storage-class", "x-amz-object-ownership", "x-amz-server-side-encryption",
		"x-amz-server-side-encryption-aws-kms-key-id", "x-amz-bucket-object-lock-enabled":
		return true
	}
	return strings.HasPrefix(name, "x-amz-grant-")
}

// recordAnswer copies the response headers that CloudTrail records of an
// object's change.
func (r *request) recordAnswer() {
	for _, name := range []string{"x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id",
		"x-amz-version-id", "x-amz-copy-source-version-id", "x-amz-delete-marker"} {
		value := r.w.Header().Get(name)
		if value == "" {
			continue
		}
		if r.call.ResponseElements == nil {
			r.call.ResponseElements = map[string]any{}
		}
		r.call.ResponseElements[name] = value
	}
}
