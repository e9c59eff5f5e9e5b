package trail

import (
	"strings"
	"testing"

	"trailctl/internal/topic"
)

// An error stays in the status until the next delivery: what has been repaired
// since is not asked for again.
func TestRecheck(t *testing.T) {
	role := DefaultRole("audit")
	tests := map[string]struct {
		damage func(*fakeAWS) // none: all has been repaired
		status Status
		has    string
		not    string
	}{
		"bucket right": {nil, Status{DeliveryError: "AccessDenied"}, "wait: the bucket and its policy are right by now, and this clears with the next delivery in each region", "run trailctl"},
		"digest right": {nil, Status{DigestError: "AccessDenied"}, "wait: the bucket and its policy are right by now", "run trailctl"},
		"bucket wrong": {func(f *fakeAWS) { f.buckets["logs"].policy = "" }, Status{DeliveryError: "AccessDenied"}, "run trailctl trail update audit", "right by now"},
		"bucket, a denial": {func(f *fakeAWS) {
			prepend(&f.buckets["logs"].policy, `{"Sid":"Strict","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*"}`)
		}, Status{DeliveryError: "AccessDenied"}, "if it does not, look at the Deny statements (", ""},
		"S3 is slow":     {nil, Status{DeliveryError: "SlowDown"}, "wait: CloudTrail tries again", "right by now"},
		"topic right":    {nil, Status{NotificationError: "AuthorizationError"}, "wait: the topic and its policy are right by now, and this clears with the next delivery in each region", "run trailctl"},
		"topic was gone": {nil, Status{NotificationError: "NotFound"}, "wait: the topic and its policy are right by now", "run trailctl"},
		"topic right, bucket not": {func(f *fakeAWS) { f.buckets["logs"].policy = "" },
			Status{NotificationError: "AuthorizationError"}, "wait: the topic", "run trailctl"},
		"topic wrong":   {func(f *fakeAWS) { f.topics[topicHome].policy = topic.DefaultPolicy(topicHome) }, Status{NotificationError: "AuthorizationError"}, "run trailctl", "right by now"},
		"topic gone":    {func(f *fakeAWS) { delete(f.topics, topicHome) }, Status{NotificationError: "NotFound"}, "run trailctl", "right by now"},
		"topic's key":   {nil, Status{NotificationError: "KMSAccessDenied"}, "let cloudtrail.amazonaws.com use the topic's key", "right by now"},
		"role right":    {nil, Status{LogGroupError: "AccessDenied"}, "wait: the log group and its role are right by now, and this clears with the next delivery in each region", "run trailctl"},
		"role wrong":    {func(f *fakeAWS) { delete(f.roles[role].inline, rolePolicyName) }, Status{LogGroupError: "AccessDenied"}, "run trailctl", "right by now"},
		"group gone":    {func(f *fakeAWS) { delete(f.groups, groupHome) }, Status{LogGroupError: "ResourceNotFoundException"}, "run trailctl", "right by now"},
		"trail is gone": {func(f *fakeAWS) { delete(f.trails, auditARN) }, Status{DeliveryError: "AccessDenied"}, "run trailctl", "right by now"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := settled()
			if _, _, err := create(t, f, everyOption(t), Options{}); err != nil {
				t.Fatal(err)
			}
			s := tt.status
			s.Trail, s.Logging = fromSDK(*f.trails[auditARN], home), true
			if tt.damage != nil {
				tt.damage(f)
			}
			before := f.state(t)
			e := Everywhere{Status: s, Regions: []RegionStatus{{home, s}, {"us-east-1", s}}}
			Recheck(t.Context(), f.clients(), &e)
			list := e.Problems()
			if len(list) != 1 {
				t.Fatalf("%+v", list)
			}
			if do := list[0].Do; !strings.Contains(do, tt.has) || tt.not != "" && strings.Contains(do, tt.not) {
				t.Errorf("to do: %s", do)
			}
			if why := list[0].Why; strings.Contains(list[0].Do, "right by now") != strings.HasPrefix(why, "at the last attempt: ") {
				t.Errorf("why: %s", why)
			}
			if f.state(t) != before {
				t.Error("something was changed")
			}
		})
	}
	// Without anything to explain nobody is asked.
	f := settled()
	e := Everywhere{Regions: []RegionStatus{{home, Status{Logging: true}}}}
	if Recheck(t.Context(), f.clients(), &e); len(f.calls) != 0 {
		t.Errorf("%v", f.calls)
	}
}
