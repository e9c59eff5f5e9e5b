package cli

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"trailctl/trail"
)

// answered is the error of an answer that is not one of AWS's.
func answered(status int, contentType string, err error) error {
	return &smithy.OperationError{ServiceID: "CloudTrail", OperationName: "LookupEvents", Err: &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}}}},
			Err:      err,
		},
	}}
}

func TestHints(t *testing.T) {
	answer := func(code, text string) error {
		return fmt.Errorf("doing something: %w", &smithy.GenericAPIError{Code: code, Message: text})
	}
	tests := []struct {
		err  error
		want string
	}{
		{answer("AccessDenied", "Access Denied"), "check the policy of their user or role"},
		{answer("AuthorizationError", "User is not authorized to perform: SNS:CreateTopic"), "check the policy of their user or role"},
		{answer("AuthorizationErrorException", ""), "check the policy of their user or role"},
		{answer("Forbidden", "Forbidden"), "check the policy of their user or role"},
		{answer("UnauthorizedOperation", "You are not authorized to perform this operation."), "check the policy of their user or role"},
		{answer("AccessDenied", "User: arn:aws:iam::123456789012:user/u is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::logs\" "+
			"because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access"), "public access block (BlockPublicPolicy)"},
		{trailError(fmt.Errorf("KMS key k: %w: %w", trail.ErrKeyUnread, answer("AccessDeniedException", ""))), "allow kms:GetKeyPolicy"},
		// moto and LocalStack, about what they lack.
		{answered(500, "text/html", &smithy.DeserializationError{Err: errors.New("invalid character '<'")}), "sandbox exec --upstream URL"},
		{answered(501, "application/x-amz-json-1.1", answer("InternalFailure", "not yet emulated")), "sandbox exec --upstream URL"},
		{answered(502, "text/xml", answer("UpstreamNotReachable", "connect: connection refused")), "the AWS behind the sandbox"},
		{withHint(answer("UpstreamNotReachable", ""), "check the bucket's name"), "the AWS behind the sandbox"},
		{answer("SomethingElse", ""), ""},
	}
	for _, tt := range tests {
		got := hintFor(tt.err)
		if !strings.Contains(got, tt.want) || (tt.want == "") != (got == "") {
			t.Errorf("%v: hint %q, want %q in it", tt.err, got, tt.want)
		}
	}
	// Behind the sandbox none of CloudTrail's calls is lacking: what stands there
	// already is not told to.
	lacking := &smithy.OperationError{ServiceID: "CloudWatch Logs", OperationName: "StartLiveTail", Err: errors.Unwrap(answered(501, "", answer("InternalFailure", "")))}
	if got := hintFor(lacking); !strings.Contains(got, "lacks this call") || strings.Contains(got, "--upstream") {
		t.Errorf("Live Tail: %q", got)
	}
	// The one kind of refusal has nothing to do with the other.
	if got := hintFor(tests[5].err); strings.Contains(got, "user or role") {
		t.Errorf("a public policy: %q", got)
	}
}
