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

request
  {
    "userName": "eve",
    "tags": []
  }

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

also
  newField             7

-

who
  userIdentity         odd

request
  text

when
  eventTime            soon

result
  no error

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

// Long values go on below their beginning and break at spaces only, so that
// what is copied is whole; the outcome of a sign-in counts as a failure.
func TestRecordCardWraps(t *testing.T) {
	arn := "arn:aws:iam::123456789012:role/service-role/" + strings.Repeat("x", 60)
	var b strings.Builder
	w := NewRecords(&b, RecordOptions{Format: "card", Terminal: Terminal{Width: 60}})
	r := logs.Record{Raw: []byte(`{"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","userIdentity":{"arn":"` + arn + `"},
		"userAgent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0","requestParameters":{"policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\"}]}","arn":"` + arn + `"},
		"responseElements":{"ConsoleLogin":"Failure"}}`)}
	if err := w.Write(&r); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		": Failure\n",
		"\nresult\n  Failure\n",
		"  arn                  " + arn + "\n",
		"  userAgent            Mozilla/5.0 (X11; Linux x86_64;\n                       rv:128.0) Gecko/20100101\n                       Firefox/128.0\n",
		"    \"policy\": \"{\\\"Version\\\":\\\"2012-10-17\\\",\n        \\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\"}]}\",\n",
		"    \"arn\": \"" + arn + "\"\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}

// Whatever is broken into lines is still all there.
func FuzzBreakLine(f *testing.F) {
	f.Add("a b c", 20)
	f.Add(strings.Repeat("word ", 20), 24)
	f.Add(strings.Repeat("文字, ", 40), 21)
	f.Add(" "+strings.Repeat("x", 400)+" y", 20)
	f.Fuzz(func(t *testing.T, text string, room int) {
		whole, lines := "", 0
		for rest := text; ; lines++ {
			line, more := breakLine(rest, room, " ,")
			if whole += line; more == "" {
				break
			}
			if line == "" || lines > len(text) {
				t.Fatalf("%q at %d goes on for ever", text, room)
			}
			rest = more
		}
		if whole != text {
			t.Fatalf("%q: %q", text, whole)
		}
	})
}
