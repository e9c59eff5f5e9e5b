package awserr

import (
	"errors"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Lacked tells the answer of a server that imitates AWS and lacks a call, HTTP
// 501, whatever its code and words; call is "S3 GetBucketPolicyStatus".
func Lacked(err error) (call string, ok bool) {
	var op *smithy.OperationError
	var failed *awshttp.ResponseError
	if !errors.As(err, &op) || !errors.As(err, &failed) || failed.HTTPStatusCode() != http.StatusNotImplemented {
		return "", false
	}
	return op.ServiceID + " " + op.OperationName, true
}
