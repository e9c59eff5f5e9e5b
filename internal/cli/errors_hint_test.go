package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"trailctl/trail"
)

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
		{answer("SomethingElse", ""), ""},
	}
	for _, tt := range tests {
		got := hintFor(tt.err)
		if !strings.Contains(got, tt.want) || (tt.want == "") != (got == "") {
			t.Errorf("%v: hint %q, want %q in it", tt.err, got, tt.want)
		}
	}
	// The one kind of refusal has nothing to do with the other.
	if got := hintFor(tests[5].err); strings.Contains(got, "user or role") {
		t.Errorf("a public policy: %q", got)
	}
}
