package audit

import (
	"errors"
	"fmt"
	"strings"

	"trailctl/trail"
)

// anyTrail passes when one trail passes, and says otherwise why the one to
// change does not. fix is told that trail, nil when one must be made.
func anyTrail(a Account, try func(Subject) Verdict, fix func(*Subject) string) accountVerdict {
	var unread, failed string // of the first trail, and of the lead
	var evidence []Evidence
	for _, s := range a.Trails {
		v := unknown("it could not be read", s.Err)
		if s.Err == nil {
			v = try(s)
		}
		why := "trail " + s.Trail.Name + ": " + v.Why
		switch {
		case v.Result == Pass:
			v.Why = why
			return accountVerdict{Verdict: v}
		case v.Result == Unknown && unread == "":
			unread = why
		case v.Result != Unknown && (failed == "" || a.lead != nil && a.lead.Trail.ARN == s.Trail.ARN):
			failed = why
		}
		evidence = append(evidence, v.Evidence...)
	}
	switch {
	case unread != "":
		return accountVerdict{Verdict: unknown(andOthers(unread, len(a.Trails)-1), nil, evidence...)}
	case a.Partial != nil && failed != "":
		return accountVerdict{Verdict: unknown(andOthers(failed, len(a.Trails)-1)+"; not all trails could be listed", a.Partial, evidence...)}
	case a.Partial != nil:
		return accountVerdict{Verdict: unknown("not all trails could be listed", a.Partial)}
	case failed != "":
		return accountVerdict{Verdict: fail(andOthers(failed, len(a.Trails)-1), fix(a.lead), evidence...)}
	}
	v := fail("there is no trail", fix(nil), Evidence{"cloudtrail:ListTrails", "trails", "0"})
	return accountVerdict{Verdict: v}
}

// andOthers says that other trails do not meet the rule either. What is known
// of each is in the evidence.
func andOthers(why string, others int) string {
	switch others {
	case 0:
		return why
	case 1:
		return why + "; and 1 other"
	}
	return fmt.Sprintf("%s; and %d others", why, others)
}

// securityHubMultiRegion is CloudTrail.1: a trail for all regions, with
// ReadWriteType All and nothing excluded.
func securityHubMultiRegion(a Account) accountVerdict {
	return anyTrail(a, func(s Subject) Verdict { return recordsAll(s, true) }, fixRecordsAll(a))
}

// cisMultiRegion is the same for CIS, which does not mind excluded sources.
func cisMultiRegion(a Account) accountVerdict {
	return anyTrail(a, func(s Subject) Verdict { return recordsAll(s, false) }, fixRecordsAll(a))
}

func recordsAll(s Subject, nothingExcluded bool) Verdict {
	e := []Evidence{of(s, "cloudtrail:DescribeTrails", "IsMultiRegionTrail", yesNo(s.Trail.MultiRegion))}
	if !s.Trail.MultiRegion {
		return fail("it records its own region only", "", e...)
	}
	if s.StatusErr != nil {
		return unknown("its status could not be read", s.StatusErr, e...)
	}
	e = append(e, of(s, "cloudtrail:GetTrailStatus", "IsLogging", yesNo(s.Status.Logging)))
	if !s.Status.Logging {
		return fail("it is not logging", "", e...)
	}
	if s.Selectors == nil {
		return unknown("its event selectors could not be read", s.Unread["selectors"], e...)
	}
	c := managementEvents(s.Trail, s.Selectors)
	e = append(e, of(s, "cloudtrail:GetEventSelectors", "management events", c.String()))
	for _, x := range []struct {
		name string
		extent
	}{{"read", c.read}, {"write", c.write}} {
		switch {
		case !x.some:
			return fail("it records no "+x.name+" management events", "", e...)
		case !x.all && len(x.except) == 0:
			return fail("it records some "+x.name+" management events only", "", e...)
		case !x.all && nothingExcluded:
			return fail("it leaves out the management events of "+strings.Join(x.except, " and "), "", e...)
		}
	}
	return pass("records read and write management events of all regions", e...)
}

func fixRecordsAll(a Account) func(*Subject) string {
	return func(s *Subject) string {
		switch {
		case s == nil:
			return create(a)
		case recordsAll(switchedOn(*s), true).Result == Pass:
			return start(*s)
		}
		flags := []string{"--all-regions", "--management-events", "all"}
		if s.Selectors != nil {
			if c := managementEvents(s.Trail, s.Selectors); len(c.read.except)+len(c.write.except) > 0 {
				flags = append(flags, "--exclude", "none")
			}
		}
		if !s.Status.Logging {
			return update(*s, flags...) + " && " + start(*s)
		}
		return update(*s, flags...)
	}
}

// switchedOn is the trail as it would be after logging was started.
func switchedOn(s Subject) Subject {
	s.Status.Logging = true
	return s
}

// enabled is CloudTrail.3.
func enabled(a Account) accountVerdict {
	return anyTrail(a, logging, func(s *Subject) string {
		if s == nil {
			return create(a)
		}
		return start(*s)
	})
}

// objectWrites and objectReads are CIS v3.0.0 3.8 and 3.9: a trail for all
// regions records the objects of all buckets.
func objectWrites(a Account) accountVerdict {
	return anyTrail(a, func(s Subject) Verdict { return recordsObjects(s, false) }, fixObjects(a))
}

func objectReads(a Account) accountVerdict {
	return anyTrail(a, func(s Subject) Verdict { return recordsObjects(s, true) }, fixObjects(a))
}

func recordsObjects(s Subject, reads bool) Verdict {
	e := []Evidence{of(s, "cloudtrail:DescribeTrails", "IsMultiRegionTrail", yesNo(s.Trail.MultiRegion))}
	if !s.Trail.MultiRegion {
		return fail("it records its own region only", "", e...)
	}
	if s.StatusErr != nil {
		return unknown("its status could not be read", s.StatusErr, e...)
	}
	e = append(e, of(s, "cloudtrail:GetTrailStatus", "IsLogging", yesNo(s.Status.Logging)))
	if !s.Status.Logging {
		return fail("it is not logging", "", e...)
	}
	if s.Selectors == nil {
		return unknown("its event selectors could not be read", s.Unread["selectors"], e...)
	}
	c := s3Objects(s.Selectors)
	e = append(e, of(s, "cloudtrail:GetEventSelectors", "S3 objects of all buckets", c.String()))
	side, name := c.write, "written"
	if reads {
		side, name = c.read, "read"
	}
	switch {
	case !side.some:
		return fail("it does not record which objects are "+name, "", e...)
	case !side.all:
		return fail("it records some objects only that are "+name, "", e...)
	}
	return pass("records the objects of all buckets that are "+name, e...)
}

func fixObjects(a Account) func(*Subject) string {
	return func(s *Subject) string {
		if s == nil {
			return create(a, "--data-events", "s3", "--resources", "all")
		}
		on := switchedOn(*s)
		if recordsObjects(on, false).Result == Pass && recordsObjects(on, true).Result == Pass {
			return start(*s)
		}
		fix := update(*s, "--all-regions", "--data-events", "s3", "--resources", "all")
		if !s.Status.Logging {
			fix += " && " + start(*s)
		}
		return fix
	}
}

// lake is CloudTrail.10. Lake takes no new customers, and is not looked at.
func lake(Account) accountVerdict {
	return accountVerdict{Verdict: none("trailctl does not look at CloudTrail Lake")}
}

// alarmed is an item of section 4: a trail for all regions that records every
// management event sends it to a log group with a metric filter for the item,
// an alarm on its metric, and a subscriber to the alarm's topic.
func alarmed(c trail.AlarmControl) func(Account) accountVerdict {
	return func(a Account) accountVerdict {
		return anyTrail(a, func(s Subject) Verdict { return watched(a, s, c) }, func(s *Subject) string {
			switch {
			case s == nil:
				return create(a)
			case recordsAll(*s, false).Result != Pass:
				return fixRecordsAll(a)(s)
			case s.Trail.LogGroupARN == "" || errors.Is(s.WatchErr, trail.ErrGone):
				return update(*s, "--log-group", groupName(*s), "--create-log-group")
			}
			if s.Watch != nil {
				if w := s.Watch.Check(c); w.Unheard {
					return subscribe(w.Topic)
				}
			}
			// It makes what is missing, and leaves the other controls alone.
			return onTrail("alarms", *s, "--sns-topic", "TOPIC")
		})
	}
}

func watched(a Account, s Subject, c trail.AlarmControl) Verdict {
	if v := recordsAll(s, false); v.Result != Pass {
		return v
	}
	e := []Evidence{of(s, "cloudtrail:DescribeTrails", "CloudWatchLogsLogGroupArn", orNone(s.Trail.LogGroupARN))}
	if s.Trail.LogGroupARN == "" {
		return fail("it sends nothing to CloudWatch Logs", "", e...)
	}
	if errors.Is(s.WatchErr, trail.ErrGone) {
		return fail("its log group does not exist any more", "", append(e, Evidence{"logs:DescribeMetricFilters", s.Trail.LogGroupARN, "ResourceNotFoundException"})...)
	}
	if s.Watch == nil {
		return unknown("who watches its log group could not be read", s.WatchErr, e...)
	}
	w := s.Watch.Check(c)
	e = append(e, Evidence{"logs:DescribeMetricFilters", "filter of " + s.Watch.Group + " with the pattern", orNone(w.Filter)})
	if w.Filter != "" {
		e = append(e, Evidence{"cloudwatch:DescribeAlarms", "alarm on its metric", orNone(w.Alarm)})
	}
	if w.Topic != "" {
		e = append(e, Evidence{"sns:ListSubscriptionsByTopic", "subscriber of " + w.Topic, orNone(w.Subscriber)})
	}
	switch {
	case w.Err != nil:
		return unknown("who hears of alarm "+w.Alarm+" is not known", w.Err, e...)
	case w.Broken != "":
		return fail(w.Broken, "", e...)
	}
	return pass("alarm "+w.Alarm+" tells "+w.Topic, e...)
}
