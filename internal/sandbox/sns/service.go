// Package sns is the sandbox's Amazon SNS: topics with their policies and
// subscriptions over the query protocol, and the delivery of messages to the
// sandbox's queues and to HTTP endpoints on this machine. Other services of
// the sandbox publish with methods, as far as a topic's policy lets them.
//
// A subscription by email is accepted and stays unconfirmed: nothing leaves
// this machine. The signature of a message is a placeholder that no check
// accepts, as the key to it is Amazon's. There are no FIFO topics, filter
// policies, platform applications and text messages (SMS); nothing is encrypted.
package sns

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"trailctl/internal/sandbox/iampolicy"
	"trailctl/internal/sandbox/statefile"
)

// principal is who delivers, as queue policies name it.
const principal = "sns.amazonaws.com"

// Limits of what a sandbox keeps (assumption A38).
const (
	maxTopics        = 1000
	maxSubscriptions = 10_000
)

// Queues are the queues that topics deliver to.
type Queues interface {
	// May tells whether the queue's policy allows an action to a service
	// principal; false when there is no such queue.
	May(principal, action, arn string, conditions map[string]string) bool
	// Publish sends a message to a queue.
	Publish(arn, subject, message string, attributes map[string]string) error
}

// Options says how a Service works. The zero value works.
type Options struct {
	Dir    string           // where state is kept; empty keeps it in memory
	Now    func() time.Time // the sandbox's clock; default real time
	Log    *slog.Logger     // default none
	Queues Queues           // nil when there are none: what is sent to them is lost
}

// Service is SNS, for any number of accounts and regions. It is safe for
// concurrent use. Close ends its deliveries.
type Service struct {
	now    func() time.Time
	log    *slog.Logger
	queues Queues
	post   *postman
	file   *statefile.File

	mu            sync.Mutex
	topics        map[string]*topic        // by ARN
	subscriptions map[string]*subscription // by ARN
}

// New makes a service and loads the state that o.Dir holds.
func New(o Options) (*Service, error) {
	s := &Service{now: o.Now, log: o.Log, queues: o.Queues,
		topics: map[string]*topic{}, subscriptions: map[string]*subscription{}}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.load(o.Dir); err != nil {
		return nil, err
	}
	s.post = newPostman(s.log)
	return s, nil
}

// Topic tells whether there is a topic with this ARN.
func (s *Service) Topic(arn string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.topics[arn] != nil
}

// May tells whether a topic's policy allows an action ("sns:Publish") to a
// service principal ("cloudtrail.amazonaws.com"). It is false without such a
// topic.
func (s *Service) May(principal, action, arn string, conditions map[string]string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[arn]
	if t == nil {
		return false
	}
	return t.policy.AllowsService(iampolicy.ServiceRequest{
		Principal: principal, Action: action, Resource: arn, Account: t.Account, Time: s.now(), Conditions: conditions,
	})
}

// Publish sends a message to a topic's subscriptions as an AWS service does:
// no call is recorded and no policy of the topic asked. An empty subject is
// none; the attributes are texts. Queues have the message when Publish
// returns, HTTP endpoints get it later. It fails when the topic is gone; that
// a subscription does not get the message is no failure, as on AWS.
func (s *Service) Publish(arn, subject, message string, attributes map[string]string) error {
	n := notification{Subject: subject, Message: message}
	for name, value := range attributes {
		n.attribute(name, "String", value)
	}
	if _, ok := s.publish(arn, n); !ok {
		return fmt.Errorf("publishing to %s: %w", arn, notFound("Topic does not exist"))
	}
	return nil
}

// PolicyChanged tells when a topic's policy last changed, its creation
// included; zero when there is no such topic.
func (s *Service) PolicyChanged(arn string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.topics[arn]; t != nil {
		return t.PolicyChanged
	}
	return time.Time{}
}

func (s *Service) commonConditions(t *topic) iampolicy.Context {
	ctx := iampolicy.Context{}
	ctx.Set("aws:SecureTransport", "true") // the sandbox stands for an HTTPS endpoint
	ctx.Set("aws:CurrentTime", s.now().UTC().Format(time.RFC3339))
	ctx.Set("aws:ResourceAccount", t.Account)
	return ctx
}
