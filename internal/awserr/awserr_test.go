package awserr

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

func TestPlain(t *testing.T) {
	answer := func(err error) error {
		return &smithy.OperationError{ServiceID: "KMS", OperationName: "DescribeKey", Err: &awshttp.ResponseError{
			RequestID: "r-1", ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: 400}}, Err: err},
		}}
	}
	refused := answer(&smithy.GenericAPIError{Code: "AccessDenied", Message: "no\nway"})
	for _, tt := range []struct {
		err  error
		want string
	}{
		{errors.New("a\n b"), "a b"},
		{refused, "KMS DescribeKey: AccessDenied: no way (request r-1)"},
		{fmt.Errorf("reading key k: %w", refused), "reading key k: KMS DescribeKey: AccessDenied: no way (request r-1)"},
		{answer(errors.New("deserialization failed")), "KMS DescribeKey: HTTP status 400: deserialization failed"},
		{&smithy.OperationError{ServiceID: "KMS", OperationName: "DescribeKey", Err: errors.New("failed to refresh cached credentials, x")}, "KMS DescribeKey: no credentials"},
		{errors.New(strings.Repeat("x", 900)), strings.Repeat("x", 800) + "…"},
	} {
		if got := Plain(tt.err); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
