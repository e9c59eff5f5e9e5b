package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"trailctl/trail"
)

func auditTrail() trail.Trail {
	return trail.Trail{Name: "audit", ARN: "arn:aws:cloudtrail:us-east-1:123456789012:trail/audit", HomeRegion: "us-east-1",
		Bucket: "logs", MultiRegion: true, LogFileValidation: true, TopicARN: "arn:aws:sns:us-east-1:123456789012:t"}
}

// in makes a status of regions; change may be nil.
func in(t trail.Trail, change func(*trail.RegionStatus), regions ...string) trail.Everywhere {
	var e trail.Everywhere
	for _, region := range regions {
		r := trail.RegionStatus{Region: region, Status: trail.Status{Trail: t, Logging: true, Started: noon.Add(-time.Hour), Delivery: noon.Add(-time.Minute)}}
		if change != nil {
			change(&r)
		}
		e.Regions = append(e.Regions, r)
	}
	e.Status = e.Regions[0].Status
	return e
}

func TestTrailStatus(t *testing.T) {
	single := auditTrail()
	single.MultiRegion = false
	many := []string{"us-east-1"}
	for i := range 7 {
		many = append(many, fmt.Sprintf("ap-southeast-%d", i+1))
	}
	broken := in(auditTrail(), func(r *trail.RegionStatus) {
		if r.Region == "ap-southeast-3" {
			r.DeliveryError, r.Delivery = "AccessDenied", noon.Add(-50*time.Hour)
		}
		if r.Region == "ap-southeast-7" {
			r.Delivery = time.Time{}
		}
		if r.Region == "ap-southeast-5" {
			r.Delivery = noon.Add(-3 * time.Hour)
		}
	}, many...)
	broken.Absent = []string{"af-south-1", "ap-east-1"}
	broken.Unread = []trail.RegionError{{Region: "eu-west-1", Err: errors.New("connection reset")}}
	selected := trail.Together([]trail.Everywhere{
		in(trail.Trail{Name: "audit", ARN: "a", HomeRegion: "us-east-1", Bucket: "logs"}, nil, "us-east-1"),
		in(trail.Trail{Name: "audit", ARN: "b", HomeRegion: "eu-west-1", Bucket: "logs"}, func(r *trail.RegionStatus) { r.Logging = false }, "eu-west-1"),
	})
	tests := map[string]struct {
		e       trail.Everywhere
		verbose bool
		want    string
	}{
		"one region": {in(single, func(r *trail.RegionStatus) { r.DeliveryError = "NoSuchBucket\x07" }, "us-east-1"), false, `
Trail          audit
ARN            arn:aws:cloudtrail:us-east-1:123456789012:trail/audit
Scope          this region only (us-east-1)
Bucket         logs
Logging        on, since 2026-01-15T11:00:00Z
Log files      last 1 min ago, 2026-01-15T11:59:00Z
Digest files   none delivered yet (they come every hour)
Notifications  none sent yet, to arn:aws:sns:us-east-1:123456789012:t

Problem: log files do not arrive in logs (AWS says: NoSuchBucket\x07)
  To do: look the answer up under "Error responses" in the S3 API reference
`},
		"few regions": {in(auditTrail(), nil, "us-east-1", "eu-west-1"), false, `
Trail      audit
ARN        arn:aws:cloudtrail:us-east-1:123456789012:trail/audit
Scope      all regions, home us-east-1
Bucket     logs
Logging    on, since 2026-01-15T11:00:00Z
SNS topic  arn:aws:sns:us-east-1:123456789012:t

REGION     LOGGING  LAG  DIGEST    SNS  ERROR
us-east-1  on        1m   never  never  -
eu-west-1  on        1m   never  never  -
`},
		"many regions": {broken, false, `
Trail      audit
ARN        arn:aws:cloudtrail:us-east-1:123456789012:trail/audit
Scope      all regions, home us-east-1
Bucket     logs
Logging    on, since 2026-01-15T11:00:00Z
SNS topic  arn:aws:sns:us-east-1:123456789012:t

REGION          LOGGING  LAG  DIGEST    SNS  ERROR
us-east-1       on        1m   never  never  -
ap-southeast-3  on        2d   never  never  AccessDenied
eu-west-1       ?          ?       ?      ?  could not be asked
and 6 regions without errors: last log files 1m to 3h00m ago, none yet in 1 (--verbose shows them)
2 regions not enabled, or without this trail

Problem: log files do not arrive in logs (in ap-southeast-3): the bucket's policy, or the policy of its KMS key, does not let CloudTrail write, or a Deny statement stands against it (AWS says: AccessDenied)
  To do: run trailctl trail update audit --region us-east-1 --bucket logs to add what is missing to the policy, then look for Deny statements
`},
		"verbose": {trail.Everywhere{Status: broken.Status, Regions: broken.Regions[:2], Absent: broken.Absent}, true, `
Trail      audit
ARN        arn:aws:cloudtrail:us-east-1:123456789012:trail/audit
Scope      all regions, home us-east-1
Bucket     logs
Logging    on, since 2026-01-15T11:00:00Z
SNS topic  arn:aws:sns:us-east-1:123456789012:t

REGION          LOGGING  LAG  DIGEST    SNS  ERROR
us-east-1       on        1m   never  never  -
ap-southeast-1  on        1m   never  never  -
2 regions not enabled, or without this trail: af-south-1, ap-east-1
`},
		"selected regions": {selected, false, `
Trail    audit
ARN      a
ARN      b
Scope    selected regions: us-east-1, eu-west-1
Bucket   logs
Logging  on in 1 region, OFF in 1

REGION     LOGGING  LAG  ERROR
us-east-1  on        1m  -
eu-west-1  off       1m  -

Problem: nothing is recorded (in eu-west-1): logging is switched off
  To do: run trailctl trail start audit --region eu-west-1
`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := TrailStatus(&b, tt.e, noon, tt.verbose, Terminal{Width: 80}); err != nil {
				t.Fatal(err)
			}
			if b.String() != tt.want[1:] {
				t.Errorf("got\n%s", b.String())
			}
		})
	}
}

func TestStatusJSON(t *testing.T) {
	e := in(auditTrail(), func(r *trail.RegionStatus) {
		if r.Region == "eu-west-1" {
			r.DigestError = "SlowDown"
		}
	}, "us-east-1", "eu-west-1")
	e.Absent, e.Unread = []string{"ap-east-1"}, []trail.RegionError{{Region: "sa-east-1", Err: errors.New("no")}}
	var b bytes.Buffer
	if err := StatusJSON(&b, e); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Version        int
		Logging        bool
		LatestDelivery *time.Time
		LatestDigest   *time.Time
		Regions        []struct{ Region, TrailArn, DigestError string }
		NotEnabled     []string
		Unread         []struct{ Region, Error string }
		Problems       []struct {
			What, Do string
			Regions  []string
		}
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Version != 1 || !doc.Logging || doc.LatestDigest != nil || !doc.LatestDelivery.Equal(noon.Add(-time.Minute)) ||
		len(doc.Regions) != 2 || doc.Regions[1].DigestError != "SlowDown" || doc.Regions[1].TrailArn == "" ||
		len(doc.NotEnabled) != 1 || len(doc.Unread) != 1 || doc.Unread[0].Error != "no" ||
		len(doc.Problems) != 1 || strings.Join(doc.Problems[0].Regions, " ") != "eu-west-1" {
		t.Errorf("got %s", b.String())
	}
}

func TestLag(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Minute: "<1m", 59 * time.Second: "<1m", time.Minute: "1m", 59 * time.Minute: "59m", 61 * time.Minute: "1h01m", 47 * time.Hour: "47h00m", 50 * time.Hour: "2d",
	} {
		if got := lag(noon.Add(-d), noon); got != want {
			t.Errorf("lag of %s: %s, want %s", d, got, want)
		}
	}
	if got := lag(time.Time{}, noon); got != "never" {
		t.Error(got)
	}
}
