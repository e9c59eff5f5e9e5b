package s3

import (
	"net/http"
	"slices"
	"strings"
)

// operation is one of S3's operations.
type operation struct {
	name   string // as CloudTrail records it
	action string // what a policy has to allow; empty asks no policy here
	marker string // the query parameter that tells it from others
	read   bool
	data   bool
	serve  func(*Service, *request) error // nil when it is not served
}

// routes lists what is served by "METHOD level marker", where level is
// service, bucket or object.
func routes() map[string]operation {
	out := map[string]operation{}
	add := func(route, name, action string, serve func(*Service, *request) error) {
		method, rest, _ := strings.Cut(route, " ")
		_, marker, _ := strings.Cut(rest, " ")
		out[route] = operation{name: name, action: action, marker: marker, serve: serve,
			read: method == http.MethodGet || method == http.MethodHead, data: isData(name)}
	}
	add("GET service ", "ListBuckets", "", (*Service).listBuckets)

	add("PUT bucket ", "CreateBucket", "", (*Service).createBucket)
	add("DELETE bucket ", "DeleteBucket", "s3:DeleteBucket", (*Service).deleteBucket)
	add("HEAD bucket ", "HeadBucket", "s3:ListBucket", (*Service).headBucket)
	add("GET bucket ", "ListObjects", "s3:ListBucket", (*Service).listObjects)
	add("GET bucket versions", "ListObjectVersions", "s3:ListBucketVersions", (*Service).listVersions)
	add("GET bucket uploads", "ListMultipartUploads", "s3:ListBucketMultipartUploads", (*Service).listUploads)
	add("POST bucket delete", "DeleteObjects", "", (*Service).deleteObjects)
	add("GET bucket location", "GetBucketLocation", "s3:GetBucketLocation", (*Service).getBucketLocation)

	add("GET bucket policy", "GetBucketPolicy", "s3:GetBucketPolicy", (*Service).getPolicy)
	add("PUT bucket policy", "PutBucketPolicy", "s3:PutBucketPolicy", (*Service).putPolicy)
	add("DELETE bucket policy", "DeleteBucketPolicy", "s3:DeleteBucketPolicy", (*Service).deletePolicy)
	add("GET bucket policyStatus", "GetBucketPolicyStatus", "s3:GetBucketPolicyStatus", (*Service).getPolicyStatus)
	add("GET bucket acl", "GetBucketAcl", "s3:GetBucketAcl", (*Service).getBucketACL)
	add("PUT bucket acl", "PutBucketAcl", "s3:PutBucketAcl", (*Service).putBucketACL)

	addSettings(add)

	add("GET object ", "GetObject", "s3:GetObject", (*Service).getObject)
	add("HEAD object ", "HeadObject", "s3:GetObject", (*Service).getObject)
	add("PUT object ", "PutObject", "s3:PutObject", (*Service).putObject)
	add("DELETE object ", "DeleteObject", "s3:DeleteObject", (*Service).deleteObject)
	add("GET object attributes", "GetObjectAttributes", "s3:GetObjectAttributes", (*Service).getAttributes)
	add("GET object tagging", "GetObjectTagging", "s3:GetObjectTagging", (*Service).getObjectTagging)
	add("PUT object tagging", "PutObjectTagging", "s3:PutObjectTagging", (*Service).putObjectTagging)
	add("DELETE object tagging", "DeleteObjectTagging", "s3:DeleteObjectTagging", (*Service).deleteObjectTagging)
	add("GET object acl", "GetObjectAcl", "s3:GetObjectAcl", (*Service).getObjectACL)

	add("POST object uploads", "CreateMultipartUpload", "s3:PutObject", (*Service).createUpload)
	add("PUT object uploadId", "UploadPart", "s3:PutObject", (*Service).uploadPart)
	add("POST object uploadId", "CompleteMultipartUpload", "s3:PutObject", (*Service).completeUpload)
	add("DELETE object uploadId", "AbortMultipartUpload", "s3:AbortMultipartUpload", (*Service).abortUpload)
	add("GET object uploadId", "ListParts", "s3:ListMultipartUploadParts", (*Service).listParts)
	return out
}

// addSettings adds the sub-resources that are a document and no more. IAM's
// names for them are not always S3's.
func addSettings(add func(route, name, action string, serve func(*Service, *request) error)) {
	rows := []struct{ marker, name, get, put, methods string }{
		{"publicAccessBlock", "BucketPublicAccessBlock", "s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock", "GET PUT DELETE"},
		{"ownershipControls", "BucketOwnershipControls", "s3:GetBucketOwnershipControls", "s3:PutBucketOwnershipControls", "GET PUT DELETE"},
		{"encryption", "BucketEncryption", "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration", "GET PUT DELETE"},
		{"versioning", "BucketVersioning", "s3:GetBucketVersioning", "s3:PutBucketVersioning", "GET PUT"},
		{"notification", "BucketNotification", "s3:GetBucketNotification", "", "GET"},
		{"tagging", "BucketTagging", "s3:GetBucketTagging", "s3:PutBucketTagging", "GET PUT DELETE"},
		{"lifecycle", "BucketLifecycle", "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration", "GET PUT DELETE"},
		{"logging", "BucketLogging", "s3:GetBucketLogging", "", "GET"},
	}
	for _, row := range rows {
		for _, method := range strings.Fields(row.methods) {
			route := method + " bucket " + row.marker
			switch method {
			case http.MethodGet:
				add(route, "Get"+row.name, row.get, (*Service).getSetting)
			case http.MethodPut:
				add(route, "Put"+row.name, row.put, (*Service).putSetting)
			case http.MethodDelete:
				add(route, "Delete"+row.name, row.put, (*Service).deleteSetting)
			}
		}
	}
	// These two look at what else there is before they are kept.
	add("PUT bucket notification", "PutBucketNotification", "s3:PutBucketNotification", (*Service).putNotification)
	add("PUT bucket logging", "PutBucketLogging", "s3:PutBucketLogging", (*Service).putLogging)
}

// isData tells object-level operations, which CloudTrail records as data
// events. HeadBucket is one of them.
func isData(name string) bool {
	switch name {
	case "HeadBucket", "ListObjects", "ListObjectVersions", "ListMultipartUploads", "ListParts":
		return true
	}
	return strings.Contains(name, "Object") && name != "GetBucketObjectLockConfiguration" && name != "PutBucketObjectLockConfiguration" ||
		strings.Contains(name, "Upload")
}

func (s *Service) route(r *request) operation {
	level := "object"
	switch {
	case r.bucket == "":
		level = "service"
	case r.key == "":
		level = "bucket"
	}
	method := r.http.Method
	marker := r.marker()
	op, ok := s.routes[method+" "+level+" "+marker]
	if !ok {
		return unserved(method, level, marker)
	}
	return r.refine(op)
}

// refine tells operations apart that differ in a header or a parameter.
func (r *request) refine(op operation) operation {
	copied := r.header("x-amz-copy-source") != ""
	switch {
	case op.name == "PutObject" && copied:
		op.name, op.serve = "CopyObject", (*Service).copyObject
	case op.name == "UploadPart" && copied:
		op.name, op.serve = "UploadPartCopy", (*Service).uploadPartCopy
	}
	if r.query.Get("versionId") != "" && op.marker == "" {
		switch op.name {
		case "GetObject", "HeadObject":
			op.action = "s3:GetObjectVersion"
		case "DeleteObject":
			op.action = "s3:DeleteObjectVersion"
		}
	}
	return op
}

// plain lists the query parameters that choose no operation.
func plain() []string {
	return []string{
		"prefix", "delimiter", "marker", "max-keys", "encoding-type", "list-type", "continuation-token", "start-after", "fetch-owner",
		"key-marker", "version-id-marker", "upload-id-marker", "max-uploads", "max-parts", "part-number-marker", "partNumber",
		"versionId", "max-buckets", "bucket-region", "x-id",
		"response-content-type", "response-content-language", "response-expires", "response-cache-control",
		"response-content-disposition", "response-content-encoding",
		"AWSAccessKeyId", "Signature", "Expires",
	}
}

// marker is the query parameter that chooses the operation: uploadId with
// its value, or one without a value that is not known to be anything else.
// An unknown one is one of S3's that the sandbox does not serve, and must not
// be taken for a listing.
func (r *request) marker() string {
	if r.has("uploadId") {
		return "uploadId"
	}
	var names []string
	for name, values := range r.query {
		if values[0] == "" && !slices.Contains(plain(), name) && !strings.HasPrefix(strings.ToLower(name), "x-amz-") {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return slices.Min(names)
}

// unserved names an operation that has no route as CloudTrail would.
func unserved(method, level, marker string) operation {
	verb := map[string]string{"GET": "Get", "HEAD": "Head", "PUT": "Put", "DELETE": "Delete", "POST": "Post"}[method]
	if verb == "" {
		verb = strings.ToUpper(method[:1]) + strings.ToLower(method[1:])
	}
	subject := map[string]string{"service": "Service", "bucket": "Bucket", "object": "Object"}[level]
	name := verb + subject
	for _, word := range strings.Split(marker, "-") {
		if word != "" {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	switch marker {
	case "accelerate":
		name = verb + "AccelerateConfiguration"
	case "object-lock":
		name += "Configuration"
	case "restore", "select":
		name = strings.ToUpper(marker[:1]) + marker[1:] + "Object"
	}
	return operation{name: name, marker: marker, data: level == "object", read: method == http.MethodGet || method == http.MethodHead}
}
