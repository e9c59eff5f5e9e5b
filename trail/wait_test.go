package trail

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// looks is a status reader that answers one thing after another, and the last
// one for ever.
type looks struct {
	answers []cloudtrail.GetTrailStatusOutput
	errs    []error
	n       int
}

func (l *looks) GetTrailStatus(context.Context, *cloudtrail.GetTrailStatusInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetTrailStatusOutput, error) {
	i := min(l.n, len(l.answers)-1)
	l.n++
	if i < len(l.errs) && l.errs[i] != nil {
		return nil, l.errs[i]
	}
	return &l.answers[i], nil
}

func TestWait(t *testing.T) {
	start := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	on := func(delivery, digest time.Duration) cloudtrail.GetTrailStatusOutput {
		return cloudtrail.GetTrailStatusOutput{IsLogging: ptr(true), LatestDeliveryTime: ptr(start.Add(delivery)), LatestDigestDeliveryTime: ptr(start.Add(digest))}
	}
	off := cloudtrail.GetTrailStatusOutput{IsLogging: ptr(false)}
	tests := map[string]struct {
		wait    Wait
		answers []cloudtrail.GetTrailStatusOutput
		errs    []error
		noProof bool
		want    error // nil: it came
		looks   int
		waited  time.Duration
	}{
		"at once":            {Wait{For: LogFile, After: start}, []cloudtrail.GetTrailStatusOutput{on(time.Second, 0)}, nil, false, nil, 1, 0},
		"not the same time":  {Wait{For: LogFile, After: start}, []cloudtrail.GetTrailStatusOutput{on(0, time.Second)}, nil, false, ErrNotYet, 1, 0},
		"the third look":     {Wait{For: LogFile, After: start, Timeout: time.Minute, Interval: 10 * time.Second}, []cloudtrail.GetTrailStatusOutput{on(-1, 0), on(-1, 0), on(5, 0)}, nil, false, nil, 3, 20 * time.Second},
		"a digest":           {Wait{For: DigestFile, After: start, Timeout: time.Minute, Interval: time.Minute}, []cloudtrail.GetTrailStatusOutput{on(5, -1), on(5, 5)}, nil, false, nil, 2, time.Minute},
		"in vain":            {Wait{For: DigestFile, After: start, Timeout: 25 * time.Second, Interval: 10 * time.Second}, []cloudtrail.GetTrailStatusOutput{on(5, -1)}, nil, false, ErrNotYet, 4, 25 * time.Second},
		"off":                {Wait{For: LogFile, After: start, Timeout: time.Hour, Interval: time.Second}, []cloudtrail.GetTrailStatusOutput{off}, nil, false, ErrNever, 1, 0},
		"switched off later": {Wait{For: LogFile, After: start, Timeout: time.Hour, Interval: time.Second}, []cloudtrail.GetTrailStatusOutput{on(-1, -1), off}, nil, false, ErrNever, 2, time.Second},
		"no digests":         {Wait{For: DigestFile, After: start, Timeout: time.Hour, Interval: time.Second}, []cloudtrail.GetTrailStatusOutput{on(-1, -1)}, nil, true, ErrNever, 1, 0},
		"came before it was off": {Wait{For: LogFile, After: start.Add(-time.Hour)}, []cloudtrail.GetTrailStatusOutput{
			{IsLogging: ptr(false), LatestDeliveryTime: ptr(start)},
		}, nil, false, nil, 1, 0},
		"from the first look":            {Wait{For: LogFile, Timeout: time.Minute, Interval: 10 * time.Second}, []cloudtrail.GetTrailStatusOutput{on(5, 0), on(5, 0), on(6, 0)}, nil, false, nil, 3, 20 * time.Second},
		"a server whose clock is ahead":  {Wait{For: DigestFile, Timeout: time.Minute, Interval: 30 * time.Second}, []cloudtrail.GetTrailStatusOutput{on(0, 9000*time.Hour)}, nil, false, ErrNotYet, 3, time.Minute},
		"a server whose clock is behind": {Wait{For: LogFile, Timeout: time.Minute, Interval: 30 * time.Second}, []cloudtrail.GetTrailStatusOutput{on(-9001*time.Hour, 0), on(-9000*time.Hour, 0)}, nil, false, nil, 2, 30 * time.Second},
		"the first ever":                 {Wait{For: LogFile, Timeout: time.Minute, Interval: 30 * time.Second}, []cloudtrail.GetTrailStatusOutput{{IsLogging: ptr(true)}, on(0, 0)}, nil, false, nil, 2, 30 * time.Second},
		"right after it was stopped": {Wait{For: LogFile, Timeout: time.Hour, Interval: time.Second}, []cloudtrail.GetTrailStatusOutput{
			{IsLogging: ptr(false), LatestDeliveryTime: ptr(start.Add(time.Hour))},
		}, nil, false, ErrNever, 1, 0},
		"AWS refuses": {Wait{For: LogFile, After: start, Timeout: time.Hour, Interval: time.Second}, []cloudtrail.GetTrailStatusOutput{on(-1, -1), {}}, []error{nil, api("AccessDeniedException")}, false, errAny, 2, time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := &looks{answers: tt.answers, errs: tt.errs}
			var slept, observed time.Duration
			tt.wait.Sleep = func(_ context.Context, d time.Duration) error { slept += d; return nil }
			tt.wait.Observe = func(_ Status, d time.Duration) { observed = d }
			out, err := tt.wait.Until(t.Context(), l, Trail{Name: "audit", HomeRegion: home, LogFileValidation: !tt.noProof})
			if (err == nil) != (tt.want == nil) || (tt.want != errAny && !errors.Is(err, tt.want)) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if errors.Is(err, ErrNotYet) && strings.Contains(err.Error(), "0001-01-01") {
				t.Error(err)
			}
			if out.Came.IsZero() != (err != nil) {
				t.Errorf("it came at %s, and the error is %v", out.Came, err)
			}
			if l.n != tt.looks || slept != tt.waited || out.Length != tt.waited {
				t.Errorf("%d looks, slept %s, said %s", l.n, slept, out.Length)
			}
			if observed > tt.waited {
				t.Errorf("an observer heard of %s", observed)
			}
		})
	}
}

func TestWaitEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := Wait{For: LogFile, After: time.Now(), Timeout: time.Hour, Interval: time.Hour, Observe: func(Status, time.Duration) { cancel() }}
	begun := time.Now()
	_, err := w.Until(ctx, &looks{answers: []cloudtrail.GetTrailStatusOutput{{IsLogging: ptr(true)}}}, Trail{})
	if !errors.Is(err, context.Canceled) || time.Since(begun) > 10*time.Second {
		t.Errorf("%v after %s", err, time.Since(begun))
	}
}
