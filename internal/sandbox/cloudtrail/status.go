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
	LatestNotificationError            string `json:",omitempty"`
	LatestNotificationTime             *epoch `json:",omitempty"`
	LatestCloudWatchLogsDeliveryError  string `json:",omitempty"`
	LatestCloudWatchLogsDeliveryTime   *epoch `json:",omitempty"`
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
// trail asks for its shadow there. A member account of an organization is told
// about its own deliveries, the management account about all.
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
	for _, ch := range t.Chains {
		if ch.Region == c.Region && (c.Account == t.Account || c.Account == ch.account(t)) {
			st.merge(ch.Status)
		}
	}
	return trailStatus{
		IsLogging:           t.Logging,
		LatestDeliveryError: st.Error, LatestDeliveryTime: toEpoch(st.Delivered),
		LatestNotificationError: st.NotifyError, LatestNotificationTime: toEpoch(st.Notified),
		LatestCloudWatchLogsDeliveryError: st.LogError, LatestCloudWatchLogsDeliveryTime: toEpoch(st.Logged),
		StartLoggingTime: toEpoch(t.Started), StopLoggingTime: toEpoch(t.Stopped),
		LatestDigestDeliveryTime: toEpoch(st.Digested), LatestDigestDeliveryError: st.DigestError,
		LatestDeliveryAttemptTime: stampIfAny(st.Attempted), LatestDeliveryAttemptSucceeded: stampIfAny(st.Delivered),
		LatestNotificationAttemptTime: stampIfAny(st.NotifyAttempt), LatestNotificationAttemptSucceeded: stampIfAny(st.Notified),
		TimeLoggingStarted: stampIfAny(t.Started), TimeLoggingStopped: stampIfAny(t.Stopped),
	}, nil
}

// merge adds what another chain of the same region says: the newest times, and
// the errors of either.
func (st *status) merge(other status) {
	for _, pair := range [][2]*time.Time{
		{&st.Delivered, &other.Delivered}, {&st.Attempted, &other.Attempted},
		{&st.Digested, &other.Digested}, {&st.DigestAttempt, &other.DigestAttempt},
		{&st.Notified, &other.Notified}, {&st.NotifyAttempt, &other.NotifyAttempt},
		{&st.Logged, &other.Logged},
	} {
		if pair[1].After(*pair[0]) {
			*pair[0] = *pair[1]
		}
	}
	st.Error = max(st.Error, other.Error)
	st.DigestError = max(st.DigestError, other.DigestError)
	st.NotifyError = max(st.NotifyError, other.NotifyError)
	st.LogError = max(st.LogError, other.LogError)
}

func stampIfAny(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}
