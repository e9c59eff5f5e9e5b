package cloudtrail

import (
	"slices"
	"strings"
)

// Related is a resource as LookupEvents lists it: a type and a name.
type Related struct {
	Type, Name string
}

// relatedKinds says which request parameters name a resource of which type.
var relatedKinds = map[string]string{
	"bucketName":           "AWS::S3::Bucket",
	"s3BucketName":         "AWS::S3::Bucket",
	"userName":             "AWS::IAM::User",
	"roleName":             "AWS::IAM::Role",
	"roleArn":              "AWS::IAM::Role",
	"groupName":            "AWS::IAM::Group",
	"policyArn":            "AWS::IAM::Policy",
	"instanceId":           "AWS::EC2::Instance",
	"groupId":              "AWS::EC2::SecurityGroup",
	"functionName":         "AWS::Lambda::Function",
	"keyId":                "AWS::KMS::Key",
	"tableName":            "AWS::DynamoDB::Table",
	"dBInstanceIdentifier": "AWS::RDS::DBInstance",
	"secretId":             "AWS::SecretsManager::Secret",
	"trailName":            "AWS::CloudTrail::Trail",
	"topicArn":             "AWS::SNS::Topic",
	"logGroupName":         "AWS::Logs::LogGroup",
}

// related lists the resources that a record is about, by its resources and
// its request parameters, in a stable order.
func related(r Record) []Related {
	var out []Related
	add := func(kind, name string) {
		if one := (Related{kind, name}); name != "" && !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	for key, v := range r.RequestParameters {
		name, ok := v.(string)
		if !ok {
			continue
		}
		if kind, known := relatedKinds[key]; known {
			add(kind, name)
		}
		if key == "name" && r.EventSource == eventSource {
			add("AWS::CloudTrail::Trail", name)
		}
	}
	for _, res := range r.Resources {
		add(res.Type, resourceName(res))
	}
	slices.SortFunc(out, func(a, b Related) int {
		return strings.Compare(a.Type+"\x00"+a.Name, b.Type+"\x00"+b.Name)
	})
	return out
}

// resourceName is a resource's name in LookupEvents: buckets go by their
// name, all others by their ARN.
func resourceName(r RecordResource) string {
	if r.Type == "AWS::S3::Bucket" {
		return strings.TrimPrefix(r.ARN, "arn:aws:s3:::")
	}
	return r.ARN
}

// lookupName is the Username of LookupEvents.
func lookupName(id Identity) string {
	switch {
	case id.UserName != "":
		return id.UserName
	case id.Type == "Root":
		return "root"
	case id.Type == "AssumedRole":
		return id.ARN[strings.LastIndexByte(id.ARN, '/')+1:]
	}
	return ""
}
