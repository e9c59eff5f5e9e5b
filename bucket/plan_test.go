package bucket

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"

	"trailctl/internal/topic"
)

const me = "111122223333"

// world is an account with one bucket at most and one topic at most. Calls
// that change something are counted, and the failAt-th fails.
type world struct {
	placed
	policyServer
	settingsServer
	notifier
	topicPolicy string // "" when there is no topic
	topicKey    string
	block       *types.PublicAccessBlockConfiguration
	changes     int
	failAt      int
	denyTopic   bool
}

var errBroken = errors.New("connection broke")

func (w *world) change() error {
	w.changes++
	if w.changes == w.failAt {
		return errBroken
	}
	return nil
}

func (w *world) GetPublicAccessBlock(context.Context, *s3.GetPublicAccessBlockInput, ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error) {
	if w.block == nil {
		return nil, &smithy.GenericAPIError{Code: "NoSuchPublicAccessBlockConfiguration"}
	}
	return &s3.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: w.block}, nil
}

func (w *world) CreateBucket(context.Context, *s3.CreateBucketInput, ...func(*s3.Options)) (*s3.CreateBucketOutput, error) {
	if err := w.change(); err != nil {
		return nil, err
	}
	w.placed = placed{exists: true, owner: me, readable: true, region: "us-east-1"}
	return &s3.CreateBucketOutput{}, nil
}

func (w *world) PutPublicAccessBlock(_ context.Context, in *s3.PutPublicAccessBlockInput, _ ...func(*s3.Options)) (*s3.PutPublicAccessBlockOutput, error) {
	w.block = in.PublicAccessBlockConfiguration
	return nil, w.change()
}

func (w *world) PutBucketOwnershipControls(context.Context, *s3.PutBucketOwnershipControlsInput, ...func(*s3.Options)) (*s3.PutBucketOwnershipControlsOutput, error) {
	return nil, w.change()
}

func (w *world) PutBucketEncryption(context.Context, *s3.PutBucketEncryptionInput, ...func(*s3.Options)) (*s3.PutBucketEncryptionOutput, error) {
	return nil, w.change()
}

func (w *world) PutBucketPolicy(ctx context.Context, in *s3.PutBucketPolicyInput, o ...func(*s3.Options)) (*s3.PutBucketPolicyOutput, error) {
	if err := w.change(); err != nil {
		return nil, err
	}
	return w.policyServer.PutBucketPolicy(ctx, in, o...)
}

func (w *world) PutBucketNotificationConfiguration(ctx context.Context, in *s3.PutBucketNotificationConfigurationInput, o ...func(*s3.Options)) (*s3.PutBucketNotificationConfigurationOutput, error) {
	if err := w.change(); err != nil {
		return nil, err
	}
	if !strings.Contains(w.topicPolicy, "s3.amazonaws.com") && len(in.NotificationConfiguration.TopicConfigurations) > 0 {
		return nil, unvalidated()
	}
	return w.notifier.PutBucketNotificationConfiguration(ctx, in, o...)
}

func (w *world) GetBucketLogging(context.Context, *s3.GetBucketLoggingInput, ...func(*s3.Options)) (*s3.GetBucketLoggingOutput, error) {
	return &s3.GetBucketLoggingOutput{LoggingEnabled: &types.LoggingEnabled{TargetBucket: aws.String("access"), TargetPrefix: aws.String("p/")}}, nil
}

func (w *world) GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error) {
	return &s3.GetBucketVersioningOutput{Status: types.BucketVersioningStatusEnabled, MFADelete: types.MFADeleteStatusEnabled}, nil
}

func (w *world) GetBucketPolicyStatus(context.Context, *s3.GetBucketPolicyStatusInput, ...func(*s3.Options)) (*s3.GetBucketPolicyStatusOutput, error) {
	return nil, &smithy.GenericAPIError{Code: "AccessDenied"}
}

// topics is the account's SNS.
type topics struct{ *world }

func (w topics) GetTopicAttributes(context.Context, *sns.GetTopicAttributesInput, ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error) {
	switch {
	case w.denyTopic:
		return nil, &smithy.GenericAPIError{Code: "AuthorizationError"}
	case w.topicPolicy == "":
		return nil, &smithy.GenericAPIError{Code: "NotFound"}
	}
	return &sns.GetTopicAttributesOutput{Attributes: map[string]string{"Policy": w.topicPolicy, "KmsMasterKeyId": w.topicKey}}, nil
}

func (w topics) SetTopicAttributes(_ context.Context, in *sns.SetTopicAttributesInput, _ ...func(*sns.Options)) (*sns.SetTopicAttributesOutput, error) {
	if err := w.change(); err != nil {
		return nil, err
	}
	w.topicPolicy = *in.AttributeValue
	return nil, nil
}

func (w topics) CreateTopic(context.Context, *sns.CreateTopicInput, ...func(*sns.Options)) (*sns.CreateTopicOutput, error) {
	if err := w.change(); err != nil {
		return nil, err
	}
	w.topicPolicy = topic.DefaultPolicy(topicARN)
	return &sns.CreateTopicOutput{}, nil
}

func (w topics) ListTagsForResource(context.Context, *sns.ListTagsForResourceInput, ...func(*sns.Options)) (*sns.ListTagsForResourceOutput, error) {
	return &sns.ListTagsForResourceOutput{}, nil
}

func (w *world) clients() Clients {
	return Clients{
		Account: me, Partition: "aws", Region: "us-east-1",
		S3:  func(string) Client { return w },
		SNS: func(string) Topics { return topics{w} },
	}
}

func withBucket() *world {
	on := aws.Bool(true)
	return &world{
		placed: placed{exists: true, owner: me, readable: true, region: "us-east-1"},
		block:  &types.PublicAccessBlockConfiguration{BlockPublicAcls: on, IgnorePublicAcls: on, BlockPublicPolicy: on, RestrictPublicBuckets: on},
	}
}

func kinds(p Plan) string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, string(s.Kind)+" "+s.Target)
	}
	return strings.Join(out, ", ")
}

func TestPlanCreate(t *testing.T) {
	open := withBucket()
	open.block = nil
	tests := map[string]struct {
		world    *world
		update   bool
		want     string
		warnings int
		err      error
	}{
		"new":         {world: &world{}, want: "create bucket logs, create public access block, create default encryption"},
		"there":       {world: withBucket(), want: "keep bucket logs"},
		"open":        {world: open, want: "keep bucket logs", warnings: 1},
		"open, close": {world: open, update: true, want: "keep bucket logs, change public access block"},
		"foreign":     {world: &world{placed: placed{exists: true, owner: "4", region: "us-east-1"}}, err: ErrForeign},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := PlanCreate(t.Context(), tt.world.clients(), "logs", tt.update)
			if !errors.Is(err, tt.err) || kinds(p) != tt.want {
				t.Fatalf("%s, %v", kinds(p), err)
			}
			if err == nil && len(p.Steps[0].Warnings) != tt.warnings {
				t.Errorf("warnings %q", p.Steps[0].Warnings)
			}
		})
	}
}

func notifySpec() NotifySpec { return NotifySpec{Bucket: "logs", Topic: "objects"} }

func TestPlanNotify(t *testing.T) {
	theirs := withBucket()
	theirs.n = toQueue("all", AllCreated, nil)
	elsewhere, foreign, fifo := notifySpec(), notifySpec(), notifySpec()
	elsewhere.Topic, foreign.Topic, fifo.Topic = strings.Replace(topicARN, "us-east-1", "eu-west-1", 1), strings.Replace(topicARN, me, "444455556666", 1), "x.fifo"
	tests := map[string]struct {
		world *world
		spec  NotifySpec
		want  string
		err   error
	}{
		"all new":           {withBucket(), notifySpec(), "create topic objects, change policy of topic objects, create notification trailctl-objects", nil},
		"another's topic":   {withBucket(), foreign, "keep topic " + foreign.Topic + ", create notification trailctl-objects", nil},
		"another region":    {withBucket(), elsewhere, "", ErrTopicRegion},
		"FIFO":              {withBucket(), fifo, "", ErrNotification},
		"overlap":           {theirs, notifySpec(), "-", ErrOverlap},
		"no bucket":         {&world{}, notifySpec(), "", ErrMissing},
		"topic not allowed": {func() *world { w := withBucket(); w.denyTopic = true; return w }(), notifySpec(), "", topic.ErrDenied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := PlanNotify(t.Context(), tt.world.clients(), tt.spec)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) || tt.want != "-" && kinds(p) != tt.want {
				t.Errorf("%s, %v", kinds(p), err)
			}
			if tt.world.changes > 0 {
				t.Errorf("planning made %d changes", tt.world.changes)
			}
		})
	}
}

// Whichever change fails, planning and applying again does the rest; a second
// run changes nothing; and removing leaves the world as it was.
func TestNotifyConverges(t *testing.T) {
	spec := notifySpec()
	spec.Prefix = "AWSLogs/"
	apply := func(w *world, plan func(context.Context, Clients, NotifySpec) (Plan, error)) (Result, error) {
		p, err := plan(t.Context(), w.clients(), spec)
		if err != nil {
			t.Fatal(err)
		}
		return Apply(t.Context(), w.clients(), p, Options{Sleep: noSleep})
	}
	for k := 0; ; k++ {
		w := withBucket()
		w.n, w.failAt = Notifications{twenty()}, k
		before := w.n.Text()
		result, err := apply(w, PlanNotify)
		failed := k > 0 && w.changes >= k
		if (err != nil) != failed || (result.Failed != nil) != failed {
			t.Fatalf("change %d: %v, %+v", k, err, result.Failed)
		}
		if k > 0 && !failed {
			if k != 4 {
				t.Errorf("%d changes could fail, want 3", k-1)
			}
			return
		}
		w.failAt = 0
		if _, err := apply(w, PlanNotify); err != nil {
			t.Fatalf("change %d, again: %v", k, err)
		}
		changes := w.changes
		if r, err := apply(w, PlanNotify); err != nil || w.changes != changes || len(r.Done) > 0 {
			t.Errorf("change %d: a third run changed %d things, %v", k, w.changes-changes, err)
		}
		if !strings.Contains(w.n.Text(), topicARN) || !w.n.EventBridge() {
			t.Errorf("change %d left %s", k, w.n.Text())
		}
		if _, err := apply(w, PlanUnnotify); err != nil || w.n.Text() != before || w.topicPolicy != topic.DefaultPolicy(topicARN) {
			t.Errorf("after removing: %v, %s, %s", err, w.n.Text(), w.topicPolicy)
		}
	}
}

func TestPlanUnnotify(t *testing.T) {
	ready := func(more ...string) *world {
		w := withBucket()
		n, err := w.n.Put(Notification{TopicARN: topicARN})
		if err != nil {
			t.Fatal(err)
		}
		w.n = n.After
		for _, id := range more {
			w.n.TopicConfigurations = append(w.n.TopicConfigurations, toTopic(id, topicARN, "s3:ObjectRemoved:*", nil).TopicConfigurations...)
		}
		c, err := topic.Merge(topicARN, topic.DefaultPolicy(topicARN), topic.BucketGrant(topicARN, "arn:aws:s3:::logs", me))
		if err != nil {
			t.Fatal(err)
		}
		w.topicPolicy = c.After
		return w
	}
	denied, gone := ready(), ready()
	denied.denyTopic, gone.topicPolicy = true, ""
	tests := map[string]struct {
		world *world
		name  string
		want  string
	}{
		"the only one":     {ready(), "", "remove notification trailctl-objects, change policy of topic objects"},
		"one of two":       {ready("more"), "", "remove notification trailctl-objects, keep policy of topic objects"},
		"none":             {ready(), "nix", "keep notification nix, keep policy of topic objects"},
		"topic unreadable": {denied, "", "remove notification trailctl-objects, keep policy of topic objects"},
		"topic gone":       {gone, "", "remove notification trailctl-objects"},
	}
	for name, tt := range tests {
		spec := notifySpec()
		spec.Name = tt.name
		p, err := PlanUnnotify(t.Context(), tt.world.clients(), spec)
		if err != nil || kinds(p) != tt.want {
			t.Errorf("%s: %s, %v", name, kinds(p), err)
		}
	}
	byName := NotifySpec{Bucket: "logs", Notification: Notification{Name: "trailctl-objects"}}
	if p, err := PlanUnnotify(t.Context(), ready().clients(), byName); err != nil || kinds(p) != tests["the only one"].want {
		t.Errorf("by name alone: %s, %v", kinds(p), err)
	}
}

func TestPlanPolicy(t *testing.T) {
	w := withBucket()
	w.text = `{"Statement":[{"Sid":"No","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]}`
	second := testAccess()
	second.Base.Prefix = "p"
	for _, want := range []StepKind{StepChange, StepKeep} {
		p, err := PlanPolicy(t.Context(), w.clients(), "logs", []TrailAccess{testAccess(), second})
		if err != nil || len(p.Steps) != 1 || p.Steps[0].Kind != want || !strings.Contains(strings.Join(p.Steps[0].Notes, " "), "statement No") {
			t.Fatalf("%+v, %v", p, err)
		}
		if _, err := Apply(t.Context(), w.clients(), p, Options{Sleep: noSleep}); err != nil || w.changes != 1 {
			t.Errorf("%v, %d changes", err, w.changes)
		}
	}
}

func TestDescribe(t *testing.T) {
	w := withBucket()
	w.text = PolicyFor([]TrailAccess{testAccess()})
	w.n = toQueue("q", AllCreated, nil)
	d, err := Describe(t.Context(), w.clients(), "logs")
	if err != nil || len(d.Statements) != 2 || d.Statements[0].Writes || !d.Statements[1].Writes || len(d.Notifications.Entries()) != 1 {
		t.Errorf("%+v, %v", d, err)
	}
	if p := d.Protection; p.Logging == nil || p.Logging.Bucket != "access" || p.Versioning != "Enabled" || !p.MFADelete {
		t.Errorf("%+v", p)
	}
	if len(d.Unread) != 1 || !errors.Is(d.Unread[PolicyStatusSetting], ErrDenied) {
		t.Errorf("unread %v", d.Unread)
	}
}

func TestCheckName(t *testing.T) {
	for name, ok := range map[string]bool{
		"abc": true, "a.b-c9": true, "ab": false, "Abc": false, "a_b": false, "-ab": false, "ab-": false, "a..b": false,
		"10.0.0.1": false, strings.Repeat("a", 63): true, strings.Repeat("a", 64): false, "": false,
	} {
		if err := CheckName(name); (err == nil) != ok || err != nil && !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
