package render

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"trailctl/trail"
)

// A time that lies ahead is shown itself: it is no age, and not a short one.
func TestTimesAhead(t *testing.T) {
	ahead := noon.Add(25 * time.Hour)
	single := auditTrail()
	single.MultiRegion = false
	regions := in(auditTrail(), func(r *trail.RegionStatus) { r.Delivery, r.Notification = ahead, ahead }, "us-east-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-west-4", "eu-west-5")
	listed := []trail.Listed{{Trail: auditTrail(), Status: regions.Status}}
	tests := map[string]struct {
		write func(w *strings.Builder) error
		has   []string
	}{
		"rows": {func(w *strings.Builder) error { return TrailStatus(w, regions, noon, true, Terminal{}) },
			[]string{"us-east-1  on       +25h00m   never  +25h00m  -", "+: ahead of this machine's clock"}},
		"folded": {func(w *strings.Builder) error { return TrailStatus(w, regions, noon, false, Terminal{}) },
			[]string{"and 5 regions without errors: last log files at 2026-01-16T13:00:00Z (--verbose shows them)"}},
		"one region": {func(w *strings.Builder) error {
			return TrailStatus(w, in(single, func(r *trail.RegionStatus) { r.Delivery = ahead }, "us-east-1"), noon, false, Terminal{Width: 80})
		}, []string{"Log files      last in the future (the clocks differ), 2026-01-16T13:00:00Z"}},
		"list": {func(w *strings.Builder) error { return TrailTable(w, listed, noon, Terminal{Width: 160}) },
			[]string{" 2026-01-16T13:00:00Z "}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var w strings.Builder
			if err := tt.write(&w); err != nil {
				t.Fatal(err)
			}
			for _, has := range tt.has {
				if !strings.Contains(w.String(), has) {
					t.Errorf("%q is not in\n%s", has, w.String())
				}
			}
			for _, not := range []string{"<1m", "just now"} {
				if strings.Contains(w.String(), not) {
					t.Errorf("%q is in\n%s", not, w.String())
				}
			}
		})
	}
	// Clocks that differ by seconds are nothing to speak of.
	if got := lag(noon.Add(5*time.Second), noon); got != "<1m" {
		t.Errorf("five seconds ahead: %q", got)
	}
}

// Regions that fail in the same way are one row and a count; what is not
// enabled is of interest when something is wrong.
func TestTrailStatusFoldsFailures(t *testing.T) {
	many := []string{"us-east-1"}
	for i := range 16 {
		many = append(many, fmt.Sprintf("eu-west-%d", i+1))
	}
	failing := in(auditTrail(), func(r *trail.RegionStatus) { r.DeliveryError = "AccessDenied" }, many...)
	mixed := in(auditTrail(), func(r *trail.RegionStatus) {
		r.DeliveryError = "AccessDenied"
		if r.Region == "eu-west-3" {
			r.DeliveryError = "NoSuchBucket"
		}
	}, many...)
	fine := in(auditTrail(), nil, many...)
	fine.Absent = []string{"ap-east-1"}
	absent := failing
	absent.Absent = fine.Absent
	unread := fine
	unread.Unread = []trail.RegionError{{Region: "eu-north-1", Err: errors.New("reset")}}
	tests := map[string]struct {
		e       trail.Everywhere
		verbose bool
		rows    int // that begin with a region
		has     string
		absent  bool
	}{
		"all the same":    {failing, false, 1, "and 16 regions with the same error (AccessDenied): last log files 1m ago (--verbose shows them)\n", false},
		"verbose":         {failing, true, 17, "eu-west-16", false},
		"two kinds":       {mixed, false, 2, "and 15 regions with the same error (AccessDenied)", false},
		"fine":            {fine, false, 1, "and 16 regions without errors", false},
		"fine, verbose":   {fine, true, 17, "not enabled, or without this trail: ap-east-1", true},
		"failing, absent": {absent, false, 1, "1 region not enabled, or without this trail\n", true},
		"unread, absent":  {unread, false, 2, "1 region not enabled, or without this trail\n", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var w strings.Builder
			if err := TrailStatus(&w, tt.e, noon, tt.verbose, Terminal{}); err != nil {
				t.Fatal(err)
			}
			rows := 0
			for line := range strings.Lines(w.String()) {
				if strings.HasPrefix(line, "eu-") || strings.HasPrefix(line, "us-") {
					rows++
				}
			}
			if rows != tt.rows || !strings.Contains(w.String(), tt.has) || strings.Contains(w.String(), "not enabled") != tt.absent {
				t.Errorf("%d rows, want %d, and %q:\n%s", rows, tt.rows, tt.has, w.String())
			}
		})
	}
}

func TestTrailTableFailingDigests(t *testing.T) {
	var w strings.Builder
	l := trail.Listed{Trail: auditTrail(), Status: trail.Status{Logging: true, DigestError: "AccessDenied"}}
	if err := TrailTable(&w, []trail.Listed{l}, noon, Terminal{}); err != nil {
		t.Fatal(err)
	}
	if row := strings.Split(w.String(), "\n")[1]; strings.Join(strings.Fields(row), " ") != "audit us-east-1 all failing failing - logs" {
		t.Error(row)
	}
}
