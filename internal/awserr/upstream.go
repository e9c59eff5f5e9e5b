package awserr

import (
	"errors"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// UpstreamCode is the code with which the sandbox answers a call that it could
// not pass on, because the AWS behind it does not answer.
const UpstreamCode = "UpstreamNotReachable"

// NobodyBehind tells that answer. One to HEAD has no body: there a header
// holds the code.
func NobodyBehind(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == UpstreamCode {
		return true
	}
	var failed *awshttp.ResponseError
	if !errors.As(err, &failed) || failed.HTTPResponse() == nil || failed.HTTPResponse().Response == nil {
		return false
	}
	return failed.HTTPResponse().Header.Get("X-Amzn-ErrorType") == UpstreamCode
}
