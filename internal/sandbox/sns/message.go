package sns

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// The documents that SNS sends (SNS developer guide, "Parsing message
// formats"), their fields in its order.

type document struct {
	Type              string
	MessageID         string `json:"MessageId"`
	Token             string `json:",omitempty"`
	TopicARN          string `json:"TopicArn"`
	Subject           string `json:",omitempty"`
	Message           string
	SubscribeURL      string `json:",omitempty"`
	Timestamp         string
	SignatureVersion  string
	Signature         string
	SigningCertURL    string
	UnsubscribeURL    string                      `json:",omitempty"`
	MessageAttributes map[string]messageAttribute `json:",omitempty"`
}

// What stands for the signature: no key of Amazon's is here to make one.
const (
	placeholderSignature = "U0FOREJPWA=="
	placeholderCert      = "/SimpleNotificationService-sandbox.pem"
)

// letter is a document with the headers it travels under.
type letter struct {
	to     string // URL; empty for a queue
	header http.Header
	body   []byte
}

// address is a URL at the endpoint where the subscription was made.
func (sub *subscription) address(parameters url.Values) string {
	return (&url.URL{Scheme: "http", Host: sub.Host, Path: "/", RawQuery: parameters.Encode()}).String()
}

func (sub *subscription) letter(d document) letter {
	d.TopicARN, d.SignatureVersion, d.Signature = sub.TopicARN, "1", placeholderSignature
	d.SigningCertURL = "http://" + sub.Host + placeholderCert
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	enc.Encode(d) // texts always marshal
	l := letter{to: sub.Endpoint, header: http.Header{}, body: bytes.TrimSuffix(text.Bytes(), []byte("\n"))}
	l.header.Set("Content-Type", "text/plain; charset=UTF-8")
	l.header.Set("User-Agent", "Amazon Simple Notification Service Agent")
	l.header.Set("x-amz-sns-message-type", d.Type)
	l.header.Set("x-amz-sns-message-id", d.MessageID)
	l.header.Set("x-amz-sns-topic-arn", sub.TopicARN)
	if d.Type != "SubscriptionConfirmation" {
		l.header.Set("x-amz-sns-subscription-arn", sub.ARN)
	}
	return l
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// notify is a notification for one subscription. A raw one is the message
// and no more.
func (sub *subscription) notify(id string, at time.Time, n notification) letter {
	text := n.text(sub.Protocol)
	l := sub.letter(document{
		Type: "Notification", MessageID: id, Subject: n.Subject, Message: text, Timestamp: timestamp(at),
		UnsubscribeURL:    sub.address(url.Values{"Action": {"Unsubscribe"}, "SubscriptionArn": {sub.ARN}}),
		MessageAttributes: n.Attributes,
	})
	if sub.raw() {
		l.header.Set("x-amz-sns-rawdelivery", "true")
		l.body = []byte(text)
	}
	return l
}

// askConfirmation sends an HTTP endpoint what it needs to confirm.
func (s *Service) askConfirmation(sub *subscription) {
	if sub.Protocol != "http" && sub.Protocol != "https" {
		return
	}
	s.post.send(sub.letter(document{
		Type: "SubscriptionConfirmation", MessageID: newID(), Token: sub.Token, Timestamp: timestamp(s.now()),
		Message: "You have chosen to subscribe to the topic " + sub.TopicARN + ".\n" +
			"To confirm the subscription, visit the SubscribeURL included in this message.",
		SubscribeURL: sub.address(url.Values{"Action": {"ConfirmSubscription"}, "TopicArn": {sub.TopicARN}, "Token": {sub.Token}}),
	}))
}

// sayUnsubscribed tells an HTTP endpoint that its subscription has ended.
func (s *Service) sayUnsubscribed(sub *subscription) {
	if sub.Protocol != "http" && sub.Protocol != "https" {
		return
	}
	s.post.send(sub.letter(document{
		Type: "UnsubscribeConfirmation", MessageID: newID(), Token: sub.Token, Timestamp: timestamp(s.now()),
		Message: "You have chosen to deactivate subscription " + sub.ARN + ".\n" +
			"To cancel this operation and restore the subscription, visit the SubscribeURL included in this message.",
		SubscribeURL: sub.address(url.Values{"Action": {"ConfirmSubscription"}, "TopicArn": {sub.TopicARN}, "Token": {sub.Token}}),
	}))
}
