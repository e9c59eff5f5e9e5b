package trail

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"trailctl/bucket"
	"trailctl/internal/topic"
)

const (
	topicHome = "arn:aws:sns:eu-west-1:111122223333:news"
	groupHome = "arn:aws:logs:eu-west-1:111122223333:log-group:events"
	keyHome   = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
	keyPolicy = `{"Version":"2012-10-17","Statement":[ {"Sid":"Root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"} ]}`
	orgID     = "o-abcdefghij"
)

// everyOption asks for everything that a trail can have.
func everyOption(t *testing.T) Spec {
	t.Helper()
	insights, err := ParseInsights([]string{"call-rate"})
	if err != nil {
		t.Fatal(err)
	}
	selectors, err := ParseSelectors([]byte(`[{"Name":"all","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	return Spec{
		Name: "audit", Region: home, Bucket: "logs", Prefix: ptr("p"), Organization: ptr(true),
		Topic: ptr("news"), LogGroup: ptr("events"), CreateLogGroup: true, Retention: ptr(int32(30)),
		KMSKey: ptr("alias/audit"), UpdateKeyPolicy: true, Tags: map[string]string{"team": "security"},
		Selectors: &selectors, Insights: &insights, Notify: &Notify{},
	}
}

// settled is an account in which others have been before.
func settled() *fakeAWS {
	f := newFake()
	f.buckets["logs"] = &fakeBucket{
		owner: account, region: home,
		policy: `{"Version":"2012-10-17","Statement":[ {"Sid":"Foreign","Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::logs/*"} ]}`,
		notifications: s3types.NotificationConfiguration{
			EventBridgeConfiguration: &s3types.EventBridgeConfiguration{},
			QueueConfigurations: []s3types.QueueConfiguration{{
				Id: aws.String("foreign"), QueueArn: aws.String("arn:aws:sqs:eu-west-1:111122223333:q"), Events: []s3types.Event{"s3:ObjectRemoved:*"},
			}},
		},
	}
	f.keys[keyHome] = &fakeKey{policy: keyPolicy, state: "Enabled", alias: "alias/audit", spec: "SYMMETRIC_DEFAULT", manager: "CUSTOMER"}
	f.organization = &fakeOrganization{id: orgID, management: account}
	return f
}

func (f *fakeAWS) mustKeepForeign(t *testing.T) {
	t.Helper()
	b := f.buckets["logs"]
	if !strings.Contains(b.policy, `{"Sid":"Foreign","Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::logs/*"}`) {
		t.Errorf("the foreign statement of the bucket policy is gone: %s", b.policy)
	}
	if n := b.notifications; n.EventBridgeConfiguration == nil || len(n.QueueConfigurations) != 1 || *n.QueueConfigurations[0].Id != "foreign" {
		t.Errorf("the foreign notifications are gone: %+v", n)
	}
	if k := f.keys[keyHome].policy; !strings.Contains(k, `"Sid":"Root"`) {
		t.Errorf("the foreign statement of the key policy is gone: %s", k)
	}
}

func TestEveryOption(t *testing.T) {
	f, spec := settled(), everyOption(t)
	p, r, err := create(t, f, spec, Options{})
	if err != nil {
		t.Fatalf("%v\n%v", err, outline(p))
	}
	want := []string{
		"keep bucket logs", "change bucket policy", "create topic news", "change topic policy of news",
		"create log group events", "change retention of events",
		"create role CloudTrail-CloudWatchLogs-audit", "create role policy of CloudTrail-CloudWatchLogs-audit",
		"keep key 11111111-2222-3333-4444-555555555555", "change key policy", "change organization access",
		"create trail audit", "change selectors", "change insights", "create bucket notification", "change logging",
	}
	if got := strings.Join(outline(p), "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	got := f.trails[auditARN]
	for name, pair := range map[string][2]string{
		"topic": {aws.ToString(got.SnsTopicARN), topicHome}, "group": {aws.ToString(got.CloudWatchLogsLogGroupArn), groupHome + ":*"},
		"role": {aws.ToString(got.CloudWatchLogsRoleArn), "arn:aws:iam::111122223333:role/CloudTrail-CloudWatchLogs-audit"},
		"key":  {aws.ToString(got.KmsKeyId), keyHome}, "prefix": {aws.ToString(got.S3KeyPrefix), "p"},
		"tag": {f.tags[auditARN]["team"], "security"}, "owner": {f.topics[topicHome].tags[OwnerTag], "audit"},
		"owner of the group": {f.groups[groupHome].tags[OwnerTag], "audit"},
		"owner of the role":  {f.roles["CloudTrail-CloudWatchLogs-audit"].tags[OwnerTag], "audit"},
		"result":             {r.Trail.TopicARN, topicHome},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %q, want %q", name, pair[0], pair[1])
		}
	}
	if f.groups[groupHome].retention != 30 || !f.logging[auditARN] || !f.organization.access || !*got.IsOrganizationTrail {
		t.Errorf("not as asked: %s", f.state(t))
	}
	f.mustKeepForeign(t)
	f.mutating, f.calls = 0, nil
	p, _, err = create(t, f, spec, Options{})
	if err != nil || !p.Empty() || f.mutating != 0 {
		t.Errorf("second run: %d mutating calls of %v, %v; %v", f.mutating, f.calls, outline(p), err)
	}
}

// The role may do what CloudTrail needs, in that group and in these streams,
// and nothing else.
func TestRolePolicyIsMinimal(t *testing.T) {
	f := settled()
	if _, _, err := create(t, f, everyOption(t), Options{}); err != nil {
		t.Fatal(err)
	}
	role := f.roles["CloudTrail-CloudWatchLogs-audit"]
	const wantTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	if role.trust != wantTrust {
		t.Errorf("trust: got %s\nwant %s", role.trust, wantTrust)
	}
	streams := `["` + groupHome + `:log-stream:111122223333_CloudTrail_eu-west-1*","` + groupHome + `:log-stream:o-abcdefghij_*"]`
	want := `{"Version":"2012-10-17","Statement":[` +
		`{"Sid":"AWSCloudTrailCreateLogStream2014110","Effect":"Allow","Action":"logs:CreateLogStream","Resource":` + streams + `},` +
		`{"Sid":"AWSCloudTrailPutLogEvents20141101","Effect":"Allow","Action":"logs:PutLogEvents","Resource":` + streams + `}]}`
	if got := role.inline[rolePolicyName]; got != want || len(role.inline) != 1 {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func selectedRegions() Spec {
	return Spec{
		Name: "audit", Region: home, Regions: []string{home, "us-east-1", "ap-south-1"}, Bucket: "logs",
		Topic: ptr("news"), LogGroup: ptr("events"), CreateLogGroup: true, AllRegions: ptr(false),
	}
}

func TestSelectedRegions(t *testing.T) {
	f := settled()
	p, r, err := create(t, f, selectedRegions(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.trails) != 3 || len(f.topics) != 3 || len(f.groups) != 3 || len(f.roles) != 1 || len(r.Trails) != 3 || len(f.logging) != 3 {
		t.Fatalf("%d trails, %d topics, %d groups, %d roles: %s", len(f.trails), len(f.topics), len(f.groups), len(f.roles), f.state(t))
	}
	global := 0
	for arn, got := range f.trails {
		if *got.IsMultiRegionTrail || *got.S3BucketName != "logs" {
			t.Errorf("%+v", *got)
		}
		if *got.IncludeGlobalServiceEvents {
			global++
			if !strings.Contains(arn, ":us-east-1:") {
				t.Errorf("%s records global services", arn)
			}
		}
		if !strings.Contains(f.buckets["logs"].policy, arn) {
			t.Errorf("the bucket policy lacks %s", arn)
		}
	}
	if global != 1 || !strings.Contains(wording(p), "it alone records global services") {
		t.Errorf("%d trails record global services; %s", global, wording(p))
	}
	f.mutating = 0
	if p, _, err = create(t, f, selectedRegions(), Options{}); err != nil || !p.Empty() || f.mutating != 0 {
		t.Errorf("second run: %d mutating calls, %v, %v", f.mutating, outline(p), err)
	}
}

// A trail for all regions becomes one of the selected ones before the others
// are made.
func TestAllRegionsToSelected(t *testing.T) {
	f := settled()
	if _, _, err := create(t, f, Spec{Name: "audit", Region: "us-east-1", Bucket: "logs", AcceptBucketRegion: true}, Options{}); err != nil {
		t.Fatal(err)
	}
	p, _, err := create(t, f, selectedRegions(), Options{})
	if err != nil || len(f.trails) != 3 {
		t.Fatalf("%d trails, %v", len(f.trails), err)
	}
	var order []string
	for _, o := range outline(p) {
		if strings.Contains(o, " trail ") {
			order = append(order, o)
		}
	}
	if order[0] != "change trail audit in us-east-1" {
		t.Errorf("got %q", order)
	}
}

// Whatever call fails, the same command again brings about the same end.
func TestFaultWalkAround(t *testing.T) {
	for name, spec := range map[string]Spec{"every option": everyOption(t), "selected regions": selectedRegions()} {
		t.Run(name, func(t *testing.T) {
			whole := settled()
			if _, _, err := create(t, whole, spec, Options{}); err != nil {
				t.Fatal(err)
			}
			want, calls, noticed := whole.state(t), len(whole.calls), 0
			for k := 1; k <= calls; k++ {
				for _, after := range []bool{false, true} {
					f := settled()
					f.failAt, f.failAfter, f.failWith = k, after, errors.New("connection reset")
					if _, _, err := create(t, f, spec, Options{}); err != nil {
						noticed++
					} else {
						t.Errorf("call %d failed and nobody noticed", k)
					}
					failed := f.calls[k-1]
					if _, _, err := create(t, f, spec, Options{}); err != nil {
						t.Errorf("call %d, %s, after %v: the second run fails: %v", k, failed, after, err)
					}
					if got := f.state(t); got != want {
						t.Errorf("call %d, %s, after %v: got %s\nwant %s", k, failed, after, got, want)
					}
					f.mustKeepForeign(t)
				}
			}
			t.Logf("%d calls, each failed before and after its effect: %d noticed, all converged: %v", calls, noticed, !t.Failed())
		})
	}
}

// The SDK asks again when an answer does not arrive: the call then meets its
// own work.
func TestLostAnswers(t *testing.T) {
	for _, tt := range []struct{ call, code string }{
		{"CreateTrail", "TrailAlreadyExistsException"}, {"CreateLogGroup", "ResourceAlreadyExistsException"}, {"CreateRole", "EntityAlreadyExists"},
	} {
		t.Run(tt.call, func(t *testing.T) {
			whole := settled()
			if _, _, err := create(t, whole, everyOption(t), Options{}); err != nil {
				t.Fatal(err)
			}
			f := settled()
			for k, c := range whole.calls {
				if c == tt.call {
					f.failAt = k + 1
				}
			}
			f.failAfter, f.failWith = true, api(tt.code)
			if _, _, err := create(t, f, everyOption(t), Options{}); err != nil {
				t.Errorf("not counted as done: %v", err)
			}
			if got, want := f.state(t), whole.state(t); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
}

// A trail that somebody else made meanwhile is not taken for our own.
func TestTrailTakenMeanwhile(t *testing.T) {
	f := settled()
	spec := Spec{Name: "audit", Region: home, Bucket: "logs"}
	cur, err := Describe(t.Context(), f.clients(), spec)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Diff(spec, cur)
	if err != nil {
		t.Fatal(err)
	}
	other := spec
	other.LogFileValidation = ptr(false)
	if _, _, err := create(t, f, other, Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err = Apply(t.Context(), f.clients(), p, Options{Sleep: noSleep}); !errors.Is(err, ErrTaken) || !strings.Contains(err.Error(), "EnableLogFileValidation") {
		t.Errorf("got %v", err)
	}
}

// What was made a moment ago is waited for, with the code that AWS answers to
// it, and nothing else is.
func TestFreshThingsAreWaitedFor(t *testing.T) {
	tests := []struct {
		code    string
		refusal int
		longest time.Duration
		fails   bool
	}{
		{"InsufficientSnsTopicPolicyException", 3, 7 * time.Second, false},
		{"InvalidSnsTopicNameException", 99, time.Minute, true},
		{"InvalidCloudWatchLogsLogGroupArnException", 2, 3 * time.Second, false},
		{"InvalidCloudWatchLogsRoleArnException", 4, 15 * time.Second, false},
		{"InsufficientEncryptionPolicyException", 1, time.Second, false},
		{"CloudTrailAccessNotEnabledException", 2, 3 * time.Second, false},
		{"InvalidParameterCombinationException", 1, 0, true},
		{"MaximumNumberOfTrailsExceededException", 1, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			f := settled()
			f.refusals, f.refuseWith = tt.refusal, tt.code
			var waited time.Duration
			told := 0
			_, r, err := create(t, f, everyOption(t), Options{
				Sleep: noSleep,
				Observe: func(p Progress) {
					if p.State == Waiting {
						told++
						waited += p.Wait
					}
				},
			})
			if (err != nil) != tt.fails || waited != tt.longest {
				t.Errorf("waited %s, want %s; %v", waited, tt.longest, err)
			}
			if tt.fails && (r.Failed == nil || r.Failed.Target != "trail audit") {
				t.Errorf("%+v", r.Failed)
			}
			if !tt.fails && told != tt.refusal {
				t.Errorf("told of %d waits, want %d", told, tt.refusal)
			}
		})
	}
}

func TestUpdateTakesAway(t *testing.T) {
	f := settled()
	if _, _, err := create(t, f, everyOption(t), Options{}); err != nil {
		t.Fatal(err)
	}
	_, r, err := create(t, f, Spec{
		Name: "audit", Region: home, Update: true, Topic: ptr(""), LogGroup: ptr(""), KMSKey: ptr(""),
		Tags: map[string]string{"cost": "1"}, RemoveTags: []string{"team", "none"},
	}, Options{})
	if err != nil || len(r.Done) != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	got := f.trails[auditARN]
	if aws.ToString(got.SnsTopicARN)+aws.ToString(got.CloudWatchLogsLogGroupArn)+aws.ToString(got.CloudWatchLogsRoleArn)+aws.ToString(got.KmsKeyId) != "" {
		t.Errorf("%+v", got)
	}
	if fmt.Sprint(f.tags[auditARN]) != "map[cost:1]" || len(f.topics) != 1 || len(f.groups) != 1 {
		t.Errorf("%v, %d topics, %d groups", f.tags, len(f.topics), len(f.groups))
	}
}

func TestUpdateLeavesTheRest(t *testing.T) {
	f := settled()
	if _, _, err := create(t, f, Spec{Name: "audit", Region: home, Bucket: "logs", AllRegions: ptr(false), LogFileValidation: ptr(false), NoStart: true}, Options{}); err != nil {
		t.Fatal(err)
	}
	_, r, err := create(t, f, Spec{Name: "audit", Region: home, Update: true, Prefix: ptr("q")}, Options{})
	got := f.trails[auditARN]
	if err != nil || *got.IsMultiRegionTrail || *got.LogFileValidationEnabled || f.logging[auditARN] || aws.ToString(got.S3KeyPrefix) != "q" || r.Logging {
		t.Errorf("%+v, %v", got, err)
	}
	if _, _, err := create(t, f, Spec{Name: "other", Region: home, Update: true}, Options{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// removed does what a command does.
func removed(t *testing.T, f *fakeAWS, r Removal) (Plan, error) {
	t.Helper()
	var err error
	if r.Trails, err = FindCopies(t.Context(), f.clients(), home, "audit"); err != nil {
		return Plan{}, err
	}
	rest, err := DescribeRemoval(t.Context(), f.clients(), r)
	if err != nil {
		return Plan{}, err
	}
	p := DiffRemoval(r, rest)
	_, err = Apply(t.Context(), f.clients(), p, Options{Sleep: noSleep})
	return p, err
}

func TestRemoval(t *testing.T) {
	all := Removal{LogGroup: true, Topic: true, Role: true}
	other := Spec{Name: "other", Region: home, Bucket: "logs", Topic: ptr("news"), LogGroup: ptr("events"), LogRole: DefaultRole("audit")}
	tests := map[string]struct {
		removal Removal
		before  func(*testing.T, *fakeAWS)
		topics  int
		groups  int
		roles   int
		has     string
	}{
		"trail only":   {Removal{}, nil, 1, 1, 1, "stays, with all log files"},
		"everything":   {all, nil, 0, 0, 0, "events in it go with it"},
		"not ours":     {all, func(_ *testing.T, f *fakeAWS) { delete(f.topics[topicHome].tags, OwnerTag) }, 1, 0, 0, "it was not made by trailctl"},
		"another's":    {all, func(_ *testing.T, f *fakeAWS) { f.groups[groupHome].tags[OwnerTag] = "other" }, 0, 1, 0, "it was not made by trailctl"},
		"other policy": {all, func(_ *testing.T, f *fakeAWS) { f.roles[DefaultRole("audit")].inline["x"] = "{}" }, 0, 0, 1, "other policies"},
		"in use": {all, func(t *testing.T, f *fakeAWS) {
			if _, _, err := create(t, f, other, Options{}); err != nil {
				t.Fatal(err)
			}
		}, 1, 1, 1, "trail/other uses it"},
		"subscribed": {all, func(_ *testing.T, f *fakeAWS) { f.topics[topicHome].subscriptions = 2 }, 0, 0, 0, "its 2 subscriptions"},
		"notified by others": {all, func(_ *testing.T, f *fakeAWS) {
			n := &f.buckets["logs"].notifications
			n.TopicConfigurations = append(n.TopicConfigurations, s3types.TopicConfiguration{
				Id: aws.String("theirs"), TopicArn: aws.String(topicHome), Events: []s3types.Event{"s3:ObjectRestore:*"}})
		}, 1, 0, 0, `entry "theirs"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := settled()
			if _, _, err := create(t, f, everyOption(t), Options{}); err != nil {
				t.Fatal(err)
			}
			if tt.before != nil {
				tt.before(t, f)
			}
			p, err := removed(t, f, tt.removal)
			if err != nil {
				t.Fatal(err)
			}
			if f.trails[auditARN] != nil || len(f.topics) != tt.topics || len(f.groups) != tt.groups || len(f.roles) != tt.roles {
				t.Errorf("%d topics, %d groups, %d roles: %s", len(f.topics), len(f.groups), len(f.roles), f.state(t))
			}
			if !strings.Contains(wording(p), tt.has) {
				t.Errorf("%q is not in %s", tt.has, wording(p))
			}
			entries := bucket.Notifications{NotificationConfiguration: f.buckets["logs"].notifications}.Entries()
			for _, e := range entries {
				if f.topics[topicHome] == nil && e.Destination == topicHome {
					t.Errorf("the bucket still notifies the deleted topic: %s", e)
				}
			}
			f.mustKeepForeign(t)
		})
	}
}

func TestRemovalFaultWalk(t *testing.T) {
	ready := func() *fakeAWS {
		f := settled()
		if _, _, err := create(t, f, everyOption(t), Options{}); err != nil {
			t.Fatal(err)
		}
		f.calls = nil
		return f
	}
	all := Removal{LogGroup: true, Topic: true, Role: true}
	whole := ready()
	if _, err := removed(t, whole, all); err != nil {
		t.Fatal(err)
	}
	want := whole.state(t)
	for k := range whole.calls {
		for _, after := range []bool{false, true} {
			f := ready()
			f.failAt, f.failAfter, f.failWith = k+1, after, errors.New("connection reset")
			removed(t, f, all)
			if _, err := removed(t, f, all); err != nil && !errors.Is(err, ErrNotFound) {
				t.Errorf("call %d, after %v: the second run fails: %v", k+1, after, err)
			}
			if got := f.state(t); got != want {
				t.Errorf("call %d, after %v: got %s\nwant %s", k+1, after, got, want)
			}
		}
	}
}

func TestSwitch(t *testing.T) {
	f := settled()
	if _, _, err := create(t, f, selectedRegions(), Options{}); err != nil {
		t.Fatal(err)
	}
	for _, on := range []bool{false, false, true} {
		trails, err := FindCopies(t.Context(), f.clients(), home, "audit")
		if err != nil {
			t.Fatal(err)
		}
		p, err := Switch(t.Context(), f.clients(), trails, on)
		if err != nil {
			t.Fatal(err)
		}
		if wantEmpty := (len(f.logging) == 3) == on; p.Empty() != wantEmpty {
			t.Errorf("switching to %v: %v", on, outline(p))
		}
		if _, err := Apply(t.Context(), f.clients(), p, Options{Sleep: noSleep}); err != nil || (len(f.logging) == 3) != on {
			t.Errorf("switched to %v: %v, %v", on, f.logging, err)
		}
	}
}

// The policy of a topic that is there keeps what others wrote, and SNS's own
// first statement.
func TestForeignTopicStatements(t *testing.T) {
	f := settled()
	text := strings.Replace(topic.DefaultPolicy(topicHome), `"Statement":[`, `"Statement":[ {"Sid":"Theirs","Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"SNS:Subscribe","Resource":"*"} ,`, 1)
	f.topics[topicHome] = &fakeTopic{policy: text, tags: map[string]string{}}
	if _, _, err := create(t, f, everyOption(t), Options{}); err != nil {
		t.Fatal(err)
	}
	got := f.topics[topicHome]
	for _, has := range []string{`{"Sid":"Theirs","Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"SNS:Subscribe","Resource":"*"}`, "__default_statement_ID", topic.TrailSid, topic.BucketSid} {
		if !strings.Contains(got.policy, has) {
			t.Errorf("%s is not in %s", has, got.policy)
		}
	}
	if len(got.tags) != 0 {
		t.Errorf("a topic that was there is tagged as ours: %v", got.tags)
	}
}
