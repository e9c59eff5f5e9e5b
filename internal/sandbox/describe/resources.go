package describe

import (
	"regexp"
	"strings"

	"trailctl/internal/sandbox/call"
)

// resources are the resources of a call's record that its parameters name, or
// its response elements when it has made one. Data events need them: trails
// select those by the type and ARN of their resources. The types are those of
// the CloudTrail user guide, "Logging data events", and of the embedded
// services.
func resources(c *call.Call) []call.Resource {
	in := c.RequestParameters
	switch c.Service {
	case "sns":
		return one(c, "AWS::SNS::Topic", "sns", "", in["topicArn"], in["resourceArn"], in["targetArn"], c.ResponseElements["topicArn"])
	case "sqs":
		return one(c, "AWS::SQS::Queue", "sqs", "", queueARN(c, in["queueUrl"]), queueARN(c, c.ResponseElements["queueUrl"]))
	case "kms":
		return one(c, "AWS::KMS::Key", "kms", "key/", keyID(in["keyId"]), keyID(in["targetKeyId"]), madeKey(c))
	case "sts":
		return one(c, "AWS::IAM::Role", "iam", "", in["roleArn"])
	case "dynamodb":
		if stream, ok := in["streamArn"].(string); ok {
			return one(c, "AWS::DynamoDB::Stream", "dynamodb", "", stream)
		}
		return one(c, "AWS::DynamoDB::Table", "dynamodb", "table/", in["tableName"])
	case "kinesis":
		return one(c, "AWS::Kinesis::Stream", "kinesis", "stream/", in["streamARN"], in["streamName"])
	case "lambda":
		if c.Data {
			return one(c, "AWS::Lambda::Function", "lambda", "function:", in["functionName"])
		}
	}
	return nil
}

// one is the resource that the first of the values names, which is an ARN or a
// name to be made one; none when no value does.
func one(c *call.Call, kind, service, before string, values ...any) []call.Resource {
	for _, v := range values {
		name, ok := v.(string)
		if !ok || name == "" || name == hidden {
			continue
		}
		arn := clean(name, maxMessage)
		account := c.Account
		switch parts := strings.SplitN(arn, ":", 6); {
		case len(parts) == 6 && parts[0] == "arn":
			account = parts[4]
		case strings.HasPrefix(arn, "arn:"), before == "":
			continue
		default:
			arn = "arn:aws:" + service + ":" + c.Region + ":" + account + ":" + before + arn
		}
		return []call.Resource{{ARN: arn, AccountID: account, Type: kind}}
	}
	return nil
}

// queueAddress is http://host/account/name, or LocalStack's
// http://sqs.region.localhost.localstack.cloud:4566/account/name.
var queueAddress = regexp.MustCompile(`^https?://(?:sqs\.([a-z0-9-]+)\.)?[^/]+/(?:queue/[a-z0-9-]+/)?(\d{12})/([A-Za-z0-9_.-]{1,85})$`)

// queueARN is the ARN of a queue by its address, which says its region in
// LocalStack's only; moto's queues are in the region of the call.
func queueARN(c *call.Call, v any) any {
	text, _ := v.(string)
	m := queueAddress.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	region := c.Region
	if m[1] != "" {
		region = m[1]
	}
	return "arn:aws:sqs:" + region + ":" + m[2] + ":" + m[3]
}

// keyID is a key's id or ARN, and nothing for an alias, which could be any
// key's.
func keyID(v any) any {
	text, _ := v.(string)
	if strings.HasPrefix(text, "alias/") || strings.Contains(text, ":alias/") {
		return nil
	}
	return v
}

// madeKey is the ARN of a key that was made.
func madeKey(c *call.Call) any {
	made, _ := c.ResponseElements["keyMetadata"].(map[string]any)
	return made["arn"]
}
