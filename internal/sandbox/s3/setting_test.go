package s3

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func document(root, inner string) string {
	return fmt.Sprintf(`<%s xmlns="http://s3.amazonaws.com/doc/2006-03-01/">%s</%s>`, root, inner, root)
}

func TestSettings(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	rows := []struct {
		marker, text string
		put          int
		missing      string // the code when there is none; "" where S3 answers 200
	}{
		{"publicAccessBlock", document("PublicAccessBlockConfiguration", "<BlockPublicAcls>true</BlockPublicAcls>"), 200, "NoSuchPublicAccessBlockConfiguration"},
		{"ownershipControls", document("OwnershipControls", "<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>"), 200, "OwnershipControlsNotFoundError"},
		{"encryption", document("ServerSideEncryptionConfiguration", "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule>"), 200, ""},
		{"tagging", document("Tagging", "<TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet>"), 204, "NoSuchTagSet"},
		{"lifecycle", document("LifecycleConfiguration", "<Rule><ID>x</ID><Status>Enabled</Status><Filter/><Expiration><Days>1</Days></Expiration></Rule>"), 200, "NoSuchLifecycleConfiguration"},
		{"notification", document("NotificationConfiguration", "<EventBridgeConfiguration/>"), 200, "-"},
		{"versioning", document("VersioningConfiguration", "<Status>Enabled</Status>"), 200, "-"},
	}
	for _, row := range rows {
		path := "/bkt?" + row.marker
		a := f.send(sent{method: "PUT", path: path, body: row.text})
		if a.status != row.put {
			t.Errorf("put %s: %d %s", row.marker, a.status, a.body)
		}
		inner := row.text[strings.Index(row.text, ">")+1 : strings.LastIndex(row.text, "</")]
		if a = f.send(sent{method: "GET", path: path}); a.status != 200 || !strings.Contains(strings.ReplaceAll(a.body, "></EventBridgeConfiguration>", "/>"), inner) {
			t.Errorf("get %s: %d %s", row.marker, a.status, a.body)
		}
		for _, bad := range []string{"", "x", "<Wrong/>", "<" + settingOf(row.marker).root, "<!DOCTYPE a><" + settingOf(row.marker).root + "/>"} {
			if a = f.send(sent{method: "PUT", path: path, body: bad}); a.status != 400 || a.code() != "MalformedXML" {
				t.Errorf("put %s %q: %d %s", row.marker, bad, a.status, a.code())
			}
		}
		if row.missing == "-" {
			continue
		}
		if a = f.send(sent{method: "DELETE", path: path}); a.status != 204 {
			t.Errorf("delete %s: %d %s", row.marker, a.status, a.body)
		}
		a = f.send(sent{method: "GET", path: path})
		if row.missing == "" && (a.status != 200 || !strings.Contains(a.body, "AES256")) || row.missing != "" && (a.status != 404 || a.code() != row.missing) {
			t.Errorf("get %s after deletion: %d %s", row.marker, a.status, a.body)
		}
	}
}

func TestSettingRefusals(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	put := func(marker, root, inner string) sent {
		return sent{method: "PUT", path: "/bkt?" + marker, body: document(root, inner)}
	}
	f.run([]row{
		{"versioning without a status", put("versioning", "VersioningConfiguration", ""), 400, "IllegalVersioningConfigurationException", nil},
		{"versioning of a kind", put("versioning", "VersioningConfiguration", "<Status>On</Status>"), 400, "IllegalVersioningConfigurationException", nil},
		{"MFA delete by a user", put("versioning", "VersioningConfiguration", "<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>"), 403, "AccessDenied", nil},
		{"ownership of a kind", put("ownershipControls", "OwnershipControls", "<Rule><ObjectOwnership>Mine</ObjectOwnership></Rule>"), 400, "MalformedXML", nil},
		{"no encryption rule", put("encryption", "ServerSideEncryptionConfiguration", ""), 400, "MalformedXML", nil},
		{"encryption of a kind", put("encryption", "ServerSideEncryptionConfiguration", "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>rot13</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>"), 400, "MalformedXML", nil},
		{"lifecycle without an action", put("lifecycle", "LifecycleConfiguration", "<Rule><Status>Enabled</Status></Rule>"), 400, "InvalidRequest", nil},
		{"lifecycle without a status", put("lifecycle", "LifecycleConfiguration", "<Rule><Expiration/></Rule>"), 400, "MalformedXML", nil},
		{"public access of a kind", put("publicAccessBlock", "PublicAccessBlockConfiguration", "<BlockAll>true</BlockAll>"), 400, "MalformedXML", nil},
		{"too deep", put("tagging", "Tagging", strings.Repeat("<a>", 50)+strings.Repeat("</a>", 50)), 400, "MalformedXML", nil},
		{"too large", sent{method: "PUT", path: "/bkt?tagging", body: strings.Repeat(" ", maxDocument+1)}, 400, "MaxMessageLengthExceeded", nil},
		{"wrong checksum", sent{method: "PUT", path: "/bkt?tagging", body: document("Tagging", "<TagSet/>"), headers: []string{contentMD5("x")}}, 400, "BadDigest", nil},
		{"other namespace", sent{method: "PUT", path: "/bkt?tagging", body: `<Tagging xmlns="urn:x"><TagSet/></Tagging>`}, 400, "MalformedXML", nil},
		{"bucket missing", sent{method: "PUT", path: "/nope?tagging", body: document("Tagging", "<TagSet/>")}, 404, "NoSuchBucket", nil},
		{"logging of nothing", sent{method: "GET", path: "/bkt?logging"}, 200, "", []string{"<BucketLoggingStatus"}},
		{"versioning of nothing", sent{method: "GET", path: "/bkt?versioning"}, 200, "", []string{"<VersioningConfiguration"}},
		{"notification of nothing", sent{method: "GET", path: "/bkt?notification"}, 200, "", []string{"<NotificationConfiguration"}},
	})
}

func TestXMLDepthIsBounded(t *testing.T) {
	nested := func(n int) []byte { return []byte(strings.Repeat("<a>", n) + strings.Repeat("</a>", n)) }
	if _, err := parseXML(nested(maxDepth), "a"); err != nil {
		t.Errorf("%d deep: %v", maxDepth, err)
	}
	if _, err := parseXML(nested(maxDepth+1), "a"); err == nil {
		t.Errorf("%d deep is taken", maxDepth+1)
	}
}

func TestEncryptionOfObjects(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt?encryption", document("ServerSideEncryptionConfiguration",
		"<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>arn:k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule>"))
	kms := []string{"> x-amz-server-side-encryption: aws:kms", "> x-amz-server-side-encryption-aws-kms-key-id: arn:k"}
	f.run([]row{
		{"by default", sent{method: "PUT", path: "/bkt/k", body: "x"}, 200, "", kms},
		{"read", sent{method: "GET", path: "/bkt/k"}, 200, "", kms},
		{"as asked", sent{method: "PUT", path: "/bkt/k", body: "x", headers: []string{"x-amz-server-side-encryption: AES256"}}, 200, "", []string{"> x-amz-server-side-encryption: AES256"}},
	})
}

func TestACLs(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	owner := f.s.owner().ID
	policy := func(grants string) string {
		return document("AccessControlPolicy", "<Owner><ID>"+owner+"</ID></Owner><AccessControlList>"+grants+"</AccessControlList>")
	}
	own := "<Grant><Grantee><ID>" + owner + "</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>"
	all := "<Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>"
	canned := func(name string) sent {
		return sent{method: "PUT", path: "/bkt?acl", headers: []string{"x-amz-acl: " + name}}
	}
	f.run([]row{
		{"read", sent{method: "GET", path: "/bkt?acl"}, 200, "", []string{"<Permission>FULL_CONTROL</Permission>", owner}},
		{"enforced: public", canned("public-read"), 400, "AccessControlListNotSupported", nil},
		{"enforced: owner's", canned("bucket-owner-full-control"), 200, "", nil},
		{"enforced: document of the owner", sent{method: "PUT", path: "/bkt?acl", body: policy(own)}, 200, "", nil},
		{"enforced: other document", sent{method: "PUT", path: "/bkt?acl", body: policy(own + all)}, 400, "AccessControlListNotSupported", nil},
		{"no list", sent{method: "PUT", path: "/bkt?acl", body: document("AccessControlPolicy", "")}, 400, "MalformedXML", nil},
	})
	f.must("PUT", "/bkt?ownershipControls", document("OwnershipControls", "<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>"))
	f.run([]row{
		{"blocked: public", canned("public-read"), 403, "AccessDenied", nil},
		{"blocked: public document", sent{method: "PUT", path: "/bkt?acl", body: policy(all)}, 403, "AccessDenied", nil},
		{"blocked: public object", sent{method: "PUT", path: "/bkt/k", headers: []string{"x-amz-acl: public-read"}}, 403, "AccessDenied", nil},
		{"private object", sent{method: "PUT", path: "/bkt/k", body: "x", headers: []string{"x-amz-acl: private"}}, 200, "", nil},
	})
	f.must("DELETE", "/bkt?publicAccessBlock", "")
	f.run([]row{
		{"public", canned("public-read"), 200, "", nil},
		{"read public", sent{method: "GET", path: "/bkt?acl"}, 200, "", []string{"AllUsers"}},
		{"public object", sent{method: "PUT", path: "/bkt/p", body: "x", headers: []string{"x-amz-acl: public-read"}}, 200, "", nil},
		{"anyone reads it", sent{method: "GET", path: "/bkt/p", as: "-"}, 200, "", []string{"x"}},
		{"nobody overwrites it", sent{method: "PUT", path: "/bkt/p", as: "-", body: "y"}, 403, "AccessDenied", nil},
		{"nor reads the private one", sent{method: "GET", path: "/bkt/k", as: "-"}, 403, "AccessDenied", nil},
		{"its ACL", sent{method: "GET", path: "/bkt/p?acl"}, 200, "", []string{"AllUsers"}},
	})
}

func TestNotifications(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	c := f.client("us-east-1")
	filter := func(prefix, suffix string) *types.NotificationConfigurationFilter {
		k := &types.S3KeyFilter{}
		if prefix != "" {
			k.FilterRules = append(k.FilterRules, types.FilterRule{Name: "prefix", Value: &prefix})
		}
		if suffix != "" {
			k.FilterRules = append(k.FilterRules, types.FilterRule{Name: "suffix", Value: &suffix})
		}
		return &types.NotificationConfigurationFilter{Key: k}
	}
	in := &types.NotificationConfiguration{
		EventBridgeConfiguration: &types.EventBridgeConfiguration{},
		TopicConfigurations:      []types.TopicConfiguration{{TopicArn: aws.String("arn:aws:sns:us-east-1:111122223333:t"), Events: []types.Event{"s3:ObjectCreated:*"}, Filter: filter("a/", "")}},
		QueueConfigurations: []types.QueueConfiguration{
			{Id: aws.String("mine"), QueueArn: aws.String("arn:aws:sqs:us-east-1:111122223333:q"), Events: []types.Event{"s3:ObjectCreated:Put", "s3:ObjectRemoved:*"}, Filter: filter("b/", ".gz")},
			{QueueArn: aws.String("arn:aws:sqs:us-east-1:111122223333:q2"), Events: []types.Event{"s3:ObjectCreated:Put"}, Filter: filter("b/", ".json")}},
		LambdaFunctionConfigurations: []types.LambdaFunctionConfiguration{{LambdaFunctionArn: aws.String("arn:aws:lambda:us-east-1:111122223333:function:f"), Events: []types.Event{"s3:ObjectTagging:*"}}},
	}
	if _, err := c.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: aws.String("bkt"), NotificationConfiguration: in}); err != nil {
		t.Fatal(err)
	}
	out, err := c.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: aws.String("bkt")})
	if err != nil {
		t.Fatal(err)
	}
	if out.EventBridgeConfiguration == nil || len(out.TopicConfigurations) != 1 || len(out.QueueConfigurations) != 2 || len(out.LambdaFunctionConfigurations) != 1 {
		t.Fatalf("entries are gone: %+v", out)
	}
	q := out.QueueConfigurations
	if aws.ToString(out.TopicConfigurations[0].Id) == "" || *q[0].Id != "mine" || aws.ToString(q[1].Id) == "" ||
		*q[0].Filter.Key.FilterRules[1].Value != ".gz" || len(q[0].Events) != 2 || *out.LambdaFunctionConfigurations[0].LambdaFunctionArn != *in.LambdaFunctionConfigurations[0].LambdaFunctionArn {
		t.Errorf("entries changed: %+v", out)
	}
}

func TestNotificationRefusals(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	entry := func(kind, id, event, prefix, suffix string) string {
		target := map[string]string{"Topic": "sns", "Queue": "sqs"}[kind]
		return fmt.Sprintf("<%sConfiguration><Id>%s</Id><%s>arn:aws:%s:us-east-1:1:x</%s><Event>%s</Event><Filter><S3Key>"+
			"<FilterRule><Name>prefix</Name><Value>%s</Value></FilterRule><FilterRule><Name>Suffix</Name><Value>%s</Value></FilterRule>"+
			"</S3Key></Filter></%sConfiguration>", kind, id, kind, target, kind, event, prefix, suffix, kind)
	}
	put := func(entries ...string) sent {
		return sent{method: "PUT", path: "/bkt?notification", body: document("NotificationConfiguration", strings.Join(entries, ""))}
	}
	created := "s3:ObjectCreated:*"
	f.run([]row{
		{"apart by prefix", put(entry("Topic", "1", created, "a", ""), entry("Queue", "2", created, "b", "")), 200, "", nil},
		{"apart by suffix", put(entry("Topic", "1", created, "a", ".x"), entry("Queue", "2", created, "a", ".y")), 200, "", nil},
		{"apart by event", put(entry("Topic", "1", created, "", ""), entry("Queue", "2", "s3:ObjectRemoved:*", "", "")), 200, "", nil},
		{"overlapping prefix", put(entry("Topic", "1", created, "a", ""), entry("Queue", "2", created, "ab", "")), 400, "InvalidArgument", []string{"ambiguously"}},
		{"overlapping event", put(entry("Topic", "1", "s3:ObjectCreated:Put", "a", ""), entry("Topic", "2", created, "a", "")), 400, "InvalidArgument", nil},
		{"no filters", put(entry("Topic", "1", created, "", ""), entry("Topic", "2", created, "", "")), 400, "InvalidArgument", []string{"Configurations overlap"}},
		{"same Id", put(entry("Topic", "1", created, "a", ""), entry("Topic", "1", created, "b", "")), 400, "InvalidArgument", nil},
		{"unknown event", put(entry("Topic", "1", "s3:ObjectEaten", "a", "")), 400, "InvalidArgument", nil},
		{"unknown entry", put("<PigeonConfiguration/>"), 400, "MalformedXML", nil},
		{"no ARN", put("<TopicConfiguration><Topic>x</Topic><Event>" + created + "</Event></TopicConfiguration>"), 400, "InvalidArgument", nil},
		{"no event", put("<TopicConfiguration><Topic>arn:aws:sns:us-east-1:1:x</Topic></TopicConfiguration>"), 400, "MalformedXML", nil},
	})
}

func TestTransitionMinimum(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	rule := document("LifecycleConfiguration", "<Rule><ID>x</ID><Status>Enabled</Status><Filter/><Expiration><Days>1</Days></Expiration></Rule>")
	const header = "x-amz-transition-default-minimum-object-size"
	put := func(headers ...string) sent {
		return sent{method: "PUT", path: "/bkt?lifecycle", body: rule, headers: headers}
	}
	get := sent{method: "GET", path: "/bkt?lifecycle"}
	f.run([]row{
		{"put without it", put(), 200, "", []string{"> " + header + ": all_storage_classes_128K"}},
		{"get the default", get, 200, "", []string{"> " + header + ": all_storage_classes_128K", "<ID>x</ID>"}},
		{"put", put(header + ": varies_by_storage_class"), 200, "", []string{"> " + header + ": varies_by_storage_class"}},
		{"get", get, 200, "", []string{"> " + header + ": varies_by_storage_class"}},
		{"put another", put(header + ": tiny"), 400, "InvalidRequest", nil},
		{"delete", sent{method: "DELETE", path: "/bkt?lifecycle"}, 204, "", nil},
		{"put without it again", put(), 200, "", []string{"> " + header + ": all_storage_classes_128K"}},
		{"get the default again", get, 200, "", []string{"> " + header + ": all_storage_classes_128K"}},
	})
}
