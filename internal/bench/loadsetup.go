package main

import (
	"context"
	"encoding/json"
	"net/url"
)

// furnish makes what the load calls on: buckets, a queue, a topic, a log group
// and a key in each region, a role, and a trail of all regions that selects
// management events and the data events of S3, SQS and SNS.
func furnish(ctx context.Context, c *client) error {
	type step struct {
		service, region string
		asked
	}
	steps := []step{
		{"s3", home, asked{method: "PUT", path: dataBucket}},
		{"s3", home, asked{method: "PUT", path: dataBucket + "/always", body: bodyOfObject}},
		{"s3", home, asked{method: "PUT", path: trailBucket}},
		{"s3", home, asked{method: "PUT", path: trailBucket + "?policy", body: trailPolicy}},
		{"iam", home, asked{form: "Action=CreateRole&Version=2010-05-08&RoleName=load&AssumeRolePolicyDocument=" + url.QueryEscape(rolePolicy)}},
	}
	for _, region := range loadRegions() {
		steps = append(steps,
			step{"sqs", region, jsonCall(queueTarget+"CreateQueue", `{"QueueName":"load","Attributes":{"MessageRetentionPeriod":"60"}}`)},
			step{"sns", region, asked{form: "Action=CreateTopic&Version=2010-03-31&Name=load"}},
			step{"logs", region, jsonCall(groupTarget+"CreateLogGroup", `{"logGroupName":"load"}`)},
		)
	}
	for _, s := range steps {
		if _, err := c.must(ctx, s.service, s.region, s.asked); err != nil {
			return err
		}
	}
	if err := makeKeys(ctx, c); err != nil {
		return err
	}
	for _, a := range []asked{
		jsonCall(trailTarget+"CreateTrail", `{"Name":%q,"S3BucketName":%q,"IsMultiRegionTrail":true,"EnableLogFileValidation":true}`, loadTrail, trailBucket),
		jsonCall(trailTarget+"PutEventSelectors", `{"TrailName":%q,"AdvancedEventSelectors":%s}`, loadTrail, selectors),
		jsonCall(trailTarget+"StartLogging", `{"Name":%q}`, loadTrail),
	} {
		if _, err := c.must(ctx, "cloudtrail", home, a); err != nil {
			return err
		}
	}
	return nil
}

// makeKeys makes a key with an alias in each region.
func makeKeys(ctx context.Context, c *client) error {
	for _, region := range loadRegions() {
		body, err := c.must(ctx, "kms", region, jsonCall(keyTarget+"CreateKey", `{}`))
		if err != nil {
			return err
		}
		var made struct{ KeyMetadata struct{ KeyId string } }
		if err := json.Unmarshal(body, &made); err != nil {
			return err
		}
		if _, err := c.must(ctx, "kms", region, jsonCall(keyTarget+"CreateAlias", `{"AliasName":"alias/load","TargetKeyId":%q}`, made.KeyMetadata.KeyId)); err != nil {
			return err
		}
	}
	return nil
}

const (
	rolePolicy  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	trailPolicy = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::` + trailBucket + `"},
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + trailBucket + `/AWSLogs/` + loadAccount + `/*",
			"Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}]}`
	selectors = `[
		{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]},
		{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]}]},
		{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::SQS::Queue"]}]},
		{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::SNS::Topic"]}]}]`
)
