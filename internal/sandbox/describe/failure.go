package describe

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"trailctl/internal/sandbox/call"
)

// failure is the error that an answer carries, in whatever format: a service
// may answer in another one than it was asked in when the call does not get as
// far as the service. An answer that names no error has one by its status.
func failure(f Format, c *call.Call, status int, header http.Header, body Part) *call.Error {
	code, message := written(f, body.Bytes)
	if kind := header.Get("X-Amzn-Errortype"); kind != "" {
		code = kind
	}
	if c.Service == "sqs" {
		// SQS's errors go by the names that they have in the query protocol.
		if name, _, _ := strings.Cut(header.Get("X-Amzn-Query-Error"), ";"); name != "" {
			code = name
		}
	}
	if c.Service == "iam" && code != "" {
		code = longName(code)
	}
	usualCode, usualMessage := byStatus(c, status)
	e := &call.Error{Status: status, Code: word(bare(code)), Message: clean(message, maxMessage)}
	if e.Code == "" {
		e.Code = usualCode
	}
	if e.Message == "" {
		e.Message = usualMessage
	}
	return e
}

// longName is an error of IAM's as its records have it (assumption A21): by the
// name of its shape, NoSuchEntityException, and not by the code that is
// answered. Errors that every service has keep theirs.
func longName(code string) string {
	switch code {
	case "ValidationError":
		return "ValidationException"
	case "NoSuchEntity", "EntityAlreadyExists", "EntityTemporarilyUnmodifiable", "UnmodifiableEntity", "LimitExceeded",
		"DeleteConflict", "ConcurrentModification", "MalformedPolicyDocument", "InvalidInput", "InvalidAuthenticationCode",
		"InvalidUserType", "PasswordPolicyViolation", "PolicyNotAttachable", "ServiceFailure", "MalformedCertificate",
		"InvalidCertificate", "DuplicateCertificate", "KeyPairMismatch", "InvalidPublicKey", "DuplicateSSHPublicKey":
		return code + "Exception"
	}
	return code
}

// bare is an error's name without the namespace before it and the address
// after it: "com.amazonaws.sqs#QueueDoesNotExist",
// "ResourceNotFoundException:http://internal.amazon.com/coral/"
// (https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html, "Operation
// error serialization").
func bare(code string) string {
	code, _, _ = strings.Cut(code, ":")
	return code[strings.LastIndexByte(code, '#')+1:]
}

// written reads code and message from the body of an error answer.
func written(f Format, body []byte) (code, message string) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	switch {
	case len(body) == 0:
		return "", ""
	case f == CBOR && body[0]&0xe0 == 0xa0: // a map
		v, err := readCBOR(nil, body)
		if m, ok := v.(map[string]any); err == nil && ok {
			return inObject(m)
		}
	case body[0] == '{':
		v, err := readJSON(nil, body)
		if m, ok := v.(map[string]any); err == nil && ok {
			return inObject(m)
		}
	case isHTML(body):
		return "", title(body)
	case body[0] == '<':
		if top, err := readXML(body); err == nil {
			return inDocument(top)
		}
	default:
		return "", string(body)
	}
	return "", ""
}

// inObject reads a JSON or CBOR error.
func inObject(m map[string]any) (code, message string) {
	text := func(names ...string) string {
		for _, name := range names {
			switch v := m[name].(type) {
			case string:
				return v
			case json.Number:
				return v.String()
			}
		}
		return ""
	}
	if inner, ok := m["error"].(map[string]any); ok && m["__type"] == nil {
		return inObject(inner)
	}
	return text("__type", "code", "Code", "errorCode", "Error"), text("message", "Message", "errorMessage", "error", "Description")
}

// inDocument reads an XML error: <Error> by itself (S3), in <ErrorResponse>
// (query services, Route 53), or in <Errors> in <Response> (EC2). One without
// a code goes by the name of its root (Route 53's InvalidChangeBatch).
func inDocument(top *element) (code, message string) {
	e := top.find("Error", "Code")
	if e == nil && top.child("Code") != nil {
		e = top
	}
	if e == nil {
		message := top.child("Message").content()
		for _, m := range first2(top.child("Messages")) {
			message = strings.TrimSpace(message + " " + m.content())
		}
		return top.name, message
	}
	if message = e.child("Message").content(); message == "" {
		message = e.child("message").content()
	}
	return e.child("Code").content(), message
}

// first2 are the first two of a document's messages.
func first2(e *element) []*element {
	if e == nil {
		return nil
	}
	return e.children[:min(2, len(e.children))]
}

var (
	titleText = regexp.MustCompile(`(?is)<title>(.{0,500}?)</title>`)
	htmlStart = regexp.MustCompile(`(?i)^(<!--.{0,200}-->)?\s*<(!doctype html|html)`)
)

func isHTML(body []byte) bool { return htmlStart.Match(body) }

// title is the title of a page, which is what emulators answer to what they
// do not have, and proxies to what they cannot reach.
func title(page []byte) string {
	if m := titleText.FindSubmatch(page); m != nil {
		return string(m[1])
	}
	return ""
}

// byStatus is the error that a status stands for. It is all there is of the
// answer to a HEAD, which has no body: S3's records have the error that a GET
// would have been answered (assumption A31; that an object's bucket is missing
// cannot be told from the object's being missing).
func byStatus(c *call.Call, status int) (code, message string) {
	if c.Service == "s3" {
		switch {
		case status == 404 && c.Operation == "HeadBucket":
			return "NoSuchBucket", "The specified bucket does not exist"
		case status == 404 && c.Operation == "HeadObject":
			return "NoSuchKey", "The specified key does not exist."
		case status == 403:
			return "AccessDenied", "Access Denied"
		case status == 301:
			return "PermanentRedirect", "The bucket must be addressed using another endpoint."
		case status == 307:
			return "TemporaryRedirect", "The bucket must be addressed using another endpoint."
		case status == 412:
			return "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"
		case status == 416:
			return "InvalidRange", "The requested range is not satisfiable"
		}
	}
	switch status {
	case 400:
		code = "BadRequest"
	case 401, 403:
		code = "AccessDenied"
	case 404:
		code = "NotFound"
	case 405:
		code = "MethodNotAllowed"
	case 409:
		code = "Conflict"
	case 413:
		code = "RequestEntityTooLarge"
	case 429:
		code = "ThrottlingException"
	case 501:
		code = "NotImplemented"
	case 502, 503, 504:
		code = "ServiceUnavailable"
	default:
		code = "InternalFailure"
		if status < 500 {
			code = "ClientError"
		}
	}
	return code, http.StatusText(status)
}
