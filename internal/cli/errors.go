package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"

	"trailctl/internal/awsconf"
	"trailctl/internal/awserr"
	"trailctl/logs"
)

// The exit codes of every command; docs/exit-codes.md says the same.
const (
	codeDone        = 0   // done, or valid
	codeFailed      = 1   // could not complete
	codeUsage       = 2   // wrong usage
	codeInvalid     = 3   // invalid, missing, or failed a check
	codeNothing     = 4   // nothing found to validate
	codeInterrupted = 130 // interrupted
)

// exitError ends the program with a code of its own. err may be nil when
// everything has been said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// exitWith makes an error that ends the program with a code; err may be nil.
func exitWith(code int, err error) error { return &exitError{code: code, err: err} }

// usagef makes the error of a command line that cannot be understood.
func usagef(format string, args ...any) error {
	return &exitError{code: codeUsage, err: fmt.Errorf(format, args...)}
}

// hinted is an error that knows what to do about itself.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

// withHint adds the line that says what to do.
func withHint(err error, format string, args ...any) error {
	return &hinted{error: err, hint: fmt.Sprintf(format, args...)}
}

func exitCode(err error) int {
	var e *exitError
	var setting *awsconf.SettingError
	switch {
	case err == nil:
		return codeDone
	case errors.As(err, &e):
		return e.code
	case errors.As(err, &setting):
		return codeUsage
	}
	return codeFailed
}

// message is an error in words and what to do about it, either possibly
// empty.
func message(err error) (text, hint string) {
	var e *exitError
	if errors.As(err, &e) && e.err == nil {
		return "", ""
	}
	return plain(err), hintFor(err)
}

// plain takes the SDK's frame off an AWS error.
func plain(err error) string { return awserr.Plain(err) }

const deniedHint = "the credentials in use may not do this: check the policy of their user or role (aws sts get-caller-identity tells who that is)"

// publicPolicyHint is for a bucket policy that S3 refuses as public. What is
// added here is for services on behalf of named trails, which is not public.
const publicPolicyHint = "a statement that is in the bucket's policy already makes it public, and the bucket's public access block (BlockPublicPolicy) lets no such policy be written: take that statement out, or give it a condition such as aws:SourceArn; \"trailctl bucket show BUCKET\" shows the block"

const upstreamHint = "the AWS behind the sandbox (sandbox start --upstream) does not answer: start it again; the sandbox can stay as it is"

// awsHints say what to do about error codes that any AWS call may answer.
func awsHints() map[string]string {
	return map[string]string{
		"AccessDenied":                            deniedHint,
		"AccessDeniedException":                   deniedHint,
		"AuthorizationError":                      deniedHint, // SNS
		"AuthorizationErrorException":             deniedHint,
		"Forbidden":                               deniedHint, // S3, to HEAD
		"UnauthorizedOperation":                   deniedHint, // EC2 and its like
		"ExpiredToken":                            "the session has expired: sign in again",
		"ExpiredTokenException":                   "the session has expired: sign in again",
		"InvalidClientTokenId":                    "AWS does not know these credentials there: check the region, AWS_ACCESS_KEY_ID, or --profile; a region that an account has not enabled answers like this, too",
		"UnrecognizedClientException":             "AWS does not know these credentials there: check the region, AWS_ACCESS_KEY_ID, or --profile; a region that an account has not enabled answers like this, too",
		"SignatureDoesNotMatch":                   "the secret key does not fit the access key: check AWS_SECRET_ACCESS_KEY, or --profile",
		"ThrottlingException":                     "AWS asks for fewer calls: wait a little and run it again",
		"SlowDown":                                "S3 asks for fewer calls: wait a little and run it again",
		"NoSuchBucket":                            "check the bucket's name; \"trailctl trail list\" shows the bucket of each trail",
		"PermanentRedirect":                       "the bucket lies in another region: name it with --region",
		"AuthorizationHeaderMalformed":            "the bucket lies in another region: name it with --region",
		"TrailNotFoundException":                  "\"trailctl trail list\" shows the trails there are; a trail is found by its name only in its home region, and by its ARN everywhere",
		"RequestTimeTooSkewed":                    "this machine's clock is wrong: set it",
		"CloudTrailInvalidClientTokenIdException": "AWS does not know these credentials there: check the region, AWS_ACCESS_KEY_ID, or --profile; a region that an account has not enabled answers like this, too",
	}
}

// lackedHint is for the answer of an imitation of AWS that lacks a call. With
// a sandbox before it, CloudTrail's calls never get there.
func lackedHint(err error) string {
	const hint = "AWS does not answer like this: check --endpoint-url and AWS_ENDPOINT_URL"
	var op *smithy.OperationError
	if errors.As(err, &op) && op.ServiceID == "CloudTrail" {
		return hint + "; an imitation of AWS that lacks the call can stand behind the sandbox, which brings a CloudTrail of its own: \"trailctl sandbox exec --upstream URL -- COMMAND\""
	}
	return hint + "; if an imitation of AWS is meant to answer, it lacks this call, also when it stands behind a sandbox"
}

func hintFor(err error) string {
	var h *hinted
	if errors.As(err, &h) && !awserr.NobodyBehind(err) {
		return h.hint
	}
	hints := awsHints()
	maps.Copy(hints, trailHints())
	if awserr.NobodyBehind(err) {
		return upstreamHint
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		// The code is AccessDenied; only AWS's words tell the reason.
		if strings.Contains(api.ErrorMessage(), "BlockPublicPolicy") {
			return publicPolicyHint
		}
		if text, ok := hints[api.ErrorCode()]; ok {
			return text
		}
		if strings.HasPrefix(api.ErrorCode(), "NotServedBySandbox") {
			return "the sandbox imitates a part of AWS only; its documentation says which"
		}
	}
	var profile config.SharedConfigProfileNotExistError
	var dial *net.OpError
	var name *net.DNSError
	var garbled *smithy.DeserializationError
	var answer *awshttp.ResponseError
	switch {
	case errors.Is(err, logs.ErrTooLarge):
		return "\"logs view\", search, stats and export read larger files with --max-file-size SIZE, and take that much more memory"
	case errors.Is(err, awsconf.ErrNoRegion):
		return "name one with --region, AWS_REGION or the profile"
	case errors.As(err, &profile):
		return "\"aws configure list-profiles\" shows the profiles there are"
	case errors.As(err, &name):
		return "that host does not exist: check --region and --endpoint-url"
	case errors.As(err, &dial) && dial.Op == "dial":
		return "nothing answers at that address: check --endpoint-url and AWS_ENDPOINT_URL, or start a sandbox with \"trailctl sandbox start\""
	case awserr.WebPage(err), errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusNotImplemented:
		return lackedHint(err)
	case errors.As(err, &garbled):
		return "the answer is not one of AWS's: what is at the endpoint does not know this call"
	case awserr.NoCredentials(err):
		return "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, choose a --profile, or sign in with the AWS CLI"
	case errors.Is(err, context.DeadlineExceeded):
		return "nothing came back in time: run it again"
	}
	return ""
}
