package cloudtrail

import (
	"time"

	"trailctl/internal/sandbox/call"
)

// trailStatus is the answer of GetTrailStatus. The texts at its end say
// again what the times say; old clients read them.
type trailStatus struct {
	IsLogging                          bool
	LatestDeliveryError                string `json:",omitempty"`
	LatestDeliveryTime                 *epoch `json:",omitempty"`
	StartLoggingTime                   *epoch `json:",omitempty"`
	StopLoggingTime                    *epoch `json:",omitempty"`
	LatestDigestDeliveryTime           *epoch `json:",omitempty"`
	LatestDigestDeliveryError          string `json:",omitempty"`
	LatestDeliveryAttemptTime          string
	LatestNotificationAttemptTime      string
	LatestNotificationAttemptSucceeded string
	LatestDeliveryAttemptSucceeded     string
	TimeLoggingStarted                 string
	TimeLoggingStopped                 string
}

// getTrailStatus tells about the caller's region: the ARN of a multi-region
// trail asks for its shadow there.
func (s *Service) getTrailStatus(c *call.Call, in nameInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.readable(c, in.Name)
	if err != nil {
		return nil, err
	}
	if !t.covers(c.Region) {
		return nil, refuse("TrailNotFoundException", "Unknown trail: %s for the user: %s in %s", t.arn(), c.Account, c.Region)
	}
	var st status
	if ch := t.Chains[c.Region]; ch != nil {
		st = ch.Status
	}
	return trailStatus{
		IsLogging:           t.Logging,
		LatestDeliveryError: st.Error, LatestDeliveryTime: toEpoch(st.Delivered),
		StartLoggingTime: toEpoch(t.Started), StopLoggingTime: toEpoch(t.Stopped),
		LatestDigestDeliveryTime: toEpoch(st.Digested), LatestDigestDeliveryError: st.DigestError,
		LatestDeliveryAttemptTime: stampIfAny(st.Attempted), LatestDeliveryAttemptSucceeded: stampIfAny(st.Delivered),
		TimeLoggingStarted: stampIfAny(t.Started), TimeLoggingStopped: stampIfAny(t.Stopped),
	}, nil
}

func stampIfAny(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}
