package describe

import (
	"net/http"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"
)

func TestFailure(t *testing.T) {
	const page = "<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n<p>The server\n"
	rows := []struct {
		name, service, method, path string
		f                           Format
		status                      int
		header                      map[string]string
		body, want                  string
	}{
		{"JSON with a namespace", "dynamodb", "POST", "/", JSON, 400, nil,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"no table"}`, "ResourceNotFoundException: no table"},
		{"JSON with an address", "ssm", "POST", "/", JSON, 400, nil, `{"__type":"ParameterNotFound:http://x/","Message":"m"}`, "ParameterNotFound: m"},
		{"the header", "eks", "GET", "/clusters/a", REST, 404, map[string]string{"X-Amzn-Errortype": "ResourceNotFoundException:http://x/"},
			`{"message":"no cluster"}`, "ResourceNotFoundException: no cluster"},
		{"code", "apigateway", "GET", "/restapis/a", REST, 404, nil, `{"code":"NotFoundException","message":"m"}`, "NotFoundException: m"},
		{"SQS's older name", "sqs", "POST", "/", JSON, 400, map[string]string{"X-Amzn-Query-Error": "AWS.SimpleQueueService.NonExistentQueue;Sender"},
			`{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"m"}`, "AWS.SimpleQueueService.NonExistentQueue: m"},
		{"query", "iam", "POST", "/", Query, 404, nil,
			`<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>no user</Message></Error></ErrorResponse>`,
			"NoSuchEntityException: no user"},
		{"an error of everybody's", "iam", "POST", "/", Query, 403, nil, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>m</Message></Error></ErrorResponse>`, "AccessDenied: m"},
		{"EC2", "ec2", "POST", "/", EC2, 400, nil,
			`<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>m</Message></Error></Errors></Response>`,
			"InvalidInstanceID.NotFound: m"},
		{"S3", "s3", "GET", "/b/k", REST, 403, nil, `<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`, "AccessDenied: Access Denied"},
		{"S3 in another region", "s3", "GET", "/b/k", REST, 301, nil, `<Error><Code>PermanentRedirect</Code><Message>m</Message></Error>`, "PermanentRedirect: m"},
		{"Route 53's own", "route53", "POST", "/2013-04-01/hostedzone/Z/rrset", REST, 400, nil,
			`<InvalidChangeBatch><Messages><Message>one</Message><Message>two</Message></Messages></InvalidChangeBatch>`, "InvalidChangeBatch: one two"},
		{"CBOR", "monitoring", "POST", "/service/GraniteServiceVersion20100801/operation/GetMetricData", CBOR, 400, nil,
			string(cbor.Encode(cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#InvalidFormatFault"), "message": cbor.String("m")})), "InvalidFormatFault: m"},
		{"HEAD of an object", "s3", "HEAD", "/b/k", REST, 404, nil, "", "NoSuchKey: The specified key does not exist."},
		{"HEAD of a bucket", "s3", "HEAD", "/b", REST, 404, nil, "", "NoSuchBucket: The specified bucket does not exist"},
		{"HEAD without leave", "s3", "HEAD", "/b", REST, 403, nil, "", "AccessDenied: Access Denied"},
		{"a page", "ec2", "POST", "/", EC2, 500, nil, page, "InternalFailure: 500 Internal Server Error"},
		{"text", "eks", "GET", "/clusters", REST, 503, nil, "upstream\nis   down\x00", "ServiceUnavailable: upstream is   down"},
		{"nothing", "eks", "GET", "/clusters", REST, 400, nil, "", "BadRequest: Bad Request"},
		{"broken XML", "iam", "POST", "/", Query, 500, nil, "<ErrorResponse><Error>", "InternalFailure: Internal Server Error"},
		{"broken JSON", "ssm", "POST", "/", JSON, 429, nil, `{"__type":`, "ThrottlingException: Too Many Requests"},
		{"no conflict of its own", "ssm", "POST", "/", JSON, 418, nil, `[]`, "ClientError: []"},
	}
	for _, row := range rows {
		c, _ := newCall(row.service, row.method, "http://127.0.0.1"+row.path, map[string]string{"X-Amz-Target": "X.GetThing"})
		Request(c, row.f, Part{})
		header := http.Header{}
		for name, value := range row.header {
			header.Set(name, value)
		}
		Answer(c, row.f, row.status, header, Part{Bytes: []byte(row.body)})
		if c.Error == nil || c.Error.Error() != row.want || c.Error.Status != row.status || c.ResponseElements != nil {
			t.Errorf("%s: %v, want %s", row.name, c.Error, row.want)
		}
	}
}

// TestNotModified: the answer to a conditional read is no failure.
func TestNotModified(t *testing.T) {
	c, f := newCall("s3", "GET", "http://127.0.0.1/b/k", nil)
	Request(c, f, Part{})
	if Answer(c, f, http.StatusNotModified, http.Header{}, Part{}); c.Error != nil {
		t.Error(c.Error)
	}
}
