package trail

import (
	"slices"
	"testing"
)

func TestSamePattern(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{`{$.a=b}`, `{ $.a = "b" }`, true},
		{`{($.a=b) || ($.c=d)}`, `{ $.c = d || $.a = b }`, true},
		{`{($.a=b) && ($.c=d) && ($.e=f)}`, `{($.a=b) && (($.c=d) && ($.e=f))}`, true},
		{`{($.a=b) || ($.c=d) && ($.e=f)}`, `{($.a=b) || (($.c=d) && ($.e=f))}`, true},
		{`{($.a=b) || ($.c=d) && ($.e=f)}`, `{(($.a=b) || ($.c=d)) && ($.e=f)}`, false},
		{`{$.a NOT EXISTS}`, `{ $.a not exists }`, true},
		{`{$.a IS NULL}`, `{ $.a IS TRUE }`, false},
		{`{$.a=b}`, `{$.a!=b}`, false},
		{`{$.a="x y"}`, `{$.a="xy"}`, false},
		{`{$.a=b}`, `{$.a=B}`, false},
		{`{$.a=b}`, `{($.a=b) || ($.c=d)}`, false},
		{`{$.a="q\"x"}`, `{$.a = "q\"x"}`, true},
		{`{($.a=b) || ($.a=b)}`, `{$.a=b}`, false},
		{`ERROR`, ` ERROR `, true},
		{`ERROR`, `WARN`, false},
		{`{$.a=b`, `{$.a=b}`, false},
		{`{}`, `{ }`, false},
	}
	for _, tt := range tests {
		if got := SamePattern(tt.a, tt.b); got != tt.want {
			t.Errorf("SamePattern(%s, %s) = %v", tt.a, tt.b, got)
		}
	}
}

func FuzzSamePattern(f *testing.F) {
	for _, c := range AlarmControls() {
		f.Add(c.Patterns[0], c.Patterns[len(c.Patterns)-1])
	}
	f.Add(`{((((`, `{$.a = "`)
	f.Fuzz(func(t *testing.T, a, b string) {
		if !SamePattern(a, a) {
			t.Errorf("%q is not the same as itself", a)
		}
		if SamePattern(a, b) != SamePattern(b, a) {
			t.Errorf("%q and %q: the order matters", a, b)
		}
	})
}

// The patterns as the CIS benchmark and Security Hub print them.
func TestControlsKnowThePrintedPatterns(t *testing.T) {
	printed := map[string][]string{
		"4.1":  {`{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }`},
		"4.2":  {`{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }`, `{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }`},
		"4.3":  {`{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }`},
		"4.4":  {`{($.eventName=DeleteGroupPolicy)||($.eventName=DeleteRolePolicy)||($.eventName=DeleteUserPolicy)||($.eventName=PutGroupPolicy)||($.eventName=PutRolePolicy)||($.eventName=PutUserPolicy)||($.eventName=CreatePolicy)||($.eventName=DeletePolicy)||($.eventName=CreatePolicyVersion)||($.eventName=DeletePolicyVersion)||($.eventName=AttachRolePolicy)||($.eventName=DetachRolePolicy)||($.eventName=AttachUserPolicy)||($.eventName=DetachUserPolicy)||($.eventName=AttachGroupPolicy)||($.eventName=DetachGroupPolicy)}`},
		"4.5":  {`{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ($.eventName = StartLogging) || ($.eventName = StopLogging) }`},
		"4.6":  {`{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }`},
		"4.7":  {`{($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }`},
		"4.8":  {`{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy) || ($.eventName = PutBucketCors) || ($.eventName = PutBucketLifecycle) || ($.eventName = PutBucketReplication) || ($.eventName = DeleteBucketPolicy) || ($.eventName = DeleteBucketCors) || ($.eventName = DeleteBucketLifecycle) || ($.eventName = DeleteBucketReplication)) }`},
		"4.9":  {`{ ($.eventSource = config.amazonaws.com) && (($.eventName=StopConfigurationRecorder)||($.eventName=DeleteDeliveryChannel)||($.eventName=PutDeliveryChannel)||($.eventName=PutConfigurationRecorder)) }`},
		"4.13": {`{($.eventSource = ec2.amazonaws.com) && ($.eventName = CreateRoute) || ($.eventName = CreateRouteTable) || ($.eventName = ReplaceRoute) || ($.eventName = ReplaceRouteTableAssociation) || ($.eventName = DeleteRouteTable) || ($.eventName = DeleteRoute) || ($.eventName = DisassociateRouteTable) }`},
		"4.15": {`{ ($.eventSource = organizations.amazonaws.com) && (($.eventName = "AcceptHandshake") || ($.eventName = "AttachPolicy") || ($.eventName = "CreateAccount") || ($.eventName = "CreateOrganizationalUnit") || ($.eventName = "CreatePolicy") || ($.eventName = "DeclineHandshake") || ($.eventName = "DeleteOrganization") || ($.eventName = "DeleteOrganizationalUnit") || ($.eventName = "DeletePolicy") || ($.eventName = "DetachPolicy") || ($.eventName = "DisablePolicyType") || ($.eventName = "EnablePolicyType") || ($.eventName = "InviteAccountToOrganization") || ($.eventName = "LeaveOrganization") || ($.eventName = "MoveAccount") || ($.eventName = "RemoveAccountFromOrganization") || ($.eventName = "UpdatePolicy") || ($.eventName = "UpdateOrganizationalUnit")) }`},
	}
	controls := AlarmControls()
	if len(controls) != 15 {
		t.Fatalf("%d controls, want 15", len(controls))
	}
	for i, c := range controls {
		for _, p := range printed[c.CIS] {
			if !c.Satisfies(p) {
				t.Errorf("%s does not take the pattern that is printed for it", c.CIS)
			}
		}
		for _, p := range c.Patterns {
			if _, err := canonicalPattern(p); err != nil {
				t.Errorf("%s: pattern %s: %v", c.CIS, p, err)
			}
			if len(p) > 1024 {
				t.Errorf("%s: the pattern has %d characters; CloudWatch Logs takes 1024", c.CIS, len(p))
			}
			if n := slices.IndexFunc(controls, func(o AlarmControl) bool { return o.CIS != c.CIS && o.Satisfies(p) }); n >= 0 {
				t.Errorf("%s and %s share a pattern", c.CIS, controls[n].CIS)
			}
		}
		if i > 0 && c.Slug == controls[i-1].Slug {
			t.Errorf("%s has the name of the one before", c.CIS)
		}
	}
}
