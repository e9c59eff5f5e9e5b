package render

import (
	"strings"
	"testing"
	"time"

	"trailctl/logs"
)

func TestRecordCard(t *testing.T) {
	records := []logs.Record{
		{Raw: []byte(`{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/alice","userName":"alice","accessKeyId":null,"sessionContext":{"attributes":{"mfaAuthenticated":"false"}}},
  "eventTime":"2026-07-15T09:00:01Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli",
  "errorCode":"AccessDenied","errorMessage":"no\u001b[2J","requestParameters":{"userName":"eve","tags":[]},"responseElements":null,"requestID":"r1","eventID":"e1",
  "resources":[{"ARN":"arn:aws:iam::1:user/eve","type":"AWS::IAM::User"}],"recipientAccountId":"1","newField":7}`)},
		{Raw: []byte(`{"userIdentity":"odd","eventTime":"soon","requestParameters":"text","responseElements":{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}}`)},
		{Raw: []byte(`{}`)},
	}
	const want = `iam:CreateUser by alice: AccessDenied

who
  type                 IAMUser
  arn                  arn:aws:iam::1:user/alice
  userName             alice
  sessionContext
    {
      "attributes": {
        "mfaAuthenticated": "false"
      }
    }

what
  eventName            CreateUser
  eventSource          iam.amazonaws.com
  eventID              e1
  requestID            r1
  eventVersion         1.08

where
  awsRegion            us-east-1
  recipientAccountId   1
  sourceIPAddress      198.51.100.7
  userAgent            aws-cli

when
  eventTime            2026-07-15 09:00:01 UTC
                       2026-07-15 11:00:01 CEST

result
  errorCode            AccessDenied
  errorMessage         no\x1b[2J

resources
  [
    {
      "ARN": "arn:aws:iam::1:user/eve",
      "type": "AWS::IAM::User"
    }
  ]

request
  {
    "userName": "eve",
    "tags": []
  }

also
  newField             7

-

who
  userIdentity         odd

when
  eventTime            soon

result
  no error

request
  text

response
`
	var b strings.Builder
	w := NewRecords(&b, RecordOptions{Format: "card", Zone: time.FixedZone("CEST", 2*60*60)})
	for i := range records {
		if err := w.Write(&records[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	end := want + `  {"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}\n\n-\n\nresult\n  no error\n"
	if b.String() != end {
		t.Errorf("%s", b.String())
	}
}

func TestRecordCardColour(t *testing.T) {
	var b strings.Builder
	w := NewRecords(&b, RecordOptions{Format: "card", Terminal: Terminal{Width: 80, Colour: true}})
	r := logs.Record{Raw: []byte(`{"eventName":"ConsoleLogin","userIdentity":{"type":"Root"},"errorMessage":"Failed authentication"}`)}
	if err := w.Write(&r); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if want := "\x1b[1mConsoleLogin\x1b[0m by \x1b[33mroot\x1b[0m: \x1b[31mFailed authentication\x1b[0m\n"; !strings.HasPrefix(b.String(), want) {
		t.Errorf("%q", b.String())
	}
}
