package sns

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/iampolicy"
)

// topic is one topic.
type topic struct {
	Account, Region, Name string
	Attributes            map[string]string // those that were set; the policy always
	Tags                  map[string]string
	PolicyChanged         time.Time
	Deleted               int // subscriptions that are no more

	policy *iampolicy.Policy
}

// ARN is the topic's name in policies and calls.
func (t *topic) ARN() string { return topicARN(t.Region, t.Account, t.Name) }

func topicARN(region, account, name string) string {
	return "arn:" + partition(region) + ":sns:" + region + ":" + account + ":" + name
}

// partition is the part of AWS that a region belongs to.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

type topicOutput struct {
	TopicArn string
}

func (s *Service) createTopic(c *call.Call, form url.Values) (any, *call.Error) {
	name := form.Get("Name")
	attributes, refused := pairs(form, "Attributes.entry", "key", "value")
	if refused != nil {
		return nil, refused
	}
	tags, refused := pairs(form, "Tags.member", "Key", "Value")
	if refused != nil {
		return nil, refused
	}
	if strings.HasSuffix(name, ".fifo") || attributes["FifoTopic"] == "true" {
		return nil, call.NotServed("sns", "CreateTopic.FifoTopic")
	}
	if form.Get("DataProtectionPolicy") != "" {
		return nil, call.NotServed("sns", "CreateTopic.DataProtectionPolicy")
	}
	if !namePattern.MatchString(name) {
		return nil, invalid("Topic Name")
	}
	if refused := checkTags(tags); refused != nil {
		return nil, refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	arn := topicARN(c.Region, c.Account, name)
	c.Resources = resources(arn, c.Account)
	c.ResponseElements = map[string]any{"topicArn": arn}
	if have := s.topics[arn]; have != nil {
		return topicOutput{arn}, have.again(attributes, tags)
	}
	if len(s.topics) >= maxTopics {
		return nil, &call.Error{Status: http.StatusForbidden, Code: "TopicLimitExceeded", Message: "The sandbox keeps at most 1000 topics."}
	}
	t := &topic{Account: c.Account, Region: c.Region, Name: name, Tags: tags,
		Attributes: map[string]string{"Policy": defaultPolicy(arn, c.Account)}, PolicyChanged: s.now().UTC()}
	t.policy, _ = iampolicy.Parse([]byte(t.Attributes["Policy"])) // our own text
	for _, attribute := range slices.Sorted(maps.Keys(attributes)) {
		if refused := s.set(t, attribute, attributes[attribute]); refused != nil {
			return nil, refused
		}
	}
	s.topics[arn] = t
	return topicOutput{arn}, nil
}

// again refuses a second creation that asks for something else than there is.
func (t *topic) again(attributes, tags map[string]string) *call.Error {
	for name, value := range attributes {
		if !sameValue(t.attribute(name), value) {
			return invalid("Attributes Reason: Topic already exists with different attributes")
		}
	}
	if len(tags) > 0 && !maps.Equal(tags, t.Tags) {
		return invalid("Tags Reason: Topic already exists with different tags")
	}
	return nil
}

// sameValue compares texts, and JSON by what it says.
func sameValue(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil {
		return reflect.DeepEqual(x, y)
	}
	return a == b
}

func resources(arn, account string) []call.Resource {
	return []call.Resource{{ARN: arn, AccountID: account, Type: "AWS::SNS::Topic"}}
}

// deliveryPolicy is how messages to HTTP endpoints are retried on AWS.
const deliveryPolicy = `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,` +
	`"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},` +
	`"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`

func (t *topic) attribute(name string) string {
	if value, ok := t.Attributes[name]; ok {
		return value
	}
	if name == "SignatureVersion" {
		return "1"
	}
	return ""
}

// set changes one attribute of a topic (SNS API reference, SetTopicAttributes).
func (s *Service) set(t *topic, name, value string) *call.Error {
	switch name {
	case "Policy":
		return s.setPolicy(t, value)
	case "DisplayName":
		if utf8.RuneCountInString(value) > 100 || strings.ContainsAny(value, "\r\n") {
			return invalid("DisplayName")
		}
	case "DeliveryPolicy":
		if value != "" && !json.Valid([]byte(value)) {
			return invalid("DeliveryPolicy: malformed JSON")
		}
	case "SignatureVersion":
		if value != "1" && value != "2" {
			return invalid("SignatureVersion")
		}
	case "TracingConfig":
		if value != "PassThrough" && value != "Active" {
			return invalid("TracingConfig")
		}
	case "KmsMasterKeyId":
	case "FifoTopic", "ContentBasedDeduplication", "ArchivePolicy", "FifoThroughputScope":
		return call.NotServed("sns", "TopicAttribute."+name)
	default:
		if !strings.HasSuffix(name, "FeedbackRoleArn") && !strings.HasSuffix(name, "FeedbackSampleRate") {
			return invalid("AttributeName")
		}
	}
	if value == "" {
		delete(t.Attributes, name)
		return nil
	}
	t.Attributes[name] = value
	return nil
}

func (s *Service) setTopicAttributes(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.topicOf(c, form.Get("TopicArn"))
	if refused != nil {
		return nil, refused
	}
	return nil, s.set(t, form.Get("AttributeName"), form.Get("AttributeValue"))
}

type attributesOutput struct {
	Attributes []entry `xml:"Attributes>entry"`
}

func attributeList(m map[string]string) attributesOutput {
	var out attributesOutput
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out.Attributes = append(out.Attributes, entry{name, m[name]})
	}
	return out
}

func (s *Service) getTopicAttributes(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.topicOf(c, form.Get("TopicArn"))
	if refused != nil {
		return nil, refused
	}
	all := map[string]string{"DisplayName": "", "EffectiveDeliveryPolicy": deliveryPolicy}
	maps.Copy(all, t.Attributes)
	if own := t.Attributes["DeliveryPolicy"]; own != "" {
		all["EffectiveDeliveryPolicy"] = own
	}
	pending, confirmed := 0, 0
	for _, sub := range s.subscriptions {
		switch {
		case sub.TopicARN != t.ARN():
		case sub.Pending:
			pending++
		default:
			confirmed++
		}
	}
	all["TopicArn"], all["Owner"] = t.ARN(), t.Account
	all["SubscriptionsPending"] = strconv.Itoa(pending)
	all["SubscriptionsConfirmed"] = strconv.Itoa(confirmed)
	all["SubscriptionsDeleted"] = strconv.Itoa(t.Deleted)
	return attributeList(all), nil
}

// deleteTopic deletes a topic with its subscriptions. One that is not there
// is no error.
func (s *Service) deleteTopic(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.topicOf(c, form.Get("TopicArn"))
	if refused != nil && refused.Code == "NotFound" {
		return nil, nil
	}
	if refused != nil {
		return nil, refused
	}
	delete(s.topics, t.ARN())
	maps.DeleteFunc(s.subscriptions, func(_ string, sub *subscription) bool { return sub.TopicARN == t.ARN() })
	return nil, nil
}
