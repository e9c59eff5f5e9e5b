package audit

import (
	"errors"
	"strings"
	"time"

	"trailctl/trail"
)

// of is a value of a trail.
func of(s Subject, call, what, value string) Evidence {
	return Evidence{Call: call, What: what + " of " + s.Trail.Name, Value: value}
}

// encrypted is CloudTrail.2: KmsKeyId is set.
func encrypted(_ Account, s Subject) Verdict {
	e := of(s, "cloudtrail:DescribeTrails", "KmsKeyId", orNone(s.Trail.KMSKey))
	if s.Trail.KMSKey == "" {
		return fail("no KMS key is named", update(s, "--kms-key", "KEY", "--update-key-policy"), e)
	}
	return pass("a KMS key is named", e)
}

// validated is CloudTrail.4.
func validated(_ Account, s Subject) Verdict {
	e := of(s, "cloudtrail:DescribeTrails", "LogFileValidationEnabled", yesNo(s.Trail.LogFileValidation))
	if !s.Trail.LogFileValidation {
		return fail("no digest files are delivered", update(s, "--enable-log-file-validation"), e)
	}
	return pass("digest files are delivered", e)
}

// inLogGroup is CloudTrail.5: CloudWatchLogsLogGroupArn is set.
func inLogGroup(_ Account, s Subject) Verdict {
	e := of(s, "cloudtrail:DescribeTrails", "CloudWatchLogsLogGroupArn", orNone(s.Trail.LogGroupARN))
	if s.Trail.LogGroupARN == "" {
		return fail("no log group is named", update(s, "--log-group", groupName(s), "--create-log-group"), e)
	}
	return pass("a log group is named", e)
}

// reachesLogGroup is CIS v1.4.0 3.4, which also wants an event that came in
// within the last day.
func reachesLogGroup(_ Account, s Subject) Verdict {
	v := inLogGroup(Account{}, s)
	if v.Result != Pass {
		return v
	}
	if s.StatusErr != nil {
		return unknown("its status could not be read", s.StatusErr, v.Evidence...)
	}
	at := "never"
	if !s.Status.LogGroup.IsZero() {
		at = s.Status.LogGroup.UTC().Format(time.RFC3339)
	}
	e := append(v.Evidence, of(s, "cloudtrail:GetTrailStatus", "LatestCloudWatchLogsDeliveryTime", at))
	if s.Status.LogGroup.IsZero() || s.Now.Sub(s.Status.LogGroup) > 24*time.Hour {
		return fail("nothing has reached the log group for a day", status(s), e...)
	}
	return pass("events reach the log group", e...)
}

// tagged is CloudTrail.9. Tags that AWS sets do not count.
func tagged(_ Account, s Subject) Verdict {
	if err, bad := s.Unread["tags"]; bad {
		return unknown("its tags could not be read", err)
	}
	var keys []string
	for k := range s.Tags {
		if !strings.HasPrefix(k, "aws:") {
			keys = append(keys, k)
		}
	}
	e := of(s, "cloudtrail:ListTags", "tags", list(sorted(keys)))
	if len(keys) == 0 {
		return fail("it has no tag", update(s, "--tag", "KEY=VALUE"), e)
	}
	return pass("it has tags", e)
}

// keyRotates is CIS v3.0.0 3.6, for the one key that matters here: a
// customer's own. AWS rotates its own keys by itself.
func keyRotates(_ Account, s Subject) Verdict {
	if s.Trail.KMSKey == "" {
		return none("the trail names no KMS key")
	}
	if errors.Is(s.Unread["key"], trail.ErrGone) {
		return none("the key does not exist", Evidence{"kms:DescribeKey", s.Trail.KMSKey, "NotFoundException"})
	}
	if s.Key == nil {
		return unknown("the key could not be read", s.Unread["key"])
	}
	e := []Evidence{{"kms:DescribeKey", "KeyManager of " + s.Key.ARN, orNone(s.Key.Manager)}}
	if s.Key.Manager == "AWS" {
		return none("AWS manages the key, and rotates it", e...)
	}
	if s.Key.Rotation == nil {
		return unknown("whether the key is rotated could not be read", s.Unread["key"], e...)
	}
	e = append(e, Evidence{"kms:GetKeyRotationStatus", "KeyRotationEnabled of " + s.Key.ARN, yesNo(*s.Key.Rotation)})
	if !*s.Key.Rotation {
		return fail("the key is never rotated", onKey("enable-key-rotation", s), e...)
	}
	return pass("the key is rotated every year", e...)
}

func onKey(operation string, s Subject) string {
	return command("aws", "kms", operation, "--key-id", s.Key.ARN, "--region", regionOf(s.Key.ARN, s.Trail.HomeRegion))
}

// keyUsable holds that log files can be encrypted: with a key that is
// disabled or about to go, CloudTrail delivers nothing.
func keyUsable(_ Account, s Subject) Verdict {
	if s.Trail.KMSKey == "" {
		return none("the trail names no KMS key")
	}
	if errors.Is(s.Unread["key"], trail.ErrGone) {
		return fail("the key does not exist", update(s, "--kms-key", "KEY", "--update-key-policy"), Evidence{"kms:DescribeKey", s.Trail.KMSKey, "NotFoundException"})
	}
	if s.Key == nil || s.Key.State == "" {
		return unknown("the key could not be read", s.Unread["key"])
	}
	e := Evidence{"kms:DescribeKey", "KeyState of " + s.Key.ARN, s.Key.State}
	if s.Key.State != "Enabled" {
		operation := "enable-key"
		if s.Key.State == "PendingDeletion" {
			operation = "cancel-key-deletion"
		}
		return fail("the key cannot be used: its state is "+s.Key.State, onKey(operation, s), e)
	}
	return pass("the key is enabled", e)
}

// logging holds that a trail is not switched off.
func logging(s Subject) Verdict {
	if s.StatusErr != nil {
		return unknown("its status could not be read", s.StatusErr)
	}
	e := of(s, "cloudtrail:GetTrailStatus", "IsLogging", yesNo(s.Status.Logging))
	if !s.Status.Logging {
		return fail("it is not logging", start(s), e)
	}
	return pass("it is logging", e)
}
