package audit

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"trailctl/trail"
)

// A fix is copied into a shell: whatever a server's names hold, it stays one
// word of one command.
func TestFixesAreSafeToCopy(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	const evil = "x; touch PWNED $(touch PWNED2) `touch PWNED3`' & touch PWNED4 '\n touch PWNED5 \u202e"
	spoil := func(s *Subject) {
		s.Trail.Name += evil
		s.Trail.ARN += evil
		s.Trail.HomeRegion += evil
		s.Trail.Bucket += evil
		s.Trail.LogGroupARN = "arn:aws:logs:us-east-1:111122223333:log-group:events" + evil + ":*"
		s.Bucket.Name, s.Bucket.Region = s.Trail.Bucket, evil
		s.Trail.KMSKey += evil
		s.Key.ARN = "arn:aws:kms:us-east-1" + evil + ":111122223333:key/k" + evil
	}
	breaks := map[string]func(*Subject){
		"off":       func(s *Subject) { s.Status.Logging = false },
		"key":       func(s *Subject) { s.Key.State = "Disabled"; *s.Key.Rotation = false },
		"key going": func(s *Subject) { s.Key.State = "PendingDeletion" },
		"nothing": func(s *Subject) {
			s.Trail.KMSKey, s.Tags, s.Trail.LogFileValidation, s.Facts.Logging, s.Facts.MFADelete = "", nil, false, nil, false
			s.Selectors, s.Bucket.Settings.PublicAccess, s.Watch.Filters = &trail.Selectors{}, nil, nil
			s.Status.DeliveryError = evil
			s.Bucket.Policy = strings.Replace(strings.ReplaceAll(cleanPolicy, `"Condition":{"StringEquals"`, `"Condition":{"StringNotEquals"`), `"false"`, `"true"`, 1)
			s.Bucket.Policy = strings.Replace(s.Bucket.Policy, "AWSCloudTrailWrite20150319", "y; touch PWNED6 $(touch PWNED7)", 1)
		},
		"no group": func(s *Subject) { s.Trail.LogGroupARN, s.Watch = "", nil },
	}
	fixes := map[string]string{}
	for _, change := range breaks {
		a := clean()
		spoil(&a.Trails[0])
		change(&a.Trails[0])
		a.Partition += evil
		twice := a
		twice.Trails = append(slices.Clone(a.Trails), a.Trails[0])
		none := a
		none.Trails, none.Region = nil, evil
		for _, a := range []Account{a, twice, none} {
			r, err := Evaluate(a, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range r.Findings {
				if f.Fix != "" {
					fixes[f.Fix] = f.Control.ID()
				}
			}
		}
	}
	if len(fixes) < 15 {
		t.Errorf("only %d fixes were tried", len(fixes))
	}
	dir := t.TempDir()
	for fix, control := range fixes {
		if strings.ContainsAny(fix, "\n\u202e") {
			t.Errorf("%s: the fix holds what a terminal acts on: %q", control, fix)
		}
		cmd := exec.Command(bash, "-c", "trailctl() { :; }; aws() { :; }; add() { :; }\n"+fix)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %s: %v %s", control, fix, err, out)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Fatalf("%s: %s makes %s", control, fix, left[0].Name())
		}
	}
}
