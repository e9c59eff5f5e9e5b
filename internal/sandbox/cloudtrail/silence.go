package cloudtrail

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// ErrSilent is in the error of a neighbour that cannot be reached.
var ErrSilent = errors.New("nothing is heard of the upstream")

// NotReachable is the code of that in GetTrailStatus and in the answer of a
// call. Its HTTP status is one that no SDK tries again: 500, 502, 503 and 504
// keep callers waiting for up to half a minute.
const (
	NotReachable       = "UpstreamNotReachable"
	NotReachableStatus = http.StatusFailedDependency
)

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
	err    error
	until  time.Time // zero: is asked again at once
	failed bool      // it has answered, but not what was asked
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

// note notes how a question ended, and writes the first failure into the log.
// That nobody is there at all is told by whoever noticed it.
func (s *silences) note(service string, err error, waited time.Duration) {
	silent := unanswered(err)
	if silent {
		s.mu.Lock()
		s.now[service] = err
		s.mu.Unlock()
	}
	switch news := s.kept.note(service, err, silent, waited); {
	case !news:
	case silent:
		s.log.Error("a service fails: what it was to take waits", "service", service, "error", err)
	default:
		s.log.Info("a service works again", "service", service)
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

// note tells whether the service failed before when it works, or the other way
// round. A service of which nothing is heard is neither.
func (k *keptSilences) note(service string, err error, silent bool, waited time.Duration) (news bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := k.by[service]
	if !silent {
		delete(k.by, service)
		return before.failed
	}
	if k.by == nil {
		k.by = map[string]keptSilence{}
	}
	one := keptSilence{err: err, failed: before.failed || !errors.Is(err, ErrSilent)}
	if waited >= slowSilence {
		one.until = time.Now().Add(silenceKept)
	}
	k.by[service] = one
	return one.failed && !before.failed
}
