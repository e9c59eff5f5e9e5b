package s3

import (
	"net/http"
	"strings"
	"sync"

	"trailctl/internal/sandbox/call"
)

// byRoute knows the operations that a Service serves.
var byRoute = sync.OnceValue(routes)

// Describe fills in what CloudTrail records of a call that another S3 serves,
// as Serve does before it is known how the call ends: the operation, the
// parameters of address and headers, and the resources. It reads no body.
// An address that cannot be read is described as far as it can be.
func Describe(c *call.Call) {
	r, _ := parse(nil, c) // what is wrong with it, the other S3 says
	r.op = (&Service{routes: byRoute()}).route(r)
	r.op = r.elsewhere(r.op)
	r.record(c.Account)
}

// DescribeAnswer fills in the response elements of a change that succeeded:
// the headers of the answer that Serve records too.
func DescribeAnswer(c *call.Call, answer http.Header) {
	if c.Data && !c.ReadOnly {
		(&request{call: c, w: headerOnly(answer)}).recordAnswer()
	}
}

// headerOnly is an answer of which only the header is looked at.
type headerOnly http.Header

func (h headerOnly) Header() http.Header       { return http.Header(h) }
func (headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (headerOnly) WriteHeader(int)             {}

// elsewhere names the operations of S3 that a Service does not serve and whose
// names do not follow from their addresses. The names are those of the list of
// management and data events in the S3 user guide, "Amazon S3 CloudTrail
// events", and of the API reference.
func (r *request) elsewhere(op operation) operation {
	if op.serve != nil {
		return op
	}
	level := "object"
	if r.key == "" {
		level = "bucket"
	}
	method := r.http.Method
	if name := namesElsewhere[method+" "+level+" "+op.marker]; name != "" {
		op.name = name
		op.data = op.data || name == "CreateSession" || name == "PostObject"
		op.read = op.read || name == "SelectObjectContent"
		return op
	}
	if level == "bucket" && r.bucket != "" && isConfiguration(op.marker) {
		op.name += "Configuration"
		if method == http.MethodGet && !r.has("id") {
			op.name = "List" + strings.TrimPrefix(op.name, "Get") + "s"
		}
	}
	return op
}

// isConfiguration tells the sub-resources of which a bucket may have several.
func isConfiguration(marker string) bool {
	switch marker {
	case "analytics", "inventory", "metrics", "intelligent-tiering":
		return true
	}
	return false
}

var namesElsewhere = map[string]string{
	"GET bucket session":                 "CreateSession",
	"POST bucket metadataConfiguration":  "CreateBucketMetadataConfiguration",
	"POST bucket metadataTable":          "CreateBucketMetadataTableConfiguration",
	"GET bucket metadataTable":           "GetBucketMetadataTableConfiguration",
	"DELETE bucket metadataTable":        "DeleteBucketMetadataTableConfiguration",
	"PUT bucket metadataInventoryTable":  "UpdateBucketMetadataInventoryTableConfiguration",
	"PUT bucket metadataJournalTable":    "UpdateBucketMetadataJournalTableConfiguration",
	"PUT bucket metadataAnnotationTable": "UpdateBucketMetadataAnnotationTableConfiguration",
	"POST object select":                 "SelectObjectContent",
	"POST object restore":                "RestoreObject",
	"PUT object renameObject":            "RenameObject",
	"PUT object encryption":              "UpdateObjectEncryption",
	"POST bucket ":                       "PostObject",
	"POST object ":                       "PostObject",
}
