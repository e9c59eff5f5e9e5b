package trail

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Each is planned, carried out and planned again, for one trail after the
// other: the second plan is empty, and asks for nothing to be written.
func TestRecordingIsPlanned(t *testing.T) {
	rate, err := ParseInsights([]string{"call-rate"})
	if err != nil {
		t.Fatal(err)
	}
	f := newFake()
	if _, _, err := create(t, f, Spec{Name: "audit", Region: home, Bucket: "logs"}, Options{}); err != nil {
		t.Fatal(err)
	}
	find := func() Trail {
		t.Helper()
		trails, err := describe(t.Context(), fakeTrails{f, home}, home, "audit")
		if err != nil || len(trails) != 1 {
			t.Fatal(trails, err)
		}
		return trails[0]
	}
	for _, c := range []struct {
		name           string
		spec           Spec
		steps          []string // kind and target
		notes, warning string
	}{
		{"what a trail has from the start", Spec{Recording: &Recording{Management: "all"}}, []string{"keep selectors"}, "", ""},
		{"advanced for basic", Spec{Recording: &Recording{DataEvents: []string{"s3"}, Resources: []string{"account"}}}, []string{"change selectors"}, "advanced selectors take the place", ""},
		{"insights", Spec{Insights: &rate}, []string{"change insights"}, "", ""},
		{"insights left without", Spec{Recording: &Recording{Management: "read", DataEvents: []string{"lambda"}}}, []string{"change selectors"}, "", "data events of s3 are no longer recorded; insight call-rate needs management events that write"},
		{"both", Spec{Recording: &Recording{Management: "all", DataEvents: []string{"none"}}, Insights: &Insights{}}, []string{"change selectors", "change insights"}, "basic selectors take the place", "data events of lambda are no longer recorded"},
	} {
		if len(f.insights) > 0 {
			f.trails[find().ARN].HasInsightSelectors = aws.Bool(true)
		}
		p, err := PlanSelectors(t.Context(), f.clients(), find(), c.spec)
		if err != nil {
			t.Fatalf("%s: %s", c.name, err)
		}
		var steps []string
		for _, s := range p.Steps {
			steps = append(steps, string(s.Kind)+" "+s.Target)
		}
		if !slices.Equal(steps, c.steps) {
			t.Errorf("%s: steps %q, want %q", c.name, steps, c.steps)
		}
		if notes := strings.Join(p.Steps[0].Notes, "; "); !strings.Contains(notes, c.notes) {
			t.Errorf("%s: notes %q, want %q", c.name, notes, c.notes)
		}
		if got := strings.Join(p.Steps[0].Warnings, "; "); !strings.HasPrefix(got, c.warning) || c.warning == "" && got != "" {
			t.Errorf("%s: warnings %q, want %q", c.name, got, c.warning)
		}
		if _, err := Apply(t.Context(), f.clients(), p, Options{Sleep: noSleep}); err != nil {
			t.Fatalf("%s: %s", c.name, err)
		}
		f.mutating = 0
		again, err := PlanSelectors(t.Context(), f.clients(), find(), c.spec)
		if err != nil || !again.Empty() {
			t.Errorf("%s: the second plan is %+v, %v", c.name, again.Steps, err)
		}
		if _, err := Apply(t.Context(), f.clients(), again, Options{Sleep: noSleep}); err != nil || f.mutating != 0 {
			t.Errorf("%s: the second run wrote %d times, %v", c.name, f.mutating, err)
		}
	}
}

// A new trail is compared with what CloudTrail gives it, and insights with what
// it will record.
func TestNewTrailRecording(t *testing.T) {
	f := newFake()
	spec := Spec{Name: "audit", Region: home, Bucket: "logs", Recording: &Recording{Management: "all"}}
	if _, _, err := create(t, f, spec, Options{}); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(f.calls, "PutEventSelectors") {
		t.Error("a new trail records all management events anyway, and that was written")
	}
	i, err := ParseInsights([]string{"error-rate:data"})
	if err != nil {
		t.Fatal(err)
	}
	other := Spec{Name: "other", Region: home, Bucket: "logs", Insights: &i}
	if _, _, err := create(t, f, other, Options{}); err == nil || !strings.Contains(err.Error(), "needs data events") {
		t.Errorf("insights with nothing to look at: %v", err)
	}
	// The bucket that is made with the trail is one of the account's, or the
	// only one.
	f = newFake()
	own := Spec{Name: "own", Region: home, Bucket: "own-logs", Recording: &Recording{DataEvents: []string{"s3"}, Resources: []string{"account"}}}
	for range 2 {
		p, _, err := create(t, f, own, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Steps {
			if s.Target == "selectors" && s.Kind == Change && !strings.Contains(s.After, "arn:aws:s3:::own-logs/") {
				t.Errorf("the new bucket is left out: %s", s.After)
			}
		}
	}
	if n := len(slices.DeleteFunc(f.calls, func(c string) bool { return c != "PutEventSelectors" })); n != 1 {
		t.Errorf("selectors were written %d times", n)
	}
}
