package sns

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"trailctl/internal/sandbox/call"
)

// subscription is one subscription of a topic.
type subscription struct {
	ARN, TopicARN      string
	Owner              string // account
	Principal          string // who subscribed
	Protocol, Endpoint string
	Attributes         map[string]string
	Pending            bool
	Authenticated      bool   // it was confirmed by a signed call, or needed no confirmation
	Token              string // to confirm it with
	Host               string // of the endpoint at which it was made, for the addresses in messages
}

func (sub *subscription) raw() bool { return sub.Attributes["RawMessageDelivery"] == "true" }

// checkEndpoint holds an endpoint against its protocol.
func checkEndpoint(protocol, endpoint string) *call.Error {
	switch protocol {
	case "http", "https":
		u, err := url.Parse(endpoint)
		if err != nil || u.Scheme != protocol || u.Hostname() == "" || u.User != nil {
			return invalid("Endpoint must match the specified protocol")
		}
		if !loopback(u.Hostname()) {
			return &call.Error{Status: http.StatusNotImplemented, Code: "NotServedBySandbox.sns.Subscribe.RemoteEndpoint",
				Message: "the sandbox delivers to HTTP endpoints on this machine only: 127.0.0.1, [::1] or localhost"}
		}
	case "sqs":
		if parts := strings.Split(endpoint, ":"); len(parts) != 6 || parts[0] != "arn" || parts[2] != "sqs" {
			return invalid("SQS endpoint ARN")
		}
	case "email", "email-json":
		if name, host, ok := strings.Cut(endpoint, "@"); !ok || name == "" || host == "" || len(endpoint) > 320 {
			return invalid("Email address")
		}
	case "sms", "application", "lambda", "firehose":
		return call.NotServed("sns", "Subscribe."+protocol)
	default:
		return invalid("Amazon SNS does not support this protocol string: %.100s", protocol)
	}
	return nil
}

// loopback tells whether a host is this machine, by its name alone.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

// checkAttribute holds an attribute of a subscription against what is served.
func checkAttribute(protocol, name, value string) *call.Error {
	switch name {
	case "RawMessageDelivery":
		if value != "true" && value != "false" {
			return invalid("RawMessageDelivery: Invalid value [%.100s]. Must be true or false.", value)
		}
		if strings.HasPrefix(protocol, "email") && value == "true" {
			return invalid("RawMessageDelivery: Delivery protocol [%s] does not support raw message delivery.", protocol)
		}
		return nil
	case "DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy", "ReplayPolicy", "SubscriptionRoleArn":
		return call.NotServed("sns", "SubscriptionAttribute."+name)
	}
	return invalid("AttributeName")
}

const pendingConfirmation = "PendingConfirmation"

type subscriptionOutput struct {
	SubscriptionArn string
}

func (s *Service) subscribe(c *call.Call, form url.Values) (any, *call.Error) {
	protocol, endpoint := form.Get("Protocol"), form.Get("Endpoint")
	attributes, refused := pairs(form, "Attributes.entry", "key", "value")
	if refused != nil {
		return nil, refused
	}
	if refused := checkEndpoint(protocol, endpoint); refused != nil {
		return nil, refused
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if refused := checkAttribute(protocol, name, attributes[name]); refused != nil {
			return nil, refused
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.topicOf(c, form.Get("TopicArn"))
	if refused != nil {
		return nil, refused
	}
	sub := s.find(t.ARN(), protocol, endpoint)
	switch {
	case sub == nil && len(s.subscriptions) >= maxSubscriptions:
		return nil, &call.Error{Status: http.StatusForbidden, Code: "SubscriptionLimitExceeded",
			Message: fmt.Sprintf("The sandbox keeps at most %d subscriptions.", maxSubscriptions)}
	case sub == nil:
		sub = newSubscription(c, t, protocol, endpoint, attributes)
		s.subscriptions[sub.ARN] = sub
	default:
		for name, value := range attributes {
			if value != sub.attribute(name) {
				return nil, invalid("Attributes Reason: Subscription already exists with different attributes")
			}
		}
	}
	if sub.Pending {
		s.askConfirmation(sub)
	}
	arn := sub.ARN
	if sub.Pending && form.Get("ReturnSubscriptionArn") != "true" {
		arn = "pending confirmation"
	}
	c.ResponseElements = map[string]any{"subscriptionArn": arn}
	return subscriptionOutput{arn}, nil
}

// newSubscription makes one. A queue of the caller's own account needs no
// confirmation; a queue of another's could confirm, which is not served.
func newSubscription(c *call.Call, t *topic, protocol, endpoint string, attributes map[string]string) *subscription {
	own := protocol == "sqs" && strings.Split(endpoint, ":")[4] == c.Account
	return &subscription{
		ARN: t.ARN() + ":" + newID(), TopicARN: t.ARN(), Owner: c.Account, Principal: c.Identity.ARN,
		Protocol: protocol, Endpoint: endpoint, Attributes: attributes,
		Pending: !own, Authenticated: own, Token: newToken(), Host: c.HTTP.Host,
	}
}

func (sub *subscription) attribute(name string) string {
	if value := sub.Attributes[name]; value != "" || name != "RawMessageDelivery" {
		return value
	}
	return "false"
}

func (s *Service) find(topicARN, protocol, endpoint string) *subscription {
	for _, sub := range s.subscriptions {
		if sub.TopicARN == topicARN && sub.Protocol == protocol && sub.Endpoint == endpoint {
			return sub
		}
	}
	return nil
}

// newID is a version 4 UUID.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func newToken() string {
	var b [64]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func (s *Service) confirmSubscription(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.topicOf(c, form.Get("TopicArn"))
	if refused != nil {
		return nil, refused
	}
	token := form.Get("Token")
	for _, sub := range s.subscriptions {
		if token != "" && sub.Token == token && sub.TopicARN == t.ARN() {
			sub.Pending = false
			sub.Authenticated = sub.Authenticated || form.Get("AuthenticateOnUnsubscribe") == "true" && c.AccessKeyID != ""
			c.ResponseElements = map[string]any{"subscriptionArn": sub.ARN}
			return subscriptionOutput{sub.ARN}, nil
		}
	}
	return nil, invalid("Token")
}

// subscriptionOf finds a subscription and asks its topic's policy. The lock
// is held.
func (s *Service) subscriptionOf(c *call.Call, arn string) (*subscription, *call.Error) {
	i := strings.LastIndexByte(arn, ':')
	if strings.Count(arn, ":") != 6 {
		return nil, invalid("SubscriptionArn Reason: An ARN must have at least 6 elements, not %d", strings.Count(arn, ":")+1)
	}
	if _, refused := s.topicOf(c, arn[:i]); refused != nil && refused.Code != "NotFound" {
		return nil, refused
	}
	sub := s.subscriptions[arn]
	if sub == nil {
		return nil, notFound("Subscription does not exist")
	}
	return sub, nil
}

// unsubscribe ends a subscription; one that is not there is no error.
func (s *Service) unsubscribe(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub, refused := s.subscriptionOf(c, form.Get("SubscriptionArn"))
	switch {
	case refused != nil && refused.Code == "NotFound":
		return nil, nil
	case refused != nil:
		return nil, refused
	case sub.Pending:
		return nil, invalid("This operation can only be performed on a confirmed subscription")
	case sub.Authenticated && c.AccessKeyID == "":
		return nil, &call.Error{Status: http.StatusForbidden, Code: "AuthorizationError", Message: "Unsubscribing needs a signed call"}
	}
	delete(s.subscriptions, sub.ARN)
	if t := s.topics[sub.TopicARN]; t != nil {
		t.Deleted++
	}
	s.sayUnsubscribed(sub)
	return nil, nil
}

func (s *Service) setSubscriptionAttributes(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub, refused := s.subscriptionOf(c, form.Get("SubscriptionArn"))
	if refused != nil {
		return nil, refused
	}
	name, value := form.Get("AttributeName"), form.Get("AttributeValue")
	if refused := checkAttribute(sub.Protocol, name, value); refused != nil {
		return nil, refused
	}
	sub.Attributes[name] = value
	return nil, nil
}

func (s *Service) getSubscriptionAttributes(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub, refused := s.subscriptionOf(c, form.Get("SubscriptionArn"))
	if refused != nil {
		return nil, refused
	}
	all := map[string]string{
		"SubscriptionArn": sub.ARN, "TopicArn": sub.TopicARN, "Owner": sub.Owner, "Protocol": sub.Protocol, "Endpoint": sub.Endpoint,
		"PendingConfirmation": strconv.FormatBool(sub.Pending), "ConfirmationWasAuthenticated": strconv.FormatBool(sub.Authenticated),
		"SubscriptionPrincipal": sub.Principal, "RawMessageDelivery": "false",
	}
	maps.Copy(all, sub.Attributes)
	return attributeList(all), nil
}
