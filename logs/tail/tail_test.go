package tail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"trailctl/logs"
)

var start = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

// raw is a record with an ID and a time so long after the start.
func raw(id string, after time.Duration) string {
	return fmt.Sprintf(`{"eventVersion":"1.11","eventID":%q,"eventName":"Call","eventSource":"sts.amazonaws.com","eventTime":%q}`,
		id, start.Add(after).Format(time.RFC3339))
}

// keeper keeps what it is handed and told, and ends the following when it has
// as many records as it wants.
type keeper struct {
	mu      sync.Mutex
	ids     []string
	batches []Batch
	notices []string
	texts   []string
	want    int
	fail    error
}

var errEnough = errors.New("enough")

func (k *keeper) Take(b *Batch) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.batches = append(k.batches, Batch{File: b.File, Met: b.Met, Err: b.Err})
	for _, r := range b.Records {
		k.ids = append(k.ids, r.ID())
	}
	switch {
	case k.fail != nil:
		return k.fail
	case k.want > 0 && len(k.ids) >= k.want:
		return errEnough
	}
	return nil
}

func (k *keeper) Tell(n Notice) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.texts = append(k.texts, n.What)
	k.notices = append(k.notices, fmt.Sprintf("%s%s", []string{"remark ", "trouble ", "over "}[n.Kind], code(n.Err)))
}

func (k *keeper) told(what string) (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.notices {
		if s == what {
			n++
		}
	}
	return n
}

// shows is how often a record was handed over.
func (k *keeper) shows(id string) (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, one := range k.ids {
		if one == id {
			n++
		}
	}
	return n
}

func (k *keeper) sorted() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := slices.Clone(k.ids)
	slices.Sort(list)
	return list
}

func newFollower(k *keeper) *Follower {
	return &Follower{Handler: k, FirstWait: time.Millisecond, LongestWait: 4 * time.Millisecond}
}

// apiError is an error of AWS's; those named Internal... are its own fault.
func apiError(code string) error {
	err := &smithy.GenericAPIError{Code: code, Message: "no"}
	if strings.HasPrefix(code, "Internal") {
		err.Fault = smithy.FaultServer
	}
	return err
}

// short is a context for a following that ends by itself.
func short(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestRecentIsBounded(t *testing.T) {
	s := recent{size: 10}
	for i := range 100 {
		if !s.add(keyOf(fmt.Sprint(i))) {
			t.Errorf("%d is not new", i)
		}
		if len(s.young)+len(s.old) > 20 {
			t.Fatalf("%d keys are kept", len(s.young)+len(s.old))
		}
		for back := max(0, i-9); back <= i; back++ {
			if !s.has(keyOf(fmt.Sprint(back))) {
				t.Errorf("%d is forgotten at %d", back, i)
			}
		}
	}
	if s.add(keyOf("99")) || !s.add(keyOf("1")) {
		t.Error("the latest is forgotten, or an old one is not")
	}
}

func TestKeys(t *testing.T) {
	uuid := "3038ebd2-c98a-4c65-9b6e-e22506292313"
	if keyOf(uuid) == keyOf("3038ebd2-c98a-4c65-9b6e-e22506292314") || keyOf(uuid) == keyOf("") || keyOf("a") == keyOf("b") {
		t.Error("different IDs have one key")
	}
	if keyOf("zzzzzzzz-c98a-4c65-9b6e-e22506292313") == keyOf("zzzzzzzz-c98a-4c65-9b6e-e22506292314") {
		t.Error("IDs that are no UUIDs have one key")
	}
	one, two := logs.Record{Raw: []byte(`{"eventName":"A"}`)}, logs.Record{Raw: []byte(`{"eventName":"B"}`)}
	if recordKey(&one) == recordKey(&two) {
		t.Error("records without an ID have one key")
	}
}

// Trouble is told when it begins, when it changes and when it is over; an
// expired session is renewed.
func TestTroubleIsToldOnce(t *testing.T) {
	k := &keeper{}
	f := newFollower(k)
	renewed := 0
	f.Renew = func() { renewed++ }
	answers := []error{
		nil, apiError("ThrottlingException"), apiError("ThrottlingException"), apiError("ThrottlingException"),
		apiError("ExpiredTokenException"), apiError("ExpiredTokenException"), nil, apiError("AccessDenied"), nil,
	}
	tr := &trouble{f: f}
	for len(answers) > 0 {
		err := tr.do(t.Context(), func() error {
			err := answers[0]
			answers = answers[1:]
			return err
		})
		want(t, "do", err, nil)
	}
	want(t, "told", k.notices, "[trouble ThrottlingException trouble ExpiredTokenException over  trouble AccessDenied over ]")
	want(t, "renewed", renewed, 2)
	first := &trouble{f: f}
	want(t, "denied from the beginning", code(first.do(t.Context(), func() error { return apiError("AccessDenied") })), "AccessDenied")
}

// has tells whether a key is remembered.
func (s *recent) has(k key) bool {
	if _, ok := s.young[k]; ok {
		return true
	}
	_, ok := s.old[k]
	return ok
}
