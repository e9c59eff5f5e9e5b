package describe

import (
	"net/url"
	"strings"
	"testing"
)

// TestEveryAddressIsFound fills in the labels of each row of the table and
// looks whether the address leads back to the row.
func TestEveryAddressIsFound(t *testing.T) {
	rows := 0
	for service, f := range allFacts() {
		for _, row := range f.rows {
			rows++
			var path []string
			for _, segment := range row.path {
				switch {
				case isGreedy(segment):
					segment = "one/t%20wo"
				case isLabel(segment):
					segment = "one%2Ftwo"
				}
				path = append(path, segment)
			}
			address := "http://127.0.0.1/" + strings.Join(path, "/") + "?zzz=1"
			for name, value := range row.query {
				address += "&" + name + "=" + url.QueryEscape(value)
			}
			c, _ := newCall(service, row.method, address, map[string]string{"X-Amz-Account-Id": "123456789012"})
			found, labels, ok := f.find(c.HTTP)
			if !ok || found.operation != row.operation {
				t.Errorf("%s %s of %s is found as %q", row.method, address, row.operation, found.operation)
			}
			for name, value := range labels {
				if value != "one/two" && value != "one/t wo" {
					t.Errorf("%s: the label %s is %q", row.operation, name, value)
				}
			}
		}
	}
	if rows < 4000 {
		t.Errorf("the table has only %d rows", rows)
	}
}

func TestAddresses(t *testing.T) {
	rows := []struct{ service, method, address, want string }{
		{"lambda", "GET", "/2015-03-31/functions/", "ListFunctions20150331"}, // older clients' trailing slash
		{"lambda", "GET", "/2015-03-31/functions/f/policy?Qualifier=1", "GetPolicy20150331v2"},
		{"lambda", "POST", "/2015-03-31/functions/f/invocations", "Invoke"},
		{"lambda", "PUT", "/2021-10-31/functions/f/url", "UpdateFunctionUrlConfig"},
		{"lambda", "POST", "/2018-10-31/layers/l/versions", "PublishLayerVersion20181031"},
		{"lambda", "GET", "/2016-08-19/account-settings/", "GetAccountSettings20160819"},
		{"apigateway", "PUT", "/restapis/a?mode=overwrite", "PutRestApi"},
		{"apigateway", "GET", "/v2/apis/a/routes", "GetRoutes"},
		{"route53", "POST", "/2013-04-01/hostedzone/Z/rrset/", "ChangeResourceRecordSets"},
		{"cloudfront", "POST", "/2020-05-31/distribution?WithTags", "CreateDistributionWithTags"},
		{"cloudfront", "POST", "/2020-05-31/distribution", "CreateDistribution"},
		{"s3", "PUT", "/v20180820/configuration/publicAccessBlock", "PutAccountPublicAccessBlock"},
		{"glacier", "POST", "/-/vaults/v/archives", "UploadArchive"},
		{"eks", "POST", "/clusters/a/node-groups", "CreateNodegroup"},
		{"ses", "POST", "/v2/email/outbound-emails", "SendEmail"},
		{"es", "GET", "/2021-01-01/opensearch/domain/d", "DescribeDomain"},
		{"xray", "POST", "/TraceSegments", "PutTraceSegments"},
		{"eks", "PATCH", "/clusters", "UnknownPatch"},
	}
	for _, row := range rows {
		c, f := newCall(row.service, row.method, "http://127.0.0.1"+row.address, map[string]string{"X-Amz-Account-Id": "123456789012"})
		Request(c, f, Part{})
		if c.Operation != row.want {
			t.Errorf("%s %s is %s, want %s", row.method, row.address, c.Operation, row.want)
		}
	}
}

// TestFormContentType: curl sends this content type with every body.
func TestFormContentType(t *testing.T) {
	c, f := newCall("lambda", "POST", "http://127.0.0.1/2015-03-31/functions/f/invocations", map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	Request(c, f, Part{Bytes: []byte(`{"secret":"hunter2"}`)})
	if got, want := recorded(c), "  lambda.amazonaws.com Invoke changes data\n  request {\"functionName\":\"f\"}\n"; !strings.HasPrefix(got, want) || strings.Contains(got, "hunter2") {
		t.Errorf("%q", got)
	}
}
