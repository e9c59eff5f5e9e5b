package sqs

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/iampolicy"
)

// queue is one queue with what waits in it.
type queue struct {
	Account, Region, Name string
	Created, Modified     time.Time
	Attributes            map[string]string // those that were set
	Tags                  map[string]string
	Messages              []*message // in the order in which they came

	policy  *iampolicy.Policy
	bytes   int           // of all messages
	arrived chan struct{} // closed, and replaced, when something becomes receivable
}

// ARN is the queue's name in policies.
func (q *queue) ARN() string { return queueARN(q.Region, q.Account, q.Name) }

func queueARN(region, account, name string) string {
	return "arn:" + partition(region) + ":sqs:" + region + ":" + account + ":" + name
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

// announce wakes who waits for messages.
func (q *queue) announce() {
	close(q.arrived)
	q.arrived = make(chan struct{})
}

// url is where the queue is reached: at the endpoint that was asked.
func (q *queue) url(r *http.Request) string {
	return (&url.URL{Scheme: "http", Host: r.Host, Path: "/" + q.Account + "/" + q.Name}).String()
}

// cutURL takes the account and the name from a queue's URL. The host is not
// looked at: the sandbox is one endpoint under many names.
func cutURL(text string) (account, name string, ok bool) {
	u, err := url.Parse(text)
	if err != nil {
		return "", "", false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) < 2 {
		return "", "", false
	}
	return parts[len(parts)-2], parts[len(parts)-1], true
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

type createQueueInput struct {
	QueueName  string
	Attributes map[string]string
	Tags       map[string]string `json:"tags"`
}

type queueURLOutput struct {
	QueueURL string `json:"QueueUrl"`
}

func (s *Service) createQueue(c *call.Call, in createQueueInput) (any, *call.Error) {
	if in.QueueName == "" {
		return nil, missing("QueueName")
	}
	if strings.HasSuffix(in.QueueName, ".fifo") || in.Attributes["FifoQueue"] == "true" {
		return nil, call.NotServed("sqs", "CreateQueue.FifoQueue")
	}
	if !namePattern.MatchString(in.QueueName) {
		return nil, refuse("InvalidParameterValueException",
			"Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	policy, refused := checkAttributes(in.Attributes)
	if refused != nil {
		return nil, refused
	}
	if refused := checkTags(in.Tags); refused != nil {
		return nil, refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	arn := queueARN(c.Region, c.Account, in.QueueName)
	c.Resources = []call.Resource{{ARN: arn, AccountID: c.Account, Type: "AWS::SQS::Queue"}}
	if have := s.queues[arn]; have != nil {
		return have.again(c, in.Attributes)
	}
	if len(s.queues) >= maxQueues {
		return nil, refuse("OverLimit", "The sandbox keeps at most %d queues.", maxQueues)
	}
	now := s.now().UTC()
	q := &queue{
		Account: c.Account, Region: c.Region, Name: in.QueueName, Created: now, Modified: now,
		Attributes: map[string]string{}, Tags: maps.Clone(in.Tags), policy: policy, arrived: make(chan struct{}),
	}
	q.set(in.Attributes, policy)
	s.queues[arn] = q
	return queueURLOutput{q.url(c.HTTP)}, nil
}

// again answers a second creation: it is the same queue as long as every
// attribute that is named has the value that the queue has.
func (q *queue) again(c *call.Call, attributes map[string]string) (any, *call.Error) {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if attributes[name] != q.attribute(name) {
			return nil, refuse("QueueNameExists",
				"A queue already exists with the same name and a different value for attribute %s", name)
		}
	}
	return queueURLOutput{q.url(c.HTTP)}, nil
}

type queueInput struct {
	QueueURL string `json:"QueueUrl"`
}

func (s *Service) deleteQueue(c *call.Call, in queueInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.queueOf(c, in.QueueURL)
	if refused != nil {
		return nil, refused
	}
	delete(s.queues, q.ARN())
	q.announce()
	return nil, nil
}

func (s *Service) purgeQueue(c *call.Call, in queueInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.queueOf(c, in.QueueURL)
	if refused != nil {
		return nil, refused
	}
	q.Messages, q.bytes = nil, 0
	return nil, nil
}

type getQueueURLInput struct {
	QueueName              string
	QueueOwnerAWSAccountID string `json:"QueueOwnerAWSAccountId"`
}

func (s *Service) getQueueURL(c *call.Call, in getQueueURLInput) (any, *call.Error) {
	if in.QueueName == "" {
		return nil, missing("QueueName")
	}
	account := in.QueueOwnerAWSAccountID
	if account == "" {
		account = c.Account
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[queueARN(c.Region, account, in.QueueName)]
	if q == nil {
		return nil, noSuchQueue()
	}
	if refused := s.authorize(c, q); refused != nil {
		return nil, refused
	}
	return queueURLOutput{q.url(c.HTTP)}, nil
}

type listQueuesInput struct {
	QueueNamePrefix, NextToken string
	MaxResults                 int
}

type listQueuesOutput struct {
	QueueURLs []string `json:"QueueUrls,omitempty"`
	NextToken string   `json:",omitempty"`
}

// listQueues gives at most 1000 queues: fewer, and a token for the rest, only
// when the request says how many.
func (s *Service) listQueues(c *call.Call, in listQueuesInput) (any, *call.Error) {
	if in.MaxResults < 0 || in.MaxResults > 1000 {
		return nil, invalidParameter("MaxResults", in.MaxResults, "MaxResults must be an integer between 1 and 1000.")
	}
	limit := in.MaxResults
	if limit == 0 {
		limit = 1000
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out listQueuesOutput
	for _, arn := range slices.Sorted(maps.Keys(s.queues)) {
		q := s.queues[arn]
		if q.Account != c.Account || q.Region != c.Region || !strings.HasPrefix(q.Name, in.QueueNamePrefix) || q.Name <= in.NextToken {
			continue
		}
		if len(out.QueueURLs) == limit {
			if in.MaxResults > 0 {
				_, out.NextToken, _ = cutURL(out.QueueURLs[limit-1])
			}
			break
		}
		out.QueueURLs = append(out.QueueURLs, q.url(c.HTTP))
	}
	return out, nil
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// number is an attribute that is a number; what was checked before is one.
func (q *queue) number(name string) int {
	n, _ := strconv.Atoi(q.attribute(name))
	return n
}
