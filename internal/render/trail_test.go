package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"trailctl/trail"
)

var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

func someTrails() []trail.Listed {
	audit := trail.Trail{Name: "audit", ARN: "arn:aws:cloudtrail:us-east-1:123456789012:trail/audit", HomeRegion: "us-east-1",
		Bucket: "aws-cloudtrail-logs-123456789012-b81f37a0", Prefix: "p", MultiRegion: true, LogFileValidation: true}
	local := trail.Trail{Name: "local", HomeRegion: "eu-west-1", Bucket: "logs", Organization: true}
	return []trail.Listed{
		{Trail: audit, Status: trail.Status{Trail: audit, Logging: true, Delivery: noon.Add(-3 * time.Minute)}},
		{Trail: local, Status: trail.Status{Trail: local}},
		{Trail: local, Status: trail.Status{Trail: local, Logging: true, DigestError: "AccessDenied"}},
		{Trail: trail.Trail{Name: "x\x1b[31m", HomeRegion: "ap-southeast-2"}, Err: errors.New("denied")},
	}
}

func TestTrailTable(t *testing.T) {
	tests := map[string]struct {
		width int
		want  string
	}{
		"80 columns": {80, `
NAME       HOME            SCOPE     LOGGING  DIGESTS  DELIVERED  BUCKET
audit      us-east-1       all       on       on       3 min ago  aws-clo…37a0/p
local      eu-west-1       one, org  off      off      never      logs
local      eu-west-1       one, org  failing  off      never      logs
x\x1b[31m  ap-southeast-2  ?         ?        ?        ?          ?
`},
		"pipe": {0, `
NAME       HOME            SCOPE     LOGGING  DIGESTS  DELIVERED             BUCKET
audit      us-east-1       all       on       on       2026-01-15T11:57:00Z  aws-cloudtrail-logs-123456789012-b81f37a0/p
local      eu-west-1       one, org  off      off      -                     logs
local      eu-west-1       one, org  failing  off      -                     logs
x\x1b[31m  ap-southeast-2  ?         ?        ?        ?                     ?
`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := TrailTable(&b, someTrails(), noon, Terminal{Width: tt.width}); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != tt.want[1:] {
				t.Errorf("got\n%swant%s", got, tt.want)
			}
		})
	}
}

func TestTrailsJSON(t *testing.T) {
	var b bytes.Buffer
	if err := TrailsJSON(&b, someTrails(), errors.New("not allowed")); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Version  int
		Complete bool
		Trails   []struct {
			Name, Error    string
			Logging        *bool
			LatestDelivery *time.Time
		}
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Version != 1 || doc.Complete || len(doc.Trails) != 4 {
		t.Fatalf("got %s", b.String())
	}
	if first := doc.Trails[0]; first.Logging == nil || !*first.Logging || !first.LatestDelivery.Equal(noon.Add(-3*time.Minute)) {
		t.Errorf("first: %+v", first)
	}
	if last := doc.Trails[3]; last.Logging != nil || last.LatestDelivery != nil || last.Error != "denied" {
		t.Errorf("last: %+v", last)
	}
}

func TestResultJSONStates(t *testing.T) {
	step := func(k trail.Kind, target string) trail.Step { return trail.Step{Kind: k, Target: target} }
	p := trail.Plan{Steps: []trail.Step{
		step(trail.Keep, "a"), step(trail.Create, "b"), step(trail.Keep, "c"), step(trail.Change, "d"), step(trail.Create, "e"),
	}}
	made := step(trail.Create, "b")
	made.After = `{"Version":"2012-10-17"}`
	failed := step(trail.Change, "d")
	tests := map[string]struct {
		result trail.Result
		why    string
		want   string
	}{
		"done":         {trail.Result{Done: []trail.Step{made, failed, step(trail.Create, "e")}}, "", "kept done kept done done"},
		"second fails": {trail.Result{Done: []trail.Step{made}, Failed: &failed}, "refused", "kept done kept failed not done"},
		"first fails":  {trail.Result{Failed: &made}, "refused", "kept failed kept not done not done"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := ResultJSON(&b, p, tt.result, tt.why); err != nil {
				t.Fatal(err)
			}
			var doc struct {
				Changed bool
				Error   string
				Steps   []struct {
					State string
					After any
				}
			}
			if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
				t.Fatal(err)
			}
			var states []string
			for _, s := range doc.Steps {
				states = append(states, s.State)
			}
			if got := strings.Join(states, " "); got != tt.want || doc.Error != tt.why || doc.Changed != (len(tt.result.Done) > 0) {
				t.Errorf("got %s, want %s; %s", got, tt.want, b.String())
			}
			if doc.Changed && doc.Steps[1].After == nil {
				t.Error("what was really written is not shown")
			}
		})
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Minute: "just now", 59 * time.Second: "just now", time.Minute: "1 min ago", 119 * time.Minute: "1 h ago",
		47 * time.Hour: "47 h ago", 50 * time.Hour: "2 days ago",
	} {
		if got := Ago(d); got != want {
			t.Errorf("Ago(%s) = %s, want %s", d, got, want)
		}
	}
}

func TestPlanText(t *testing.T) {
	p := trail.Plan{
		Trail: trail.Trail{Name: "audit", HomeRegion: "us-east-1"}, Account: trail.Account{ID: "123456789012"},
		Steps: []trail.Step{
			{Kind: trail.Keep, Target: "bucket logs", Summary: "is there", Warnings: []string{"w\x1b"}, Notes: []string{"n"}},
			{Kind: trail.Change, Target: "bucket policy", Summary: "s", Before: `{"Statement":{"Sid":"A\u001b"}}`, After: `{"Statement":[{"Sid":"A\u001b"},{"Sid":"B"}]}`},
			{Kind: trail.Change, Target: "trail audit", Summary: "s", Fields: []trail.Field{{Name: "S3KeyPrefix", After: "p"}}},
		},
	}
	const want = `Plan for trail audit in us-east-1, account 123456789012:
  = keep    bucket logs: is there
      warning: w\x1b
      note: n
  ~ change  bucket policy: s
      --- before
      +++ after
      @@ -2,6 +2,9 @@
         "Statement": [
           {
             "Sid": "A\u001b"
      +    },
      +    {
      +      "Sid": "B"
           }
         ]
       }
  ~ change  trail audit: s
      S3KeyPrefix: (none) -> p
`
	var b bytes.Buffer
	if err := PlanText(&b, p, Terminal{}); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}
