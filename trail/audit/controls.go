package audit

import (
	"errors"
	"fmt"
	"strings"

	"trailctl/trail"
)

// ErrControl says that no control has an id.
var ErrControl = errors.New("no such control")

// Control is one rule. The ids are those under which the standards know it;
// a control that is in none has an id of trailctl's own.
type Control struct {
	SecurityHub string // "CloudTrail.2"
	CIS30       string // item of CIS AWS Foundations Benchmark v3.0.0: "3.5"
	CIS14       string // item of v1.4.0: "3.7"
	Own         string // "trailctl.logging"
	Title       string
	Severity    Severity

	// One of the two judges; account speaks of the account as a whole.
	account func(Account) accountVerdict
	trail   func(Account, Subject) Verdict
}

// ID is the first of the ids.
func (c Control) ID() string { return c.IDs()[0] }

// IDs are all ids: "CloudTrail.2", "cis-v3.0/3.5", "cis-v1.4/3.7".
func (c Control) IDs() []string {
	var ids []string
	for _, id := range []struct{ prefix, id string }{{"", c.SecurityHub}, {"cis-v3.0/", c.CIS30}, {"cis-v1.4/", c.CIS14}, {"", c.Own}} {
		if id.id != "" {
			ids = append(ids, id.prefix+id.id)
		}
	}
	return ids
}

// Named tells whether an id means this control. A bare number is an item of
// CIS v3.0.0.
func (c Control) Named(id string) bool {
	for _, own := range c.IDs() {
		if strings.EqualFold(own, id) {
			return true
		}
	}
	return id != "" && id == c.CIS30
}

func (c Control) in(s Standard) bool {
	switch s {
	case CIS:
		return c.CIS30 != "" || c.CIS14 != ""
	case SecurityHub:
		return c.SecurityHub != ""
	}
	return true
}

func choose(o Options) ([]Control, error) {
	var chosen []Control
	for _, c := range Controls() {
		if o.Control != "" && !c.Named(o.Control) || !c.in(o.Standard) {
			continue
		}
		chosen = append(chosen, c)
	}
	if len(chosen) == 0 {
		if o.Standard != "" && o.Standard != All {
			return nil, fmt.Errorf("%w: %s, in the standard %s", ErrControl, o.Control, o.Standard)
		}
		return nil, fmt.Errorf("%w: %s", ErrControl, o.Control)
	}
	return chosen, nil
}

// Controls are all controls, in the order of their standards. CloudTrail.8
// does not exist: Security Hub has never published one.
func Controls() []Control {
	list := []Control{
		{SecurityHub: "CloudTrail.1", Severity: High, account: securityHubMultiRegion,
			Title: "all regions record every management event"},
		{CIS30: "3.1", CIS14: "3.1", Severity: High, account: cisMultiRegion,
			Title: "all regions log management events"},
		{SecurityHub: "CloudTrail.2", CIS30: "3.5", CIS14: "3.7", Severity: Medium, trail: encrypted,
			Title: "log files are encrypted with a KMS key"},
		{SecurityHub: "CloudTrail.3", Severity: High, account: enabled,
			Title: "at least one trail is logging"},
		{SecurityHub: "CloudTrail.4", CIS30: "3.2", CIS14: "3.2", Severity: Low, trail: validated,
			Title: "log file validation is on"},
		{SecurityHub: "CloudTrail.5", Severity: Low, trail: inLogGroup,
			Title: "events go to CloudWatch Logs"},
		{CIS14: "3.4", Severity: Low, trail: reachesLogGroup,
			Title: "CloudWatch Logs got events within a day"},
		{SecurityHub: "CloudTrail.6", CIS14: "3.3", Severity: Critical, trail: bucketPrivate,
			Title: "the bucket is not public"},
		{SecurityHub: "CloudTrail.7", CIS30: "3.4", CIS14: "3.6", Severity: Low, trail: bucketLogged,
			Title: "access to the bucket is logged"},
		{SecurityHub: "CloudTrail.9", Severity: Low, trail: tagged,
			Title: "the trail has tags"},
		{SecurityHub: "CloudTrail.10", Severity: Medium, account: lake,
			Title: "Lake data stores use a customer's key"},
		{SecurityHub: "KMS.4", CIS30: "3.6", CIS14: "3.8", Severity: Medium, trail: keyRotates,
			Title: "the KMS key is rotated"},
		{SecurityHub: "S3.22", CIS30: "3.8", CIS14: "3.10", Severity: Medium, account: objectWrites,
			Title: "all regions record writes of S3 objects"},
		{SecurityHub: "S3.23", CIS30: "3.9", CIS14: "3.11", Severity: Medium, account: objectReads,
			Title: "all regions record reads of S3 objects"},
		{SecurityHub: "S3.5", CIS30: "2.1.1", CIS14: "2.1.2", Severity: Medium, trail: bucketTLS,
			Title: "the bucket refuses requests without TLS"},
		{SecurityHub: "S3.20", CIS30: "2.1.2", CIS14: "2.1.3", Severity: Low, trail: bucketMFADelete,
			Title: "deleting from the bucket needs MFA"},
		{SecurityHub: "S3.8", CIS30: "2.1.4", CIS14: "2.1.5", Severity: High, trail: bucketBlocked,
			Title: "the bucket blocks public access"},
	}
	for _, c := range trail.AlarmControls() {
		list = append(list, Control{SecurityHub: c.SecurityHub, CIS30: c.CIS, CIS14: c.CIS, Severity: Low, Title: c.Title, account: alarmed(c)})
	}
	return append(list,
		Control{Own: "trailctl.logging", Severity: High, trail: func(_ Account, s Subject) Verdict { return logging(s) }, Title: "the trail is logging"},
		Control{Own: "trailctl.delivery", Severity: High, trail: delivering, Title: "what was last sent arrived"},
		Control{Own: "trailctl.key-state", Severity: High, trail: keyUsable, Title: "the KMS key can be used"},
		Control{Own: "trailctl.source-arn", Severity: Medium, trail: sourceBound, Title: "the bucket is open to known trails only"},
		Control{Own: duplicatesID, Severity: Low, account: duplicates, Title: "no management event is paid for twice"},
	)
}
