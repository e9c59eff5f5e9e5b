package describe

import (
	"fmt"
	"net/http"
	"testing"
)

func TestResources(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	rows := []struct{ service, path, target, content, body, answer, want string }{
		{"sns", "/", "", form, "Action=Publish&TopicArn=arn:aws:sns:us-east-1:123456789012:news", "", "AWS::SNS::Topic arn:aws:sns:us-east-1:123456789012:news 123456789012"},
		{"sns", "/", "", form, "Action=CreateTopic&Name=news",
			"<CreateTopicResponse><CreateTopicResult><TopicArn>arn:aws:sns:us-east-1:123456789012:news</TopicArn></CreateTopicResult></CreateTopicResponse>",
			"AWS::SNS::Topic arn:aws:sns:us-east-1:123456789012:news 123456789012"},
		{"sqs", "/", "AmazonSQS.SendMessage", "", `{"QueueUrl":"http://127.0.0.1:5000/123456789012/q"}`, "", "AWS::SQS::Queue arn:aws:sqs:eu-west-1:123456789012:q 123456789012"},
		{"sqs", "/", "AmazonSQS.SendMessage", "", `{"QueueUrl":"http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/q"}`, "", "AWS::SQS::Queue arn:aws:sqs:us-east-1:000000000000:q 000000000000"},
		{"sqs", "/", "AmazonSQS.SendMessage", "", `{"QueueUrl":"q"}`, "", ""},
		{"kms", "/", "TrentService.DescribeKey", "", `{"KeyId":"1234"}`, "", "AWS::KMS::Key arn:aws:kms:eu-west-1:123456789012:key/1234 123456789012"},
		{"kms", "/", "TrentService.DescribeKey", "", `{"KeyId":"alias/one"}`, "", ""},
		{"kms", "/", "TrentService.CreateKey", "", `{}`, `{"KeyMetadata":{"Arn":"arn:aws:kms:us-east-1:123456789012:key/1"}}`, "AWS::KMS::Key arn:aws:kms:us-east-1:123456789012:key/1 123456789012"},
		{"sts", "/", "", form, "Action=AssumeRole&RoleArn=arn:aws:iam::210987654321:role/r", "", "AWS::IAM::Role arn:aws:iam::210987654321:role/r 210987654321"},
		{"dynamodb", "/", "DynamoDB_20120810.PutItem", "", `{"TableName":"t"}`, "", "AWS::DynamoDB::Table arn:aws:dynamodb:eu-west-1:123456789012:table/t 123456789012"},
		{"kinesis", "/", "Kinesis_20131202.PutRecord", "", `{"StreamName":"s"}`, "", "AWS::Kinesis::Stream arn:aws:kinesis:eu-west-1:123456789012:stream/s 123456789012"},
		{"lambda", "/2015-03-31/functions/f/invocations", "", "", `{}`, "", "AWS::Lambda::Function arn:aws:lambda:eu-west-1:123456789012:function:f 123456789012"},
		{"sns", "/", "", form, "Action=Publish&TopicArn=arn:aws", "", ""},
		{"iam", "/", "", form, "Action=GetUser&UserName=u", "", ""},
	}
	for _, row := range rows {
		c, f := newCall(row.service, "POST", "http://127.0.0.1"+row.path, map[string]string{"X-Amz-Target": row.target, "Content-Type": row.content})
		c.Region = "eu-west-1"
		Request(c, f, Part{Bytes: []byte(row.body)})
		Answer(c, f, 200, http.Header{}, Part{Bytes: []byte(row.answer)})
		got := ""
		for _, r := range c.Resources {
			got += fmt.Sprint(r.Type, " ", r.ARN, " ", r.AccountID)
		}
		if got != row.want {
			t.Errorf("%s %s%s: %q, want %q", row.service, c.Operation, row.body, got, row.want)
		}
	}
}
