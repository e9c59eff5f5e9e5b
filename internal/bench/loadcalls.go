package main

import (
	"fmt"
	"strings"
	"time"
)

// kind is one sort of call of the load.
type kind struct {
	name    string
	service string // signing name
	weight  int    // how many of every hundred or so calls
	data    bool   // a data event: in log files, not in the event history
	status  int    // of the answer that is wanted
	ask     func(c *aws) asked
}

// asked is what a call sends.
type asked struct {
	method, path string // "POST", "/" when empty
	target       string // of the JSON protocols
	form         string // of the query protocol
	body         string
}

// aws is what a kind may put into its call.
type aws struct {
	region string
	url    string
	n      int // number of the call
}

const loadAccount = "123456789012"

// bodyOfObject is what the load puts into its bucket.
var bodyOfObject = strings.Repeat("0123456789abcdef", 128)

func jsonCall(target, body string, values ...any) asked {
	return asked{target: target, body: fmt.Sprintf(body, values...)}
}

func (c *aws) queue() string { return c.url + "/" + loadAccount + "/load" }
func (c *aws) topic() string { return "arn:aws:sns:" + c.region + ":" + loadAccount + ":load" }
func (c *aws) object() string {
	return fmt.Sprintf("/%s/object-%d", dataBucket, c.n%50)
}

const (
	dataBucket  = "load-data"
	trailBucket = "load-trail-logs"
	loadTrail   = "load"
	trailTarget = "CloudTrail_20131101."
	keyTarget   = "TrentService."
	queueTarget = "AmazonSQS."
	groupTarget = "Logs_20140328."
)

// mix is what the load is made of: reads, changes and failures of eight
// services. What it leaves in them does not grow: objects are overwritten,
// messages are forgotten after a minute.
func mix() []kind {
	s3 := func(method, path string) func(*aws) asked {
		return func(*aws) asked { return asked{method: method, path: path} }
	}
	return []kind{
		{"sts GetCallerIdentity", "sts", 14, false, 200, func(*aws) asked { return asked{form: "Action=GetCallerIdentity&Version=2011-06-15"} }},
		{"s3 PutObject", "s3", 10, true, 200, func(c *aws) asked { return asked{method: "PUT", path: c.object(), body: bodyOfObject} }},
		{"s3 GetObject", "s3", 10, true, 200, s3("GET", "/"+dataBucket+"/always")},
		{"s3 GetObject that fails", "s3", 3, true, 404, s3("GET", "/"+dataBucket+"/never")},
		{"s3 GetBucketLocation", "s3", 5, false, 200, s3("GET", "/"+dataBucket+"?location")},
		{"s3 GetBucketPolicy that fails", "s3", 2, false, 404, s3("GET", "/no-such-bucket-here?policy")},
		{"sqs SendMessage", "sqs", 4, true, 200, func(c *aws) asked {
			return jsonCall(queueTarget+"SendMessage", `{"QueueUrl":%q,"MessageBody":"message %d"}`, c.queue(), c.n)
		}},
		{"sqs ReceiveMessage", "sqs", 3, true, 200, func(c *aws) asked { return jsonCall(queueTarget+"ReceiveMessage", `{"QueueUrl":%q}`, c.queue()) }},
		{"sqs GetQueueUrl", "sqs", 3, false, 200, func(*aws) asked { return jsonCall(queueTarget+"GetQueueUrl", `{"QueueName":"load"}`) }},
		{"sqs GetQueueUrl that fails", "sqs", 2, false, 400, func(*aws) asked { return jsonCall(queueTarget+"GetQueueUrl", `{"QueueName":"none"}`) }},
		{"sns Publish", "sns", 4, true, 200, func(c *aws) asked {
			return asked{form: "Action=Publish&Version=2010-03-31&Message=hello&TopicArn=" + c.topic()}
		}},
		{"sns ListTopics", "sns", 3, false, 200, func(*aws) asked { return asked{form: "Action=ListTopics&Version=2010-03-31"} }},
		{"sns GetTopicAttributes that fails", "sns", 2, false, 404, func(c *aws) asked {
			return asked{form: "Action=GetTopicAttributes&Version=2010-03-31&TopicArn=" + c.topic() + "-none"}
		}},
		{"logs DescribeLogGroups", "logs", 5, false, 200, func(*aws) asked { return jsonCall(groupTarget+"DescribeLogGroups", `{}`) }},
		{"logs CreateLogGroup that fails", "logs", 3, false, 400, func(*aws) asked { return jsonCall(groupTarget+"CreateLogGroup", `{"logGroupName":"load"}`) }},
		{"iam GetRole", "iam", 4, false, 200, func(*aws) asked { return asked{form: "Action=GetRole&Version=2010-05-08&RoleName=load"} }},
		{"iam GetRole that fails", "iam", 2, false, 404, func(*aws) asked { return asked{form: "Action=GetRole&Version=2010-05-08&RoleName=none"} }},
		{"kms DescribeKey", "kms", 4, false, 200, func(*aws) asked { return jsonCall(keyTarget+"DescribeKey", `{"KeyId":"alias/load"}`) }},
		{"kms DescribeKey that fails", "kms", 2, false, 400, func(*aws) asked { return jsonCall(keyTarget+"DescribeKey", `{"KeyId":"alias/none"}`) }},
		{"cloudtrail DescribeTrails", "cloudtrail", 5, false, 200, func(*aws) asked { return jsonCall(trailTarget+"DescribeTrails", `{}`) }},
		{"cloudtrail GetTrailStatus", "cloudtrail", 4, false, 200, func(*aws) asked {
			return jsonCall(trailTarget+"GetTrailStatus", `{"Name":"arn:aws:cloudtrail:us-east-1:%s:trail/%s"}`, loadAccount, loadTrail)
		}},
		{"cloudtrail LookupEvents", "cloudtrail", 3, false, 200, func(*aws) asked { return jsonCall(trailTarget+"LookupEvents", `{"MaxResults":5}`) }},
		{"cloudtrail AddTags", "cloudtrail", 1, false, 200, func(c *aws) asked {
			return jsonCall(trailTarget+"AddTags", `{"ResourceId":"arn:aws:cloudtrail:us-east-1:%s:trail/%s","TagsList":[{"Key":"n","Value":"%d"}]}`, loadAccount, loadTrail, c.n)
		}},
		{"cloudtrail GetTrail that fails", "cloudtrail", 2, false, 400, func(*aws) asked { return jsonCall(trailTarget+"GetTrail", `{"Name":"none"}`) }},
	}
}

// regionOf is where a call goes: those to what lies in one region go there.
func (k *kind) regionOf(n int) string {
	if k.service == "s3" || k.service == "iam" || k.name == "cloudtrail AddTags" {
		return home
	}
	regions := loadRegions()
	return regions[n%len(regions)]
}

// deck holds each kind as often as its weight says, well mixed.
func deck(kinds []kind) []*kind {
	var out []*kind
	for i := range kinds {
		for range kinds[i].weight {
			out = append(out, &kinds[i])
		}
	}
	mixed := make([]*kind, len(out))
	for i := range out {
		mixed[i*37%len(out)] = out[i]
	}
	return mixed
}

// signed is an Authorization header whose signature nobody checks.
func signed(keyID, region, service string, at time.Time) string {
	return fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s/%s/%s/aws4_request, SignedHeaders=host;x-amz-date, Signature=%064d",
		keyID, at.UTC().Format("20060102"), region, service, 0)
}
