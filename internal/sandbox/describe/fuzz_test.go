package describe

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"unicode"

	"trailctl/internal/sandbox/call"
)

func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("not for a record: %v", err)
	}
	return string(text)
}

// holds is what is true of every call that has been described.
func holds(t *testing.T, c *call.Call) {
	t.Helper()
	asJSON(t, c.RequestParameters)
	asJSON(t, c.ResponseElements)
	if !c.Unrecorded && (c.Operation == "" || c.EventSource == "") {
		t.Fatal("a call is lost")
	}
	texts := []string{c.Operation, c.EventSource}
	if c.Error != nil {
		texts = append(texts, c.Error.Code, c.Error.Message)
		if c.Error.Code == "" || len(c.Error.Message) > maxMessage {
			t.Fatalf("%+v", c.Error)
		}
	}
	for _, text := range texts {
		for _, r := range text {
			if unicode.IsControl(r) || r == unicode.ReplacementChar {
				t.Fatalf("%q", text)
			}
		}
	}
}

// pass lets a body pass as a request and as two answers.
func pass(t *testing.T, f Format, service string, header http.Header, path string, body []byte, cut bool) {
	r := httptest.NewRequest("POST", "http://127.0.0.1/", nil)
	r.URL.Path, r.Header = path, header
	c := &call.Call{HTTP: r, Service: service, Account: "123456789012", AccessKeyID: "AKIAIOSFODNN7EXAMPLE"}
	Request(c, f, Part{body, cut})
	holds(t, c)
	Answer(c, f, 200, header, Part{body, cut})
	holds(t, c)
	Answer(c, f, 404, header, Part{body, cut})
	holds(t, c)
}

func FuzzJSON(f *testing.F) {
	for _, p := range calls(f) {
		f.Add([]byte(p.Body), false)
		f.Add([]byte(p.Answer), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, cut bool) {
		pass(t, JSON, "dynamodb", http.Header{"X-Amz-Target": {"DynamoDB_20120810.CreateTable"}}, "/", body, cut)
		pass(t, JSON, "dynamodb", http.Header{"X-Amz-Target": {"DynamoDB_20120810.PutItem"}}, "/", body, cut)
	})
}

func FuzzForm(f *testing.F) {
	for _, p := range calls(f) {
		f.Add([]byte(p.Body), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, cut bool) {
		pass(t, Query, "iam", http.Header{}, "/", body, cut)
		pass(t, EC2, "ec2", http.Header{}, "/", body, cut)
	})
}

func FuzzXML(f *testing.F) {
	for _, p := range calls(f) {
		f.Add([]byte(p.Body))
		f.Add([]byte(p.Answer))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		pass(t, REST, "route53", http.Header{}, "/2013-04-01/hostedzone", body, false)
		pass(t, REST, "s3", http.Header{}, "/bucket", body, false)
		if top, err := readXML(body); err == nil {
			asJSON(t, top.plain())
			asJSON(t, leaves{factsOf("ec2"), true}.fields(top))
		}
	})
}

func FuzzCBOR(f *testing.F) {
	f.Add([]byte("\xbf\x61a\xc1\xfb\x41\xd9\x54\x6a\xc0\x00\x00\x00\x61b\x9f\x01\x20\xf9\x7e\x00\xff\xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		pass(t, CBOR, "monitoring", http.Header{"Smithy-Protocol": {"rpc-v2-cbor"}}, "/service/G/operation/PutThing", body, false)
	})
}

func FuzzAddress(f *testing.F) {
	for _, p := range calls(f) {
		f.Add(p.Signing, p.Method, p.Path, "127.0.0.1", "")
	}
	f.Fuzz(func(t *testing.T, service, method, address, host, target string) {
		u, err := url.ParseRequestURI(address)
		if err != nil || method == "" {
			return
		}
		r := &http.Request{Method: method, URL: u, Host: host, Header: http.Header{"X-Amz-Target": {target}, "X-Amz-Account-Id": {host}}}
		for _, format := range []Format{REST, JSON, Query, CBOR} {
			c := &call.Call{HTTP: r, Service: service, Account: "123456789012"}
			Request(c, format, Part{})
			holds(t, c)
			Answer(c, format, 404, http.Header{}, Part{})
			holds(t, c)
		}
	})
}
