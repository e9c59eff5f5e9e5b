package describe

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"trailctl/internal/sandbox/call"
)

var update = flag.Bool("update", false, "write testdata/records.txt anew")

// passed is one call of boto3 to moto and moto's answer, as they passed on the
// wire, but for the signature. What a record must not hold is "hunter2".
type passed struct {
	Call, Signing, Method, Path, Body, Answer string
	Header                                    map[string]string
	Status                                    int
	AnswerHeader                              map[string]string `json:"answer_header"`
}

func calls(t testing.TB) (list []passed) {
	file, err := os.Open("testdata/calls.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Buffer(nil, 1<<20); lines.Scan(); {
		var p passed
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// describe lets a call and its answer pass.
func (p passed) describe() *call.Call {
	c, f := newCall(p.Signing, p.Method, "http://127.0.0.1:5000"+p.Path, p.Header)
	Request(c, f, Part{Bytes: []byte(p.Body)})
	header := http.Header{}
	for name, value := range p.AnswerHeader {
		header.Set(name, value)
	}
	Answer(c, f, p.Status, header, Part{Bytes: []byte(p.Answer)})
	return c
}

// newCall makes a call, and tells its format as the front does.
func newCall(service, method, address string, header map[string]string) (*call.Call, Format) {
	r := httptest.NewRequest(method, address, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	c := &call.Call{HTTP: r, Service: service, Region: "us-east-1", Account: "123456789012", AccessKeyID: "AKIAIOSFODNN7EXAMPLE"}
	form, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		return c, CBOR
	case r.Header.Get("X-Amz-Target") != "":
		return c, JSON
	case form == "application/x-www-form-urlencoded" && service == "ec2":
		return c, EC2
	case form == "application/x-www-form-urlencoded":
		return c, Query
	}
	return c, REST
}

// recorded is all that is described of a call, a line each.
func recorded(c *call.Call) string {
	var b strings.Builder
	kind := "changes"
	if c.ReadOnly {
		kind = "reads"
	}
	if c.Data {
		kind += " data"
	}
	fmt.Fprintf(&b, "  %s %s %s\n", c.EventSource, c.Operation, kind)
	for _, part := range []struct {
		name string
		v    map[string]any
	}{{"request", c.RequestParameters}, {"response", c.ResponseElements}} {
		if text, err := json.Marshal(part.v); err != nil {
			fmt.Fprintf(&b, "  %s: %s\n", part.name, err)
		} else if part.v != nil {
			fmt.Fprintf(&b, "  %s %s\n", part.name, text)
		}
	}
	for _, r := range c.Resources {
		fmt.Fprintf(&b, "  resource %s %s%s %s\n", r.Type, r.ARN, r.ARNPrefix, r.AccountID)
	}
	if c.Error != nil {
		fmt.Fprintf(&b, "  error %d %s\n", c.Error.Status, c.Error.Error())
	}
	return b.String()
}

func TestRecords(t *testing.T) {
	var got strings.Builder
	for _, p := range calls(t) {
		fmt.Fprintf(&got, "%s\n%s\n", p.Call, recorded(p.describe()))
	}
	if *update {
		if err := os.WriteFile("testdata/records.txt", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/records.txt")
	if err != nil {
		t.Fatal(err)
	}
	have, wanted := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(have), len(wanted)) {
		if i >= len(have) || i >= len(wanted) || have[i] != wanted[i] {
			t.Fatalf("line %d of testdata/records.txt differs (-update writes it anew):\n%s", i+1, strings.Join(have[min(i, len(have)):min(i+3, len(have))], "\n"))
		}
	}
}

func TestNoSecretIsRecorded(t *testing.T) {
	kept := 0
	for _, p := range calls(t) {
		if strings.Contains(p.Body+p.Answer, "hunter2") {
			kept++
		}
		if text := recorded(p.describe()); strings.Contains(text, "hunter2") || strings.Contains(text, "aHVudGVyMg") {
			t.Errorf("%s is recorded with its secret:\n%s", p.Call, text)
		}
	}
	if kept < 10 {
		t.Errorf("only %d calls have secrets", kept)
	}
}

// TestSecretsByName plants a secret under every name there is for one, at
// several depths, in every format.
func TestSecretsByName(t *testing.T) {
	names := []string{
		"SecretAccessKey", "secretAccessKey", "SessionToken", "Password", "MasterUserPassword", "NEWPASSWORD", "temporaryPassword",
		"SecretString", "SecretBinary", "Plaintext", "PrivateKey", "AuthParameters", "UserData", "ZipFile", "CiphertextBlob",
		"KeyMaterial", "ClientSecret", "AuthToken", "WebIdentityToken", "SAMLAssertion", "EnvironmentVariables", "Passphrase",
	}
	for _, name := range names {
		deep := map[string]any{"A": []any{map[string]any{"B": map[string]any{name: "hunter2"}}}, name: []any{"hunter2"}}
		text, _ := json.Marshal(deep)
		bodies := []struct {
			service string
			header  map[string]string
			body    string
		}{
			{"ssm", map[string]string{"X-Amz-Target": "AmazonSSM.CreateDocument"}, string(text)},
			{"iam", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "Action=CreateThing&A.member.1.B." + name + "=hunter2&" + name + "=hunter2"},
			{"ec2", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "Action=CreateThing&A.1.B." + name + "=hunter2&" + name + ".1=hunter2"},
			{"route53", nil, "<R><A><B><" + name + ">hunter2</" + name + "></B></A></R>"},
			{"scheduler", nil, string(text)},
		}
		for _, b := range bodies {
			address := map[string]string{"route53": "/2013-04-01/hostedzone", "scheduler": "/schedules/s"}[b.service]
			c, f := newCall(b.service, "POST", "http://127.0.0.1"+address, b.header)
			Request(c, f, Part{Bytes: []byte(b.body)})
			Answer(c, f, 200, http.Header{}, Part{Bytes: []byte(b.body)})
			got := recorded(c)
			if strings.Contains(got, "hunter2") || !strings.Contains(got, hidden) {
				t.Errorf("%s in %s: %s", name, b.service, got)
			}
		}
	}
}

func TestAboutASecretIsRecorded(t *testing.T) {
	c, f := newCall("iam", "POST", "http://127.0.0.1/", map[string]string{"X-Amz-Target": "X.UpdateThing"})
	Request(c, f, Part{Bytes: []byte(`{"PasswordResetRequired":true,"MinimumPasswordLength":8,"NextToken":"n","SecretId":"s","PasswordLastUsed":"never"}`)})
	if got := recorded(c); strings.Contains(got, hidden) {
		t.Error(got)
	}
}

func TestUnrecorded(t *testing.T) {
	rows := []struct {
		method, address, service string
		signed, unrecorded       bool
	}{
		{"GET", "http://127.0.0.1/_localstack/health", "s3", false, true},
		{"GET", "http://127.0.0.1/_aws/sqs/messages", "sqs", false, true},
		{"POST", "http://127.0.0.1/moto-api/reset", "s3", false, true},
		{"GET", "http://127.0.0.1/health", "s3", false, true},
		{"GET", "http://127.0.0.1/", "s3", false, true},
		{"OPTIONS", "http://127.0.0.1/bucket/key", "s3", false, true},
		{"GET", "http://abc.execute-api.localhost.localstack.cloud:4566/prod/pets", "s3", false, true},
		{"POST", "http://abc.lambda-url.us-east-1.localhost:4566/", "lambda", true, true},
		{"POST", "http://127.0.0.1/prod/@connections/x", "execute-api", true, true},
		{"GET", "http://127.0.0.1/restapis/a/prod/_user_request_/pets", "s3", false, true},
		{"GET", "http://127.0.0.1/", "s3", true, false}, // ListBuckets
		{"GET", "http://127.0.0.1/public/object.png", "s3", false, false},
		{"GET", "http://127.0.0.1/healthy-bucket/key", "s3", true, false},
		{"GET", "http://bucket.s3.localhost.localstack.cloud:4566/", "s3", false, false},
		{"GET", "http://127.0.0.1/restapis", "apigateway", true, false},
	}
	for _, row := range rows {
		c, f := newCall(row.service, row.method, row.address, nil)
		if !row.signed {
			c.AccessKeyID = ""
		}
		Request(c, f, Part{})
		if c.Unrecorded != row.unrecorded || c.Unrecorded == (c.Operation != "") {
			t.Errorf("%s %s: unrecorded %t, operation %q", row.method, row.address, c.Unrecorded, c.Operation)
		}
	}
}

func TestUnsignedCallsFindTheirService(t *testing.T) {
	rows := []struct{ target, content, body, want string }{
		{"AWSCognitoIdentityProviderService.InitiateAuth", "", `{"AuthFlow":"X","AuthParameters":{"PASSWORD":"hunter2"}}`, "cognito-idp.amazonaws.com InitiateAuth"},
		{"", "application/x-www-form-urlencoded", "Action=AssumeRoleWithWebIdentity&WebIdentityToken=hunter2", "sts.amazonaws.com AssumeRoleWithWebIdentity"},
		{"AWSCognitoIdentityService.GetId", "", `{}`, "cognito-identity.amazonaws.com GetId"},
		{"", "application/x-www-form-urlencoded", "Action=GetSomething&Version=2011-06-15", "sts.amazonaws.com GetSomething"},
		{"", "application/x-www-form-urlencoded", "Action=SendMessage&Version=2012-11-05&MessageBody=hunter2", "sqs.amazonaws.com SendMessage"},
		{"", "application/x-www-form-urlencoded", "Action=ConfirmSubscription&Version=2010-03-31", "unknown.amazonaws.com ConfirmSubscription"},
		{"Nobody.DoThing", "", `{}`, "unknown.amazonaws.com DoThing"},
	}
	for _, row := range rows {
		c, f := newCall("", "POST", "http://127.0.0.1/", map[string]string{"X-Amz-Target": row.target, "Content-Type": row.content})
		c.AccessKeyID = ""
		Request(c, f, Part{Bytes: []byte(row.body)})
		if got := recorded(c); !strings.Contains(got, row.want+" ") || strings.Contains(got, "hunter2") {
			t.Errorf("%s%s: %s", row.target, row.body, got)
		}
		if row.content == "" {
			continue
		}
		c, f = newCall("", "GET", "http://127.0.0.1/?"+row.body, map[string]string{"Content-Type": row.content})
		c.AccessKeyID = ""
		if Request(c, f, Part{}); !strings.Contains(recorded(c), row.want+" ") {
			t.Errorf("GET %s: %s", row.body, recorded(c))
		}
	}
}

func TestUnknownAddressesAreNamed(t *testing.T) {
	c, f := newCall("eks", "POST", "http://127.0.0.1/clusters/a/dances?b=c", nil)
	Request(c, f, Part{Bytes: []byte(`{"password":"hunter2"}`)})
	if got, want := recorded(c), "  eks.amazonaws.com UnknownPost changes\n  request {\"method\":\"POST\",\"path\":\"/clusters/a/dances\"}\n"; got != want {
		t.Errorf("%q", got)
	}
}

// TestCut sees that a body of which only the beginning is known is not taken
// for the whole, and that the operation is known all the same.
func TestCut(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	rows := []struct {
		service, path, target, content, body string
		operation                            string
	}{
		{"iam", "/", "", form, "Action=CreateUser&UserName=bo", "CreateUser"},
		{"ssm", "/", "AmazonSSM.PutParameter", "", `{"Name":"/a"`, "PutParameter"},
		{"eks", "/clusters", "", "", `{"name":"a"`, "CreateCluster"},
	}
	for _, row := range rows {
		c, f := newCall(row.service, "POST", "http://127.0.0.1"+row.path, map[string]string{"X-Amz-Target": row.target, "Content-Type": row.content})
		Request(c, f, Part{Bytes: []byte(row.body), Cut: true})
		if c.Operation != row.operation || c.RequestParameters["omitted"] != true {
			t.Errorf("%s: %s", row.operation, recorded(c))
		}
		Answer(c, f, 200, http.Header{}, Part{Bytes: []byte(`{"a":`), Cut: true})
		if c.ResponseElements["omitted"] != true {
			t.Errorf("answer to %s: %s", row.operation, recorded(c))
		}
	}
}

func TestLimits(t *testing.T) {
	deep := func(open, shut string, n int) string { return strings.Repeat(open, n) + strings.Repeat(shut, n) }
	rows := []struct{ name, service, target, content, path, body string }{
		{"deep JSON", "ssm", "AmazonSSM.PutParameter", "", "/", `{"a":` + deep("[", "]", 5000) + `}`},
		{"wide JSON", "ssm", "AmazonSSM.PutParameter", "", "/", `{"a":[` + strings.Repeat("1,", 50000) + `1]}`},
		{"deep form", "iam", "", "application/x-www-form-urlencoded", "/", "Action=CreateUser&" + strings.Repeat("a.", 500) + "b=1"},
		{"wide form", "iam", "", "application/x-www-form-urlencoded", "/", "Action=CreateUser" + strings.Repeat("&a=1", 50000)},
		{"deep XML", "route53", "", "", "/2013-04-01/hostedzone", deep("<a>", "</a>", 5000)},
		{"wide XML", "route53", "", "", "/2013-04-01/hostedzone", "<a>" + strings.Repeat("<b/>", 50000) + "</a>"},
	}
	for _, row := range rows {
		c, f := newCall(row.service, "POST", "http://127.0.0.1"+row.path, map[string]string{"X-Amz-Target": row.target, "Content-Type": row.content})
		Request(c, f, Part{Bytes: []byte(row.body)})
		if text, err := json.Marshal(c.RequestParameters); err != nil || c.RequestParameters["omitted"] != true {
			t.Errorf("%s: %.200s %v", row.name, text, err)
		}
	}
}

// TestNothingUnprintableIsRecorded holds for the names that a caller chooses
// and for errors; values are JSON texts in the end, which escape them.
func TestNothingUnprintableIsRecorded(t *testing.T) {
	c, f := newCall("ssm", "POST", "http://127.0.0.1/", nil)
	f = JSON
	c.HTTP.Header["X-Amz-Target"] = []string{"AmazonSSM.Put\x1b[31mParameter" + strings.Repeat("x", 500)}
	Request(c, f, Part{Bytes: []byte(`{"Na\u001b[0mme":"a"}`)})
	Answer(c, f, 400, http.Header{"X-Amzn-Errortype": {"Bad\x07Thing:http://x"}}, Part{Bytes: []byte(`{"message":"a\u001b[31m` + strings.Repeat("é", 2000) + `"}`)})
	if len(c.Operation) > maxWord || c.Error.Code != "BadThing" || len(c.Error.Message) > maxMessage {
		t.Errorf("%q %q %d", c.Operation, c.Error.Code, len(c.Error.Message))
	}
	if text := recorded(c); strings.ContainsAny(text, "\x1b\x07") || bytes.Contains([]byte(text), []byte("u001b")) {
		t.Errorf("%q", text)
	}
}
