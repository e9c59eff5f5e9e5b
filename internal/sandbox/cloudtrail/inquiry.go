package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"trailctl/internal/sandbox/call"
)

// inquiry is what one API call or one delivery asks the neighbours. It asks
// about each thing once, however many files and regions want to know.
type inquiry struct {
	Neighbours
	ctx    context.Context // of the call or the delivery, which the inquiry does not outlive
	until  time.Time       // when an API call asks no more; zero for a delivery
	silent *silences       // nil for an API call, which always asks

	mu   sync.Mutex
	told map[string]*told
}

// told is the answer to one question.
type told struct {
	once  sync.Once
	state any
	err   error
}

// callPatience is how long an API call waits for all that it asks together.
// Clients give up after some more seconds, and ask again.
const callPatience = 12 * time.Second

// inquire begins an inquiry for an API call.
func (s *Service) inquire(ctx context.Context) *inquiry {
	return &inquiry{Neighbours: s.Neighbours, ctx: ctx, until: time.Now().Add(callPatience), told: map[string]*told{}}
}

// inquireFor begins one for a delivery, which does not wait for a neighbour
// that has just been silent.
func (s *Service) inquireFor(ctx context.Context) *inquiry {
	return &inquiry{
		Neighbours: s.Neighbours, ctx: ctx, told: map[string]*told{},
		silent: &silences{kept: &s.silent, log: s.log, now: map[string]error{}},
	}
}

// ask asks a service about one thing, once an inquiry.
func ask[T any](q *inquiry, service, what string, f func(context.Context) (T, error)) (T, error) {
	q.mu.Lock()
	one := q.told[service+" "+what]
	if one == nil {
		one = &told{}
		q.told[service+" "+what] = one
	}
	q.mu.Unlock()
	one.once.Do(func() {
		var state T
		one.err = q.tell(service, "asking "+service+" about "+what, func(ctx context.Context) (err error) {
			state, err = f(ctx)
			return err
		})
		one.state = state
	})
	return one.state.(T), one.err
}

// tell has a service do something. No answer is an error that says what could
// not be done.
func (q *inquiry) tell(service, doing string, f func(context.Context) error) error {
	if q.silent != nil {
		if err := q.silent.of(service); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
	}
	begun, ctx := time.Now(), q.ctx
	if !q.until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, q.until)
		defer cancel()
	}
	err := f(ctx)
	if err != nil {
		err = fmt.Errorf("%s: %w", doing, err)
	}
	if q.silent != nil {
		q.silent.note(service, err, time.Since(begun))
	}
	return err
}

// unanswered tells whether an error means that no answer came.
func unanswered(err error) bool {
	var refused *call.Error
	return err != nil && !errors.As(err, &refused)
}

func (q *inquiry) bucket(name string) (*BucketState, error) {
	return ask(q, "S3", "the bucket "+name, func(ctx context.Context) (*BucketState, error) {
		return q.Bucket.Bucket(ctx, name)
	})
}

func (q *inquiry) topic(arn string) (*TopicState, error) {
	return ask(q, "SNS", "the topic "+arn, func(ctx context.Context) (*TopicState, error) {
		return q.Topics.Topic(ctx, arn)
	})
}

func (q *inquiry) group(g group) (*GroupState, error) {
	what := fmt.Sprintf("the log group %s of %s in %s", g.name, g.account, g.region)
	return ask(q, "CloudWatch Logs", what, func(ctx context.Context) (*GroupState, error) {
		return q.Groups.Group(ctx, g.account, g.region, g.name)
	})
}

func (q *inquiry) role(arn string) (*RoleState, error) {
	return ask(q, "IAM", "the role "+arn, func(ctx context.Context) (*RoleState, error) {
		return q.Roles.Role(ctx, arn)
	})
}

func (q *inquiry) key(account, region, id string) (*KeyState, error) {
	what := fmt.Sprintf("the key %s of %s in %s", id, account, region)
	return ask(q, "KMS", what, func(ctx context.Context) (*KeyState, error) {
		return q.Keys.Key(ctx, account, region, id)
	})
}

func (q *inquiry) organization(account string) (*OrganizationState, error) {
	return ask(q, "Organizations", "the organization of "+account, func(ctx context.Context) (*OrganizationState, error) {
		return q.Organizations.Organization(ctx, account)
	})
}

func (q *inquiry) trusts(account string) (bool, error) {
	return ask(q, "Organizations", "the trusted services of "+account, func(ctx context.Context) (bool, error) {
		return q.Organizations.Trusts(ctx, account, servicePrincipal)
	})
}

// unavailable is what an API call answers that a neighbour has left without
// an answer, or whose neighbour has refused to answer. CloudTrail's own code
// for a neighbour in trouble is in the API reference, "Common Errors".
func unavailable(err error) *call.Error {
	e := &call.Error{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Message: "Nothing was changed: " + err.Error()}
	var refused *call.Error
	switch {
	case errors.Is(err, ErrSilent):
		e.Status, e.Code = NotReachableStatus, NotReachable
	case errors.As(err, &refused) && refused.Status == http.StatusNotImplemented:
		e.Status, e.Code = http.StatusNotImplemented, refused.Code // no repetition helps
	}
	return e
}
