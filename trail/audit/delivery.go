package audit

import (
	"fmt"
	"slices"
	"strings"

	"trailctl/trail"
)

// delivering holds that the last attempt to deliver anything went well, in
// every region that the trail records: each delivers by itself.
func delivering(_ Account, s Subject) Verdict {
	switch {
	case s.StatusErr != nil:
		return unknown("its status could not be read", s.StatusErr)
	case s.Trail.MultiRegion && s.Everywhere == nil:
		return unknown("its status could be read in its home region only", nil, refusals(s, "", s.Status, true)...)
	}
	e := refusals(s, "", s.Status, true)
	bad := add(nil, s.Trail.HomeRegion, s.Status)
	if s.Everywhere != nil {
		asked := 1
		for _, r := range s.Everywhere.Regions {
			if r.Region == s.Trail.HomeRegion {
				continue
			}
			asked++
			e = append(e, refusals(s, r.Region, r.Status, false)...)
			bad = add(bad, r.Region, r.Status)
		}
		e = append(e, of(s, "cloudtrail:GetTrailStatus", "regions that answered", fmt.Sprint(asked)))
	}
	switch {
	case len(bad) > 0:
		var list []string
		for _, r := range bad {
			list = append(list, r.in(s.Trail.HomeRegion))
		}
		return fail("did not arrive: "+strings.Join(list, "; "), status(s), e...)
	case s.Everywhere != nil && len(s.Everywhere.Unread) > 0:
		first := s.Everywhere.Unread[0]
		why := "its status could not be read in " + first.Region
		if n := len(s.Everywhere.Unread) - 1; n > 0 {
			why += fmt.Sprintf(" and %d other regions", n)
		}
		return unknown(why, first.Err, e...)
	}
	return pass("nothing was refused", e...)
}

// deliveries are what a trail delivers, and what AWS answered last.
func deliveries(s trail.Status) [4]struct{ name, what, answer string } {
	return [4]struct{ name, what, answer string }{
		{"LatestDeliveryError", "log files", s.DeliveryError},
		{"LatestDigestDeliveryError", "digest files", s.DigestError},
		{"LatestNotificationError", "notifications", s.NotificationError},
		{"LatestCloudWatchLogsDeliveryError", "events for the log group", s.LogGroupError},
	}
}

// refusals are the answers in one region; "" is the home region.
func refusals(s Subject, region string, status trail.Status, all bool) []Evidence {
	if region != "" {
		region = " in " + region
	}
	var e []Evidence
	for _, d := range deliveries(status) {
		if all || d.answer != "" {
			one := of(s, "cloudtrail:GetTrailStatus", d.name, orNone(d.answer))
			one.What += region
			e = append(e, one)
		}
	}
	return e
}

// refusal is what AWS refused in the same words, and where.
type refusal struct {
	what    string
	regions []string
}

func add(list []refusal, region string, s trail.Status) []refusal {
	for _, d := range deliveries(s) {
		if d.answer == "" {
			continue
		}
		what := d.what + " (" + d.answer + ")"
		i := slices.IndexFunc(list, func(r refusal) bool { return r.what == what })
		if i < 0 {
			i = len(list)
			list = append(list, refusal{what: what})
		}
		list[i].regions = append(list[i].regions, region)
	}
	return list
}

// in says where, unless the home region is the only one.
func (r refusal) in(home string) string {
	switch n := len(r.regions); {
	case n == 1 && r.regions[0] == home:
		return r.what
	case n > 3:
		return fmt.Sprintf("%s in %s and %d other regions", r.what, r.regions[0], n-1)
	}
	return r.what + " in " + strings.Join(r.regions, ", ")
}
