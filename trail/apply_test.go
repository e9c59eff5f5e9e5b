package trail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"trailctl/internal/policy"
)

// create does what a command does.
func create(t *testing.T, f *fakeAWS, spec Spec, o Options) (Plan, Result, error) {
	t.Helper()
	if err := spec.Validate(); err != nil {
		t.Fatal(err)
	}
	if o.Sleep == nil {
		o.Sleep = noSleep
	}
	cur, err := Describe(t.Context(), f.clients(), spec)
	if err != nil {
		return Plan{}, Result{}, err
	}
	p, err := Diff(spec, cur)
	if err != nil {
		return p, Result{}, err
	}
	r, err := Apply(t.Context(), f.clients(), p, o)
	return p, r, err
}

// state is all that is in the account, as text.
func (f *fakeAWS) state(t *testing.T) string {
	t.Helper()
	buckets := map[string]fakeBucket{}
	for name, b := range f.buckets {
		buckets[name] = *b
	}
	text, err := json.Marshal(map[string]any{"trails": f.trails, "logging": f.logging, "tags": f.tags, "selectors": f.selectors, "insights": f.insights})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(buckets)) {
		b := buckets[name]
		text = append(text, strings.Join([]string{"\n", name, b.region, policy.Indented(b.policy), string(b.ownership)}, " ")...)
		if b.block && b.encrypted {
			text = append(text, " safe"...)
		}
	}
	return string(text) + f.around()
}

// around is the state of what stands around the trails.
func (f *fakeAWS) around() string {
	var b strings.Builder
	for _, a := range slices.Sorted(maps.Keys(f.topics)) {
		fmt.Fprintln(&b, a, policy.Indented(f.topics[a].policy), f.topics[a].tags)
	}
	for _, a := range slices.Sorted(maps.Keys(f.groups)) {
		fmt.Fprintln(&b, a, *f.groups[a])
	}
	for _, n := range slices.Sorted(maps.Keys(f.roles)) {
		fmt.Fprintln(&b, n, *f.roles[n])
	}
	for _, a := range slices.Sorted(maps.Keys(f.keys)) {
		fmt.Fprintln(&b, a, *f.keys[a])
	}
	for _, n := range slices.Sorted(maps.Keys(f.buckets)) {
		text, _ := json.Marshal(f.buckets[n].notifications)
		fmt.Fprintln(&b, n, string(text))
	}
	fmt.Fprintln(&b, f.organization)
	return b.String()
}

func TestSecondRunChangesNothing(t *testing.T) {
	f := newFake()
	spec := Spec{Name: "audit", Region: home, Prefix: ptr("p")}
	p, r, err := create(t, f, spec, Options{})
	if err != nil || len(r.Done) != len(p.Steps) || r.Failed != nil || len(r.Left) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if !f.logging[auditARN] || aws.ToString(f.trails[auditARN].S3KeyPrefix) != "p" || !f.buckets[auditHome].block {
		t.Errorf("not as asked: %s", f.state(t))
	}
	f.mutating = 0
	p, r, err = create(t, f, spec, Options{})
	if err != nil || !p.Empty() || len(r.Done) != 0 {
		t.Errorf("second run: %v, %v, %v", outline(p), r, err)
	}
	if f.mutating != 0 {
		t.Errorf("%d mutating calls in the second run: %v", f.mutating, f.calls)
	}
}

// Whatever call fails, before or after it took effect, the same command again
// brings about the same end, and foreign statements survive.
func TestFaultWalk(t *testing.T) {
	const foreignStatement = `{ "Sid":"Foreign", "Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::logs/*" }`
	start := map[string]struct {
		spec  Spec
		ready func() *fakeAWS
	}{
		"empty account": {Spec{Name: "audit", Region: home}, newFake},
		"bare buckets":  {Spec{Name: "audit", Region: home}, func() *fakeAWS { f := newFake(); f.bare = true; return f }},
		"named bucket":  {Spec{Name: "audit", Region: home, Bucket: "logs"}, newFake},
		"existing bucket": {Spec{Name: "audit", Region: home, Bucket: "logs"}, func() *fakeAWS {
			f := newFake()
			f.buckets["logs"] = &fakeBucket{owner: account, region: home, policy: `{"Version":"2008-10-17","Statement":` + foreignStatement + `}`}
			return f
		}},
		"another bucket for a trail": {Spec{Name: "audit", Region: home, Bucket: "logs", AllRegions: ptr(false), LogFileValidation: ptr(false)}, func() *fakeAWS {
			f := newFake()
			if _, _, err := create(t, f, Spec{Name: "audit", Region: home, NoStart: true}, Options{}); err != nil {
				t.Fatal(err)
			}
			f.calls = nil
			return f
		}},
	}
	for name, s := range start {
		t.Run(name, func(t *testing.T) {
			whole := s.ready()
			if _, _, err := create(t, whole, s.spec, Options{}); err != nil {
				t.Fatal(err)
			}
			want, calls := whole.state(t), len(whole.calls)
			for k := 1; k <= calls; k++ {
				for _, after := range []bool{false, true} {
					f := s.ready()
					f.failAt, f.failAfter, f.failWith = k, after, errors.New("connection reset")
					_, r, err := create(t, f, s.spec, Options{})
					if err == nil {
						t.Errorf("call %d, %s, failed and nobody noticed", k, f.calls[k-1])
					}
					var step *StepError
					if errors.As(err, &step) && (r.Failed == nil || r.Failed.Target != step.Step.Target) {
						t.Errorf("call %d: failed step %v, error of %s", k, r.Failed, step.Step.Target)
					}
					if _, _, err := create(t, f, s.spec, Options{}); err != nil {
						t.Errorf("call %d, %s, after %v: the second run fails: %v", k, f.calls[k-1], after, err)
					}
					if got := f.state(t); got != want {
						t.Errorf("call %d, %s, after %v: got %s\nwant %s", k, f.calls[k-1], after, got, want)
					}
					if b := f.buckets["logs"]; name == "existing bucket" && !strings.Contains(b.policy, foreignStatement) {
						t.Errorf("call %d: the foreign statement is gone: %s", k, b.policy)
					}
				}
			}
			t.Logf("%d calls, each failed before and after its effect", calls)
		})
	}
}

func TestFreshPolicyIsWaitedFor(t *testing.T) {
	empty := func(*fakeAWS) {}
	existing := func(f *fakeAWS) { f.buckets[auditHome] = &fakeBucket{owner: account, region: home} }
	ready := func(f *fakeAWS) {
		existing(f)
		f.buckets[auditHome].policy = granted(t, auditHome, "", auditARN)
	}
	tests := map[string]struct {
		before   func(*fakeAWS)
		refusals int
		longest  time.Duration // of all waits together
		fails    bool
	}{
		"at once":                {empty, 0, 0, false},
		"third attempt":          {empty, 2, 3 * time.Second, false},
		"never":                  {empty, 1000, time.Minute, true},
		"never, existing bucket": {existing, 1000, time.Minute, true},
		"never, nothing changed": {ready, 1000, 12 * time.Second, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			tt.before(f)
			f.refusals = tt.refusals
			var waited time.Duration
			told := 0
			_, r, err := create(t, f, Spec{Name: "audit", Region: home}, Options{
				Sleep: noSleep,
				Observe: func(p Progress) {
					if p.State == Waiting {
						told++
						waited += p.Wait
						if p.Wait == 0 || errorCode(p.Err) != "InsufficientS3BucketPolicy" || p.Step.Target != "trail audit" {
							t.Errorf("told of %+v", p)
						}
					}
				},
			})
			if (err != nil) != tt.fails || waited != tt.longest {
				t.Errorf("waited %s, want %s; %v", waited, tt.longest, err)
			}
			if tt.fails && (r.Failed.Target != "trail audit" || len(r.Left) != 1 || !strings.Contains(err.Error(), "still refused after "+tt.longest.String())) {
				t.Errorf("%+v, %v", r, err)
			}
			if !tt.fails && told != tt.refusals {
				t.Errorf("told of %d waits, want %d", told, tt.refusals)
			}
		})
	}
}

func TestFreshWaitEndsWithContext(t *testing.T) {
	f := newFake()
	f.refusals = 1000
	_, _, err := create(t, f, Spec{Name: "audit", Region: home}, Options{
		Sleep: func(context.Context, time.Duration) error { return context.Canceled },
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestDenyIsNamed(t *testing.T) {
	f := newFake()
	f.refusals = 1000
	f.buckets["logs"] = &fakeBucket{owner: account, region: home,
		policy: `{"Statement":[{"Sid":"NoWrites","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"*"}]}`}
	_, _, err := create(t, f, Spec{Name: "audit", Region: home, Bucket: "logs"}, Options{})
	if err == nil || !strings.Contains(err.Error(), "statement NoWrites") {
		t.Errorf("got %v", err)
	}
}

func TestUpdateChangesOnlyWhatDiffers(t *testing.T) {
	f := newFake()
	if _, _, err := create(t, f, Spec{Name: "audit", Region: home}, Options{}); err != nil {
		t.Fatal(err)
	}
	topic := "arn:aws:sns:eu-west-1:111122223333:topic"
	f.trails[auditARN].SnsTopicARN = &topic
	f.topics[topic] = &fakeTopic{policy: `{"Statement":{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"SNS:Publish","Resource":"*"}}`}
	_, r, err := create(t, f, Spec{Name: "audit", Region: home, LogFileValidation: ptr(false)}, Options{})
	if err != nil || len(r.Done) != 1 || len(r.Done[0].Fields) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	got := f.trails[auditARN]
	if *got.LogFileValidationEnabled || *got.SnsTopicARN != topic || *got.S3BucketName != auditHome || r.Trail.TopicARN != topic {
		t.Errorf("%+v", got)
	}
}

func TestDescribeOtherHome(t *testing.T) {
	f := newFake()
	if _, _, err := create(t, f, Spec{Name: "audit", Region: home}, Options{}); err != nil {
		t.Fatal(err)
	}
	_, _, err := create(t, f, Spec{Name: "audit", Region: "us-east-1"}, Options{})
	if !errors.Is(err, ErrOtherHome) || !strings.Contains(err.Error(), home) || !strings.Contains(err.Error(), "us-east-1") {
		t.Errorf("got %v", err)
	}
	// A trail of one region leaves its name free elsewhere.
	f.trails[auditARN].IsMultiRegionTrail = ptr(false)
	_, _, err = create(t, f, Spec{Name: "audit", Region: "us-east-1", AcceptBucketRegion: true}, Options{})
	if err != nil || len(f.trails) != 2 {
		t.Errorf("%d trails, %v", len(f.trails), err)
	}
}

func TestPolicyThatMayNotBeRead(t *testing.T) {
	f := newFake()
	f.buckets["logs"] = &fakeBucket{owner: account, region: home}
	f.failWith = api("AccessDenied")
	for f.failAt = 1; f.failAt < 20; f.failAt++ {
		f.calls = nil
		_, _, err := create(t, f, Spec{Name: "audit", Region: home, Bucket: "logs"}, Options{})
		if f.calls[f.failAt-1] != "GetBucketPolicy" {
			continue
		}
		var foreign *ForeignBucketError
		if !errors.As(err, &foreign) || !errors.Is(err, ErrBucketPolicy) || !strings.Contains(foreign.Statements, auditARN) {
			t.Errorf("got %v", err)
		}
		return
	}
	t.Error("the policy was never read")
}

// A member account sees the organization's trail and must not take it for
// one of its own.
func TestDescribeOrganizationTrail(t *testing.T) {
	f := newFake()
	if _, _, err := create(t, f, Spec{Name: "audit", Region: home}, Options{}); err != nil {
		t.Fatal(err)
	}
	theirs := strings.Replace(auditARN, account, "999999999999", 1)
	f.trails[auditARN].TrailARN = &theirs
	cur, err := Describe(t.Context(), f.clients(), Spec{Name: "audit", Region: home})
	if err != nil || cur.Homes[0].Trail != nil {
		t.Errorf("%+v, %v", cur.Homes[0].Trail, err)
	}
}
