package describe

import (
	"bytes"
	"compress/gzip"
	"math"
	"net/http"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"
)

// TestCBOR has the request that the Go SDK makes for PutMetricAlarm.
func TestCBOR(t *testing.T) {
	body := cbor.Encode(cbor.Map{
		"AlarmName": cbor.String("a"), "Period": cbor.Uint(60), "Threshold": cbor.Float64(math.NaN()), "Low": cbor.NegInt(3),
		"ActionsEnabled": cbor.Bool(true), "AlarmActions": cbor.List{cbor.String("arn")}, "Password": cbor.String("hunter2"),
		"StateUpdated": &cbor.Tag{ID: 1, Value: cbor.Float64(1700000000)},
		"Dimensions":   cbor.List{cbor.Map{"Name": cbor.String("n"), "Value": cbor.String("v")}},
	})
	c, f := newCall("monitoring", "POST", "http://127.0.0.1/service/GraniteServiceVersion20100801/operation/PutMetricAlarm",
		map[string]string{"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"})
	Request(c, f, Part{Bytes: body})
	Answer(c, f, 200, http.Header{}, Part{Bytes: cbor.Encode(cbor.Map{"Arn": cbor.String("x")})})
	const want = "  monitoring.amazonaws.com PutMetricAlarm changes\n" +
		`  request {"actionsEnabled":true,"alarmActions":["arn"],"alarmName":"a","dimensions":[{"name":"n","value":"v"}],"low":-3,` +
		`"password":"HIDDEN_DUE_TO_SECURITY_REASONS","period":60,"stateUpdated":"Nov 14, 2023, 10:13:20 PM","threshold":"NaN"}` + "\n" +
		`  response {"arn":"x"}` + "\n"
	if got := recorded(c); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestGzip(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(`{"Namespace":"n"}`))
	z.Close()
	var bomb bytes.Buffer
	z = gzip.NewWriter(&bomb)
	z.Write([]byte(`{"Namespace":"`))
	z.Write(bytes.Repeat([]byte("a"), 8<<20))
	z.Close()
	rows := []struct {
		name string
		body Part
		want any
	}{
		{"whole", Part{Bytes: zipped.Bytes()}, "n"},
		{"cut", Part{Bytes: zipped.Bytes()[:zipped.Len()/2], Cut: true}, nil},
		{"broken", Part{Bytes: zipped.Bytes()[:zipped.Len()/2]}, nil},
		{"bomb", Part{Bytes: bomb.Bytes()}, nil},
		{"unzipped already", Part{Bytes: []byte(`{"Namespace":"n"}`)}, "n"},
	}
	for _, row := range rows {
		c, f := newCall("monitoring", "POST", "http://127.0.0.1/", map[string]string{"X-Amz-Target": "X.SetThing", "Content-Encoding": "gzip"})
		Request(c, f, row.body)
		if got := c.RequestParameters["namespace"]; got != row.want || (got == nil) != (c.RequestParameters["omitted"] == true) {
			t.Errorf("%s: %.200v", row.name, c.RequestParameters)
		}
	}
}

func TestForms(t *testing.T) {
	rows := []struct {
		f                   Format
		service, body, want string
	}{
		{Query, "iam", "Action=TagRole&Version=2010-05-08&RoleName=r&Tags.member.1.Key=Team&Tags.member.1.Value=A&Tags.member.10.Key=x&Tags.member.2.Key=b",
			`{"roleName":"r","tags":[{"key":"Team","value":"A"},{"key":"b"},{"key":"x"}]}`},
		{Query, "iam", "Action=UntagRole&TagKeys.member.1=a&TagKeys.member.2=b", `{"tagKeys":["a","b"]}`},
		{Query, "sns", "Action=CreateTopic&Name=n&Attributes.entry.1.key=K&Attributes.entry.1.value=v", `{"attributes":{"K":"v"},"name":"n"}`},
		{Query, "rds", "Action=CreateX&Filters.Filter.1.Name=a&Filters.Filter.1.Values.Value.1=v", `{"filters":[{"name":"a","values":["v"]}]}`},
		{Query, "sqs", "Action=CreateQueue&QueueName=q&Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=30", `{"attribute":[{"name":"VisibilityTimeout","value":"30"}],"queueName":"q"}`},
		{EC2, "ec2", "Action=RunInstances&MinCount=1&NetworkInterface.1.SubnetId=s&NetworkInterface.1.SecurityGroupId.1=g&EbsOptimized=true",
			`{"ebsOptimized":true,"minCount":1,"networkInterfaceSet":{"items":[{"groupSet":{"items":[{"securityGroupId":"g"}]},"subnetId":"s"}]}}`},
		{EC2, "ec2", "Action=AuthorizeSecurityGroupIngress&IpPermissions.1.FromPort=22&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0%2F0",
			`{"ipPermissions":{"items":[{"fromPort":22,"ipRangesSet":{"items":[{"cidrIp":"0.0.0.0/0"}]}}]}}`},
		{Query, "iam", "Action=GetUser", `null`},
		{Query, "iam", "Action=GetUser&%zz=1&=2&a.=3&&..b=4", ``},
	}
	for _, row := range rows {
		c, _ := newCall(row.service, "POST", "http://127.0.0.1/", nil)
		Request(c, row.f, Part{Bytes: []byte(row.body)})
		if got := asJSON(t, c.RequestParameters); row.want != "" && got != row.want {
			t.Errorf("%s:\n%s\nwant %s", row.body, got, row.want)
		}
	}
}
