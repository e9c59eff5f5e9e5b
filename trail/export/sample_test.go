package export

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"trailctl/bucket"
	"trailctl/trail"
)

const (
	account  = "111122223333"
	topicARN = "arn:aws:sns:us-east-1:111122223333:announce"
	groupARN = "arn:aws:logs:us-east-1:111122223333:log-group:events"
	roleARN  = "arn:aws:iam::111122223333:role/service-role/writer"
	keyARN   = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
)

// full is a trail with everything around it. Each text that somebody else may
// choose is put through name.
func full(name func(string) string) Source {
	const resource = `{"Version":"2012-10-17","Statement":[{"Sid":"S","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":["x:Y"],"Resource":"*","Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main","n":1,"b":true}}}]}`
	doc := func(id string) string {
		// A policy keeps what it says in JSON strings.
		text, _ := json.Marshal(name(id)) // cannot fail
		return `{"Id":` + string(text) + "," + resource[1:]
	}
	tags := map[string]string{name("key"): name("value"), "empty": ""}
	t := trail.Trail{
		Name: "main", ARN: trail.ARN("aws", "us-east-1", account, "main"), HomeRegion: "us-east-1", Bucket: "logs-bucket", Prefix: name("prefix"),
		MultiRegion: true, GlobalServiceEvents: true, LogFileValidation: true, TopicARN: topicARN, LogGroupARN: groupARN + ":*", LogRoleARN: roleARN, KMSKey: keyARN,
		CustomSelectors: true, InsightSelectors: true,
	}
	event := func(arn, id, prefix, suffix string) (a, i *string, f *s3types.NotificationConfigurationFilter) {
		return aws.String(arn), aws.String(id), &s3types.NotificationConfigurationFilter{Key: &s3types.S3KeyFilter{FilterRules: []s3types.FilterRule{
			{Name: "prefix", Value: aws.String(prefix)}, {Name: "suffix", Value: aws.String(suffix)}}}}
	}
	created := []s3types.Event{"s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"}
	n := &bucket.Notifications{}
	n.EventBridgeConfiguration = &s3types.EventBridgeConfiguration{}
	a, i, f := event(topicARN, name("ours"), "AWSLogs/", ".gz")
	n.TopicConfigurations = append(n.TopicConfigurations, s3types.TopicConfiguration{TopicArn: a, Id: i, Filter: f, Events: created[:1]})
	a, i, f = event("arn:aws:sqs:us-east-1:111122223333:q", "queue", name("x"), name("y"))
	n.QueueConfigurations = append(n.QueueConfigurations, s3types.QueueConfiguration{QueueArn: a, Id: i, Filter: f, Events: created})
	a, i, f = event("arn:aws:lambda:us-east-1:111122223333:function:f", "function", "l", "m")
	n.LambdaFunctionConfigurations = append(n.LambdaFunctionConfigurations, s3types.LambdaFunctionConfiguration{LambdaFunctionArn: a, Id: i, Filter: f, Events: created[1:]})
	return Source{
		Whole: trail.Whole{
			Trail: t, Account: trail.Account{ID: account, Partition: "aws"}, Logging: true, Tags: tags,
			Selectors: &trail.Selectors{Advanced: []types.AdvancedEventSelector{{
				Name: aws.String(name("selector")),
				FieldSelectors: []types.AdvancedFieldSelector{
					{Field: aws.String("eventCategory"), Equals: []string{"Data"}},
					{Field: aws.String("resources.type"), Equals: []string{"AWS::S3::Object"}},
					{Field: aws.String("resources.ARN"), StartsWith: []string{name("arn:aws:s3:::a")}, NotStartsWith: []string{"b"}},
					{Field: aws.String("eventName"), NotEquals: []string{"GetObject"}, EndsWith: []string{"Object"}, NotEndsWith: []string{"x"}},
				},
			}, {FieldSelectors: []types.AdvancedFieldSelector{{Field: aws.String("eventCategory"), Equals: []string{"Management"}}}}}},
			Insights: &trail.Insights{Selectors: []types.InsightSelector{{InsightType: types.InsightTypeApiCallRateInsight}}},
			Bucket: &trail.BucketPart{
				Name: "logs-bucket", Place: bucket.Place{Owner: bucket.Account, Region: "us-east-1"}, Policy: doc("bucket"), Notifications: n,
				Settings: bucket.Settings{
					PublicAccess: &bucket.PublicAccess{BlockPublicACLs: true, IgnorePublicACLs: true, BlockPublicPolicy: true},
					Ownership:    bucket.OwnerEnforced, Encryption: "aws:kms",
				},
			},
			Topic: &trail.TopicPart{ARN: topicARN, Name: "announce", Policy: doc("topic"), Tags: tags},
			Group: &trail.GroupPart{ARN: groupARN, Name: "events", Retention: 90, KMSKey: keyARN, Tags: tags},
			Role: &trail.RolePart{
				ARN: roleARN, Name: "writer", Path: "/service-role/", Trust: doc("trust"), Tags: tags,
				Inline:   map[string]string{"a": doc("a"), "b": doc("b")},
				Attached: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"},
			},
			Key: &trail.KeyPart{ARN: keyARN},
		},
		Extra: &BucketExtra{
			Protection: bucket.Protection{Versioning: "Enabled", Logging: &bucket.AccessLog{Bucket: "access", Prefix: name("p")}},
			KMSKey:     keyARN, BucketKey: true, Tags: tags,
		},
	}
}

func plain(s string) string { return s }

// basic is the same with basic selectors, a bucket in another region, and
// nothing that a trail can do without.
func basic() Source {
	s := full(plain)
	s.Selectors = &trail.Selectors{Basic: []types.EventSelector{{
		ReadWriteType: types.ReadWriteTypeWriteOnly, IncludeManagementEvents: aws.Bool(true), ExcludeManagementEventSources: []string{"kms.amazonaws.com"},
		DataResources: []types.DataResource{{Type: aws.String("AWS::Lambda::Function"), Values: []string{"arn:aws:lambda"}}},
	}}}
	s.Trail.TopicARN, s.Trail.LogGroupARN, s.Trail.LogRoleARN, s.Trail.KMSKey, s.Trail.Prefix = "", "", "", "", ""
	s.Topic, s.Group, s.Role, s.Key, s.Insights, s.Tags = nil, nil, nil, nil, nil, nil
	s.Bucket.Region, s.Bucket.Notifications = "eu-west-1", nil
	s.Bucket.Settings.Encryption = "AES256"
	s.Extra = &BucketExtra{}
	return s
}

// settled is the same with every further setting.
func settled() Source {
	s := full(plain)
	s.Topic.Attributes = map[string]string{
		"DisplayName": "News", "KmsMasterKeyId": keyARN, "DeliveryPolicy": `{"http":{}}`, "TracingConfig": "Active", "SignatureVersion": "2",
		"HTTPSuccessFeedbackRoleArn": roleARN, "HTTPSuccessFeedbackSampleRate": "50", "HTTPFailureFeedbackRoleArn": roleARN,
	}
	s.Group.Class = "INFREQUENT_ACCESS"
	s.Role.Description, s.Role.Boundary, s.Role.MaxSession = "writes events", "arn:aws:iam::111122223333:policy/b", 7200
	s.Extra.Lock = &ObjectLock{Mode: "GOVERNANCE", Days: 1, Years: 1}
	s.Insights.Selectors[0].EventCategories = []types.SourceEventCategory{"Management", "Data"}
	return s
}

// hostile are texts that mean something to one of the languages.
var hostile = []string{
	`${aws_s3_bucket.logs.id}`, `%{ if true }x%{ endif }`, `$${x}`, `"`, `\`, `'; touch pwned; '`, "$(touch pwned)", "`touch pwned`",
	"line\nbreak", "tab\there", "a\"\n}\nresource \"x\" \"y\" {\n", "EOT\nEOT", "# no comment", "*/ x /*", "!Ref LogBucket", "!Sub x",
	"yes", "on", "null", "2012-10-17", "0x1F", "1e3", "~", "- a: b", "a: b", "key: \"v", "{a: b}", "file:///etc/passwd", "-x", "--region=x",
	"\u009b31m", "\u202e", "\u200b", "\u00ad", "\U000e0001", "\u2028", "\u0085", "\ufeff", "\x7f", "\x01", "é", "😀", "", " ", "'", `'\''`, "\r\n", "{{x}}", "&anchor", "*alias", "%TAG", "@", "|", ">",
}
