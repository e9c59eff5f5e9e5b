package sandbox

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// newRecorded makes a sandbox in front of an upstream that answers everything
// with nothing.
func newRecorded(t *testing.T) (*Sandbox, caller) {
	t.Helper()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	t.Cleanup(other.Close)
	u, err := url.Parse(other.URL)
	need(t, err)
	outer := newTest(t, Options{Upstream: u, Account: "123456789012", Regions: []string{"us-east-1", "eu-west-1"}})
	return outer, serve(t, outer)
}

func scoped(scope string) string {
	return "AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=host, Signature=0"
}

// What a call is, and whose, is what the upstream takes it for, whatever else
// its headers say.
func TestUpstreamCallsAreWhatTheyAre(t *testing.T) {
	outer, front := newRecorded(t)
	const bob = "bob/20261123/us-east-1/"
	tests := []struct {
		name, method, target, auth string
		header                     [2]string
		event, who                 string
	}{
		{"a target that S3 does not read", "PUT", "/evadebucket", scoped(bob + "s3/aws4_request"), [2]string{"X-Amz-Target", "x.ListBuckets"}, "CreateBucket", "bob"},
		{"nor this", "DELETE", "/onebucket", scoped(bob + "s3/aws4_request"), [2]string{"Smithy-Protocol", "rpc-v2-cbor"}, "DeleteBucket", "bob"},
		{"nor Lambda", "DELETE", "/2015-03-31/functions/f", scoped(bob + "lambda/aws4_request"), [2]string{"X-Amz-Target", "x.ListFunctions"}, "DeleteFunction20150331", "bob"},
		{"nor without a signature", "PUT", "/otherbucket", "", [2]string{"X-Amz-Target", "AmazonSQS.ListQueues"}, "CreateBucket", ""},
		{"CBOR at no address of it", "POST", "/GetThing", scoped(bob + "sqs/aws4_request"), [2]string{"X-Amz-Target", "AmazonSQS.DeleteQueue"}, "DeleteQueue", "bob"},
		{"a bucket named as a probe", "PUT", "/healthz", scoped(bob + "s3/aws4_request"), [2]string{}, "CreateBucket", "bob"},
		{"a region that is none", "PUT", "/localregion", scoped("bob/20261123/local/s3/aws4_request"), [2]string{}, "CreateBucket", "bob"},
		{"a service in capitals", "PUT", "/capitals", scoped(bob + "S3/aws4_request"), [2]string{"X-Amz-Target", "x.ListBuckets"}, "CreateBucket", "bob"},
		{"no signature of AWS's", "PUT", "/bearerbucket", "Bearer abc", [2]string{}, "CreateBucket", ""},
		{"a signature without a key", "PUT", "/keyless", scoped("/20261123/us-east-1/s3/aws4_request"), [2]string{}, "CreateBucket", ""},
	}
	for _, tt := range tests {
		before := outer.Status().Calls
		r, err := http.NewRequest(tt.method, front.url+tt.target, nil)
		need(t, err)
		if tt.auth != "" {
			r.Header.Set("Authorization", tt.auth)
		}
		if tt.header[0] != "" {
			r.Header.Set(tt.header[0], tt.header[1])
		}
		resp, err := http.DefaultClient.Do(r)
		need(t, err)
		resp.Body.Close()
		if n := outer.Status().Calls - before; n != 1 {
			t.Errorf("%s: %d records", tt.name, n)
			continue
		}
		got := history(t, front)[0]
		id, _ := got["userIdentity"].(map[string]any)
		user, _ := id["userName"].(string)
		if got["eventName"] != tt.event || user != tt.who || got["awsRegion"] != "us-east-1" || got["recipientAccountId"] != "123456789012" || got["readOnly"] != false {
			t.Errorf("%s: %v of %v in %v %v, readOnly %v", tt.name, got["eventName"], id, got["awsRegion"], got["recipientAccountId"], got["readOnly"])
		}
	}
}

func TestUpstreamIsNoTunnel(t *testing.T) {
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reached = reached || r.Method == "CONNECT" }))
	defer other.Close()
	u, err := url.Parse(other.URL)
	need(t, err)
	outer := newTest(t, Options{Upstream: u, Account: "123456789012", Regions: []string{"us-east-1"}})
	w, r := httptest.NewRecorder(), httptest.NewRequest("CONNECT", "http://127.0.0.1:80/", nil)
	r.Host = "127.0.0.1:80"
	outer.ServeHTTP(w, r)
	if w.Code != http.StatusMethodNotAllowed || reached {
		t.Errorf("%d, reached %v", w.Code, reached)
	}
}
