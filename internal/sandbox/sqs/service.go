// Package sqs is the sandbox's Amazon SQS: standard queues with their
// policies, messages with visibility timeouts and long polling, over the AWS
// JSON protocol that all current SDKs speak. Other services of the sandbox
// send to a queue with methods, as far as its policy lets them.
//
// It has no FIFO queues, no dead-letter queues and no encryption; a queue may
// be made anew at once after it was deleted, and purged again at once, where
// AWS wants a minute in between. Visibility timeouts, delays and long polling
// run on real time; what is sent carries the sandbox's time, and is kept as
// long as that says (assumption A37).
package sqs

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/iampolicy"
	"trailctl/internal/sandbox/statefile"
)

// Limits of what a sandbox keeps (assumption A38).
const (
	maxQueues   = 1000      // of all accounts and regions
	maxMessages = 50_000    // in one queue
	maxBytes    = 128 << 20 // of the messages of one queue
)

// Options says how a Service works. The zero value works.
type Options struct {
	Dir string           // where state is kept; empty keeps it in memory
	Now func() time.Time // the sandbox's clock; default real time
	Log *slog.Logger     // default none
}

// Service is SQS, for any number of accounts and regions. It is safe for
// concurrent use.
type Service struct {
	now     func() time.Time
	log     *slog.Logger
	file    *statefile.File
	closing chan struct{} // closed when long polls must end
	once    sync.Once

	mu     sync.Mutex
	queues map[string]*queue // by ARN
}

// New makes a service and loads the state that o.Dir holds.
func New(o Options) (*Service, error) {
	s := &Service{now: o.Now, log: o.Log, closing: make(chan struct{}), queues: map[string]*queue{}}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.load(o.Dir); err != nil {
		return nil, err
	}
	return s, nil
}

// Exists tells whether there is a queue with this ARN.
func (s *Service) Exists(arn string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queues[arn] != nil
}

// May tells whether a queue's policy allows an action ("sqs:SendMessage") to
// a service principal ("sns.amazonaws.com"). It is false without such a queue.
func (s *Service) May(principal, action, arn string, conditions map[string]string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[arn]
	if q == nil {
		return false
	}
	ctx := s.commonConditions(q)
	ctx.Set("aws:PrincipalIsAWSService", "true")
	ctx.Set("aws:PrincipalServiceName", principal)
	for name, value := range conditions {
		ctx.Set(name, value)
	}
	return q.policy.Evaluate(iampolicy.Request{
		Caller: iampolicy.Caller{Service: principal}, Action: action, Resource: arn, Context: ctx,
	}) == iampolicy.Allow
}

// serviceSender is the SenderId of what services send: as on AWS, the stable id
// of a principal of theirs (API reference, "ReceiveMessage").
const serviceSender = "AIDATRAILCTLSANDBOXES"

// Publish sends a message as an AWS service does: no call is recorded and no
// policy asked. The attributes are texts. A queue knows no subject; it is here
// because topics do. It fails when the queue is gone, full, or the message is
// larger than the queue takes.
func (s *Service) Publish(arn, _, text string, attributes map[string]string) error {
	m := &message{Body: text, Sender: serviceSender, Attributes: map[string]attribute{}}
	for name, value := range attributes {
		m.Attributes[name] = attribute{DataType: "String", StringValue: &value}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[arn]
	if q == nil {
		return fmt.Errorf("sending to %s: %w", arn, noSuchQueue())
	}
	if refused := s.put(q, m, -1); refused != nil {
		return fmt.Errorf("sending to %s: %w", arn, refused)
	}
	return nil
}

func (s *Service) commonConditions(q *queue) iampolicy.Context {
	ctx := iampolicy.Context{}
	ctx.Set("aws:SecureTransport", "true") // the sandbox stands for an HTTPS endpoint
	ctx.Set("aws:CurrentTime", s.now().UTC().Format(time.RFC3339))
	ctx.Set("aws:ResourceAccount", q.Account)
	return ctx
}

// queueOf finds the queue that a URL names, and asks its policy whether the
// caller may do what is asked. The owner's callers may do what no statement
// denies them: the sandbox has no identity-based policies here. The lock is
// held.
func (s *Service) queueOf(c *call.Call, url string) (*queue, *call.Error) {
	if url == "" {
		return nil, missing("QueueUrl")
	}
	account, name, ok := cutURL(url)
	if !ok {
		return nil, refuse("InvalidAddress", "The address %.200s is not valid for this endpoint.", url)
	}
	q := s.queues[queueARN(c.Region, account, name)]
	if q == nil {
		return nil, noSuchQueue()
	}
	c.Resources = []call.Resource{{ARN: q.ARN(), AccountID: q.Account, Type: "AWS::SQS::Queue"}}
	return q, s.authorize(c, q)
}

func (s *Service) authorize(c *call.Call, q *queue) *call.Error {
	ctx := s.commonConditions(q)
	ctx.Set("aws:SourceIp", c.SourceIP)
	ctx.Set("aws:PrincipalArn", c.Identity.ARN)
	ctx.Set("aws:PrincipalAccount", c.Account)
	action := "sqs:" + strings.TrimSuffix(c.Operation, "Batch")
	decision := q.policy.Evaluate(iampolicy.Request{
		Caller: iampolicy.Caller{ARN: c.Identity.ARN, Account: c.Account}, Action: action, Resource: q.ARN(), Context: ctx,
	})
	why := "because no resource-based policy allows the " + action + " action"
	switch {
	case decision == iampolicy.Allow, decision == iampolicy.NoMatch && c.Account == q.Account:
		return nil
	case decision == iampolicy.Deny:
		why = "with an explicit deny in a resource-based policy"
	}
	return &call.Error{Status: http.StatusForbidden, Code: "AccessDenied", Message: fmt.Sprintf(
		"User: %s is not authorized to perform: %s on resource: %s %s", c.Identity.ARN, action, q.ARN(), why)}
}
