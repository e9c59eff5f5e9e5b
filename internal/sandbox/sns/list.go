package sns

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"trailctl/internal/sandbox/call"
)

const pageSize = 100 // of every list, as on AWS

type listTopicsOutput struct {
	Topics    []topicOutput `xml:"Topics>member"`
	NextToken string        `xml:",omitempty"`
}

func (s *Service) listTopics(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var arns []string
	for arn, t := range s.topics {
		if t.Account == c.Account && t.Region == c.Region {
			arns = append(arns, arn)
		}
	}
	chosen, next, refused := page(arns, form.Get("NextToken"))
	if refused != nil {
		return nil, refused
	}
	out := listTopicsOutput{NextToken: next}
	for _, arn := range chosen {
		out.Topics = append(out.Topics, topicOutput{arn})
	}
	return out, nil
}

// page sorts names and cuts the page out that follows a token (assumption
// A33).
func page(names []string, token string) (chosen []string, next string, _ *call.Error) {
	slices.Sort(names)
	after, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return nil, "", invalid("NextToken")
	}
	start, found := slices.BinarySearch(names, string(after))
	if found {
		start++
	}
	names = names[start:]
	if len(names) > pageSize {
		names = names[:pageSize]
		next = base64.StdEncoding.EncodeToString([]byte(names[pageSize-1]))
	}
	return names, next, nil
}

type listedSubscription struct {
	SubscriptionArn, Owner, Protocol, Endpoint, TopicArn string
}

type listSubscriptionsOutput struct {
	Subscriptions []listedSubscription `xml:"Subscriptions>member"`
	NextToken     string               `xml:",omitempty"`
}

func (s *Service) listSubscriptions(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listed(form, func(sub *subscription) bool {
		return sub.Owner == c.Account && strings.Split(sub.TopicARN, ":")[3] == c.Region
	})
}

func (s *Service) listSubscriptionsByTopic(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.topicOf(c, form.Get("TopicArn"))
	if refused != nil {
		return nil, refused
	}
	return s.listed(form, func(sub *subscription) bool { return sub.TopicARN == t.ARN() })
}

func (s *Service) listed(form url.Values, want func(*subscription) bool) (any, *call.Error) {
	var arns []string
	for arn, sub := range s.subscriptions {
		if want(sub) {
			arns = append(arns, arn)
		}
	}
	chosen, next, refused := page(arns, form.Get("NextToken"))
	if refused != nil {
		return nil, refused
	}
	out := listSubscriptionsOutput{NextToken: next}
	for _, arn := range chosen {
		sub := s.subscriptions[arn]
		if sub.Pending {
			arn = pendingConfirmation
		}
		out.Subscriptions = append(out.Subscriptions, listedSubscription{arn, sub.Owner, sub.Protocol, sub.Endpoint, sub.TopicARN})
	}
	return out, nil
}
