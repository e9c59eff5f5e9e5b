package export

import (
	"slices"
	"strings"

	"trailctl/trail"
)

// The attributes of a topic that are not written like the others.
const (
	topicKey       = "KmsMasterKeyId"
	deliveryPolicy = "DeliveryPolicy"
)

// feedback are the protocols whose deliveries a topic can log: as SNS's
// attributes begin, as Terraform's arguments do, and CloudFormation's word.
var feedback = []struct{ attribute, argument, protocol string }{
	{"Application", "application", "application"}, {"Firehose", "firehose", "firehose"},
	{"HTTP", "http", "http/s"}, {"Lambda", "lambda", "lambda"}, {"SQS", "sqs", "sqs"},
}

// feedbackEnds are how these attributes and arguments end.
var feedbackEnds = []struct{ attribute, argument string }{
	{"FailureFeedbackRoleArn", "_failure_feedback_role_arn"},
	{"SuccessFeedbackRoleArn", "_success_feedback_role_arn"},
	{sampleRate, "_success_feedback_sample_rate"},
}

const sampleRate = "SuccessFeedbackSampleRate"

// settableAttribute tells the attributes that are written (SNS API reference,
// SetTopicAttributes).
func settableAttribute(name string) bool {
	if slices.Contains([]string{"DisplayName", deliveryPolicy, topicKey, "SignatureVersion", "TracingConfig"}, name) {
		return true
	}
	for _, f := range feedback {
		for _, end := range feedbackEnds {
			if name == f.attribute+end.attribute {
				return true
			}
		}
	}
	return false
}

// told tells the attributes that only say what is known, or follows from
// others (SNS API reference, GetTopicAttributes).
func told(name string) bool {
	return slices.Contains([]string{"TopicArn", "Owner", "Policy", "EffectiveDeliveryPolicy", "SubscriptionsDeleted"}, name)
}

// topicSettings are the attributes that are written: those that a new topic
// does not have.
func topicSettings(t *trail.TopicPart) map[string]string {
	set := map[string]string{}
	for name, value := range t.Attributes {
		usual := name == "SignatureVersion" && value == "1" || name == "TracingConfig" && strings.EqualFold(value, "PassThrough")
		if value != "" && !usual && settableAttribute(name) {
			set[name] = value
		}
	}
	return set
}
