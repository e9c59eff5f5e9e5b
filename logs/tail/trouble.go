package tail

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"trailctl/bucket"
	"trailctl/internal/awserr"
)

// trouble is about one thing that is tried again until it works. It is told
// when it begins, when it turns into another one, and when it is over.
type trouble struct {
	f    *Follower
	what string

	mu     sync.Mutex // several may try at once
	worked bool       // at least once
	since  time.Time
	kind   string // of the trouble that was told; empty when there is none
	wait   time.Duration
}

// do tries until it works. What failed the first time, and will the next time,
// too, comes back as an error.
func (t *trouble) do(ctx context.Context, try func() error) error {
	for {
		err := try()
		var s stopped
		switch {
		case err == nil:
			t.over()
			return nil
		case errors.As(err, &s) || ctx.Err() != nil:
			return err
		case !t.hasWorked() && (permanent(err) || unreachable(err)):
			return err
		}
		t.met(ctx, err)
	}
}

// met tells of trouble and waits until the next try.
func (t *trouble) met(ctx context.Context, err error) {
	if t.begins(kindOf(err)) {
		t.f.tell(Notice{Kind: Trouble, What: t.what, Err: err})
	}
	if expired(err) && t.f.Renew != nil {
		t.f.Renew()
	}
	wait := t.longer()
	pause(ctx, wait/2+rand.N(wait/2+1))
}

// begins tells whether trouble of a kind is new.
func (t *trouble) begins(kind string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kind == "" {
		t.since = time.Now()
	}
	fresh := kind != t.kind
	t.kind = kind
	return fresh
}

// longer is how long to wait until the next try.
func (t *trouble) longer() time.Duration {
	first, longest := t.f.FirstWait, t.f.LongestWait
	if first == 0 {
		first = time.Second
	}
	if longest == 0 {
		longest = 30 * time.Second
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wait = min(max(2*t.wait, first), longest)
	return t.wait
}

func (t *trouble) hasWorked() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.worked
}

// over tells that it works again, if there was trouble.
func (t *trouble) over() {
	t.mu.Lock()
	ends, lasted := t.kind != "", time.Since(t.since)
	t.worked, t.wait, t.kind = true, 0, ""
	t.mu.Unlock()
	if ends {
		t.f.tell(Notice{Kind: Over, What: t.what, Lasted: lasted})
	}
}

// kindOf tells one trouble from another.
func kindOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != "" {
		return api.ErrorCode()
	}
	return "network"
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// expired tells that AWS no longer takes the credentials.
func expired(err error) bool {
	return slices.Contains([]string{"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}, code(err))
}

// unreachable tells that nobody is at an address, which is a mistyped one when
// it happens at the beginning, or behind the sandbox that is.
func unreachable(err error) bool {
	var name *net.DNSError
	return errors.Is(err, syscall.ECONNREFUSED) || awserr.NobodyBehind(err) || errors.As(err, &name) && name.IsNotFound
}

// permanent tells a refusal that the next try meets again, unless somebody
// changes something.
func permanent(err error) bool {
	var garbled *smithy.DeserializationError
	var resp *awshttp.ResponseError
	_, throttled := retry.DefaultThrottleErrorCodes[code(err)]
	switch {
	case expired(err), throttled:
		return false
	case errors.Is(err, bucket.ErrNotFound), errors.Is(err, bucket.ErrDenied), errors.Is(err, bucket.ErrArchived), errors.As(err, &garbled):
		return true
	case errors.As(err, &resp):
		status := resp.HTTPStatusCode()
		return status == http.StatusNotImplemented || status >= 400 && status < 500 &&
			status != http.StatusTooManyRequests && status != http.StatusRequestTimeout
	}
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorFault() != smithy.FaultServer
}
