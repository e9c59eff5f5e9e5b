package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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

// inquire begins an inquiry for an API call.
func (s *Service) inquire(ctx context.Context) *inquiry {
	return &inquiry{Neighbours: s.Neighbours, ctx: ctx, told: map[string]*told{}}
}

// inquireFor begins one for a delivery, which does not wait for a neighbour
// that has just been silent.
func (s *Service) inquireFor(ctx context.Context) *inquiry {
	q := s.inquire(ctx)
	q.silent = &silences{kept: &s.silent, log: s.log, now: map[string]error{}}
	return q
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
	begun := time.Now()
	err := f(q.ctx)
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
// for it is in the API reference, "Common Errors".
func unavailable(err error) *call.Error {
	e := &call.Error{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Message: "Nothing was changed: " + err.Error()}
	var refused *call.Error
	if errors.As(err, &refused) && refused.Status == http.StatusNotImplemented {
		e.Status, e.Code = http.StatusNotImplemented, refused.Code // no repetition helps
	}
	return e
}

// How long a neighbour that was silent is left alone by deliveries, and how
// long it has to have kept one waiting. A refused connection costs nothing to
// try again.
const (
	silenceKept = 5 * time.Second
	slowSilence = time.Second
)

// silences knows which services have just been silent to deliveries, so that a
// delivery of many files, and one after the other while the clock is moved,
// wait for a dead neighbour once.
type silences struct {
	kept *keptSilences
	log  *slog.Logger

	mu  sync.Mutex
	now map[string]error // in this delivery
}

// keptSilences are those that outlast a delivery. One is forgotten when the
// service answers.
type keptSilences struct {
	mu sync.Mutex
	by map[string]keptSilence
}

type keptSilence struct {
	err   error
	until time.Time // zero: is asked again at once
}

// of is the silence for which a service is not asked now; nil for none.
func (s *silences) of(service string) error {
	s.mu.Lock()
	err := s.now[service]
	s.mu.Unlock()
	if err == nil {
		err = s.kept.of(service)
	}
	if err != nil {
		return fmt.Errorf("%s was not asked again after: %w", service, err)
	}
	return nil
}

// note notes how a question ended, and writes the first silence into the log.
func (s *silences) note(service string, err error, waited time.Duration) {
	silent := unanswered(err)
	if silent {
		s.mu.Lock()
		s.now[service] = err
		s.mu.Unlock()
	}
	switch news := s.kept.note(service, err, silent, waited); {
	case news && silent:
		s.log.Error("a neighbour does not answer: what it was to take waits", "service", service, "error", err)
	case news:
		s.log.Info("a neighbour answers again", "service", service)
	}
}

func (k *keptSilences) of(service string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if one := k.by[service]; time.Now().Before(one.until) {
		return one.err
	}
	return nil
}

// note tells whether the service was silent before when it answers, or the
// other way round.
func (k *keptSilences) note(service string, err error, silent bool, waited time.Duration) (news bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, before := k.by[service]
	if !silent {
		delete(k.by, service)
		return before
	}
	if k.by == nil {
		k.by = map[string]keptSilence{}
	}
	one := keptSilence{err: err}
	if waited >= slowSilence {
		one.until = time.Now().Add(silenceKept)
	}
	k.by[service] = one
	return !before
}
