package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"golang.org/x/sync/errgroup"

	"trailctl/internal/sandbox"
	"trailctl/internal/sandbox/clock"
	"trailctl/internal/term"
	"trailctl/trail"
)

// audited is a sandbox whose one trail no rule finds fault with.
type audited struct {
	box    *sandbox.Sandbox
	url    string
	config aws.Config
	key    string
	sub    string
}

const (
	auditedTrail = "arn:aws:cloudtrail:us-east-1:123456789012:trail/main"
	auditedTLS   = `{"Sid":"TLS","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::main-logs","arn:aws:s3:::main-logs/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
	auditedCheck = `{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::main-logs"}`
	auditedWrite = `{"Sid":"W","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::main-logs/AWSLogs/123456789012/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"` + auditedTrail + `"}}}`
)

func bucketPolicyOf(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func newAudited(box *sandbox.Sandbox) (a *audited, err error) {
	srv := httptest.NewServer(box)
	a = &audited{box: box, url: srv.URL, config: clientConfig(srv.URL)}
	ctx := context.Background()
	check := func(_ any, e error) {
		if err == nil {
			err = e
		}
	}
	topic, e := sns.NewFromConfig(a.config).CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("alarms")})
	check(topic, e)
	queue, e := sqs.NewFromConfig(a.config).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("alarms")})
	check(queue, e)
	key, e := kms.NewFromConfig(a.config).CreateKey(ctx, &kms.CreateKeyInput{})
	check(key, e)
	if err != nil {
		return a, err
	}
	sub, e := sns.NewFromConfig(a.config).Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:123456789012:alarms"), ReturnSubscriptionArn: true,
	})
	check(sub, e)
	a.key, a.sub = *key.KeyMetadata.KeyId, aws.ToString(sub.SubscriptionArn)
	check(kms.NewFromConfig(a.config).EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &a.key}))
	check(a.s3().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("access")}))
	check(a.s3().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("main-logs")}))
	check(a.asRoot().PutBucketVersioning(ctx, mfaDelete(true)))
	check(nil, a.policy(auditedCheck, auditedWrite, auditedTLS))
	check(nil, a.accessLog(&s3types.LoggingEnabled{TargetBucket: aws.String("access"), TargetPrefix: aws.String("p")}))
	check(a.s3().PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String("access"), Policy: aws.String(
		bucketPolicyOf(`{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::access/*"}`))}))
	check(a.s3().PutPublicAccessBlock(ctx, blocked(true)))
	if err != nil {
		return a, err
	}
	for _, line := range []string{
		"trail create main --bucket main-logs --log-group events --create-log-group --kms-key " + a.key + " --update-key-policy --tag team=security --data-events s3 --resources all --yes",
		"trail alarms main --sns-topic alarms --yes",
	} {
		if code, out := a.run(line); code != 0 {
			return a, fmt.Errorf("%s: exit %d\n%s", line, code, out)
		}
	}
	return a, box.Advance(5 * time.Minute)
}

func (a *audited) s3() *s3.Client {
	return s3.NewFromConfig(a.config, func(o *s3.Options) { o.UsePathStyle = true })
}

// asRoot is S3 for the root user, who alone may switch MFA delete.
func (a *audited) asRoot() *s3.Client {
	return s3.NewFromConfig(a.config, func(o *s3.Options) {
		o.UsePathStyle, o.Credentials = true, credentials.NewStaticCredentialsProvider("root", "secret", "")
	})
}

func mfaDelete(on bool) *s3.PutBucketVersioningInput {
	status := s3types.MFADeleteDisabled
	if on {
		status = s3types.MFADeleteEnabled
	}
	return &s3.PutBucketVersioningInput{
		Bucket: aws.String("main-logs"), MFA: aws.String("arn:aws:iam::123456789012:mfa/root 123456"),
		VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled, MFADelete: status},
	}
}

func (a *audited) trails() *cloudtrail.Client { return cloudtrail.NewFromConfig(a.config) }

func (a *audited) run(line string) (int, string) {
	var out bytes.Buffer
	args := append([]string{"trailctl"}, strings.Fields(line)...)
	code := Main(context.Background(), append(args, "--endpoint-url", a.url), term.Streams{In: strings.NewReader(""), Out: &out, Err: &out})
	return code, out.String()
}

func (a *audited) policy(statements ...string) error {
	_, err := a.s3().PutBucketPolicy(context.Background(), &s3.PutBucketPolicyInput{Bucket: aws.String("main-logs"), Policy: aws.String(bucketPolicyOf(statements...))})
	return err
}

func (a *audited) accessLog(l *s3types.LoggingEnabled) error {
	_, err := a.s3().PutBucketLogging(context.Background(), &s3.PutBucketLoggingInput{Bucket: aws.String("main-logs"), BucketLoggingStatus: &s3types.BucketLoggingStatus{LoggingEnabled: l}})
	return err
}

func blocked(restrict bool) *s3.PutPublicAccessBlockInput {
	return &s3.PutPublicAccessBlockInput{Bucket: aws.String("main-logs"), PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{
		BlockPublicAcls: &restrict, IgnorePublicAcls: aws.Bool(true), BlockPublicPolicy: &restrict, RestrictPublicBuckets: &restrict,
	}}
}

func (a *audited) selectors(list ...cttypes.EventSelector) error {
	_, err := a.trails().PutEventSelectors(context.Background(), &cloudtrail.PutEventSelectorsInput{TrailName: aws.String("main"), EventSelectors: list})
	return err
}

func selector(kind cttypes.ReadWriteType, management bool, data []string, exclude ...string) cttypes.EventSelector {
	s := cttypes.EventSelector{ReadWriteType: kind, IncludeManagementEvents: &management, ExcludeManagementEventSources: exclude}
	if data != nil {
		s.DataResources = []cttypes.DataResource{{Type: aws.String("AWS::S3::Object"), Values: data}}
	}
	return s
}

func (a *audited) change(edit func(*cloudtrail.UpdateTrailInput)) error {
	in := &cloudtrail.UpdateTrailInput{Name: aws.String("main")}
	edit(in)
	_, err := a.trails().UpdateTrail(context.Background(), in)
	return err
}

// alarmedControls are the items of section 4.
func alarmedControls() []string {
	var ids []string
	for _, c := range trail.AlarmControls() {
		id := c.SecurityHub
		if id == "" {
			id = "cis-v3.0/" + c.CIS
		}
		ids = append(ids, id)
	}
	return ids
}

// Each case breaks one thing of a clean account as AWS's clients would;
// exactly the rules named must fail then, and each must say what to do.
func TestAuditFindsWhatIsBroken(t *testing.T) {
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "TRAILCTL_TIME": start.Format(time.RFC3339),
	} {
		t.Setenv(k, v)
	}
	ctx := context.Background()
	all, both := []string{"arn:aws:s3"}, cttypes.ReadWriteTypeAll
	watched := alarmedControls()
	recorded := append(slices.Clone(watched), "CloudTrail.1", "cis-v3.0/3.1")
	tests := map[string]struct {
		breakIt func(*audited) error
		fails   []string
	}{
		"nothing": {func(*audited) error { return nil }, nil},
		"one region": {func(a *audited) error {
			return a.change(func(in *cloudtrail.UpdateTrailInput) { in.IsMultiRegionTrail = aws.Bool(false) })
		}, append(slices.Clone(recorded), "S3.22", "S3.23")},
		"stopped": {func(a *audited) error {
			_, err := a.trails().StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: aws.String("main")})
			return err
		}, append(slices.Clone(recorded), "S3.22", "S3.23", "CloudTrail.3", "trailctl.logging")},
		"writes only":    {func(a *audited) error { return a.selectors(selector(cttypes.ReadWriteTypeWriteOnly, true, all)) }, append(slices.Clone(recorded), "S3.23")},
		"reads only":     {func(a *audited) error { return a.selectors(selector(cttypes.ReadWriteTypeReadOnly, true, all)) }, append(slices.Clone(recorded), "S3.22")},
		"no management":  {func(a *audited) error { return a.selectors(selector(both, false, all)) }, recorded},
		"without KMS":    {func(a *audited) error { return a.selectors(selector(both, true, all, "kms.amazonaws.com")) }, []string{"CloudTrail.1"}},
		"no data events": {func(a *audited) error { return a.selectors(selector(both, true, nil)) }, []string{"S3.22", "S3.23"}},
		"one bucket":     {func(a *audited) error { return a.selectors(selector(both, true, []string{"arn:aws:s3:::one/"})) }, []string{"S3.22", "S3.23"}},
		"no validation": {func(a *audited) error {
			return a.change(func(in *cloudtrail.UpdateTrailInput) { in.EnableLogFileValidation = aws.Bool(false) })
		}, []string{"CloudTrail.4"}},
		"no key": {func(a *audited) error {
			return a.change(func(in *cloudtrail.UpdateTrailInput) { in.KmsKeyId = aws.String("") })
		}, []string{"CloudTrail.2"}},
		"no log group": {func(a *audited) error {
			return a.change(func(in *cloudtrail.UpdateTrailInput) {
				in.CloudWatchLogsLogGroupArn, in.CloudWatchLogsRoleArn = aws.String(""), aws.String("")
			})
		}, append(slices.Clone(watched), "CloudTrail.5", "cis-v1.4/3.4")},
		"log group deleted": {func(a *audited) error {
			_, err := cloudwatchlogs.NewFromConfig(a.config).DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("events")})
			return err
		}, watched},
		"no tags": {func(a *audited) error {
			_, err := a.trails().RemoveTags(ctx, &cloudtrail.RemoveTagsInput{ResourceId: aws.String(auditedTrail), TagsList: []cttypes.Tag{{Key: aws.String("team")}}})
			return err
		}, []string{"CloudTrail.9"}},
		"key not rotated": {func(a *audited) error {
			_, err := kms.NewFromConfig(a.config).DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &a.key})
			return err
		}, []string{"KMS.4"}},
		"public policy": {func(a *audited) error {
			if _, err := a.s3().PutPublicAccessBlock(ctx, blocked(false)); err != nil {
				return err
			}
			return a.policy(auditedCheck, auditedWrite, auditedTLS, `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::main-logs/*"}`)
		}, []string{"CloudTrail.6", "S3.8"}},
		"no public access block": {func(a *audited) error {
			_, err := a.s3().DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: aws.String("main-logs")})
			return err
		}, []string{"S3.8"}},
		"access not logged": {func(a *audited) error { return a.accessLog(nil) }, []string{"CloudTrail.7"}},
		"without TLS":       {func(a *audited) error { return a.policy(auditedCheck, auditedWrite) }, []string{"S3.5"}},
		"any trail may write": {func(a *audited) error {
			return a.policy(auditedCheck, strings.Replace(auditedWrite, `,"aws:SourceArn":"`+auditedTrail+`"`, "", 1), auditedTLS)
		}, []string{"trailctl.source-arn"}},
		"CloudTrail may not write": {func(a *audited) error {
			if err := a.policy(auditedCheck, auditedTLS); err != nil {
				return err
			}
			return a.box.Advance(5 * time.Minute)
		}, []string{"trailctl.delivery"}},
		"nobody hears": {func(a *audited) error {
			_, err := sns.NewFromConfig(a.config).Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &a.sub})
			return err
		}, watched},
		"a filter deleted": {func(a *audited) error {
			_, err := cloudwatchlogs.NewFromConfig(a.config).DeleteMetricFilter(ctx, &cloudwatchlogs.DeleteMetricFilterInput{LogGroupName: aws.String("events"), FilterName: aws.String("trailctl-root-usage")})
			return err
		}, []string{"CloudWatch.1"}},
		"an alarm deleted": {func(a *audited) error {
			_, err := cloudwatch.NewFromConfig(a.config).DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"trailctl-organizations-changes"}})
			return err
		}, []string{"cis-v3.0/4.15"}},
		"no MFA delete": {func(a *audited) error {
			_, err := a.asRoot().PutBucketVersioning(ctx, mfaDelete(false))
			return err
		}, []string{"S3.20"}},
		"a second trail": {func(a *audited) error {
			both := strings.Replace(auditedWrite, `"`+auditedTrail+`"`, `["`+auditedTrail+`","arn:aws:cloudtrail:eu-west-1:123456789012:trail/second"]`, 1)
			if err := a.policy(auditedCheck, both, auditedTLS); err != nil {
				return err
			}
			if code, out := a.run("trail create second --region eu-west-1 --bucket main-logs --accept-bucket-region --skip-bucket-policy --single-region --kms-key arn:aws:kms:us-east-1:123456789012:key/" + a.key + " --update-key-policy --tag a=b --log-group more --create-log-group --yes"); code != 0 {
				return fmt.Errorf("%d\n%s", code, out)
			}
			return a.box.Advance(5 * time.Minute)
		}, []string{"trailctl.duplicates"}},
	}
	var group errgroup.Group
	group.SetLimit(3)
	for name, tt := range tests {
		group.Go(func() error {
			box, err := sandbox.New(ctx, sandbox.Options{
				Regions: []string{"us-east-1", "eu-west-1"}, LogInterval: 5 * time.Minute, DigestInterval: time.Hour, Clock: clock.NewManual(start), NewKey: sharedKeys,
			})
			if err != nil {
				t.Error(err)
				return nil
			}
			defer box.Close()
			a, err := newAudited(box)
			if err == nil {
				err = tt.breakIt(a)
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return nil
			}
			a.mustFail(t, name, tt.fails)
			a.repair(t, name)
			return nil
		})
	}
	group.Wait()
}

// mustFail audits, and checks that these rules fail and no others.
func (a *audited) mustFail(t *testing.T, name string, fails []string) {
	code, out := a.run("trail audit --output json")
	exit := codeInvalid
	if len(fails) == 0 {
		exit = codeDone
	}
	if code != exit {
		t.Errorf("%s: exit %d\n%s", name, code, out)
		return
	}
	var doc struct {
		Findings []struct{ Control, Result, Why, Fix string }
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
		return
	}
	var got []string
	for _, f := range doc.Findings {
		switch {
		case f.Result == "unknown":
			t.Errorf("%s: %s is not known: %s", name, f.Control, f.Why)
		case f.Result == "fail" && !slices.Contains(got, f.Control):
			got = append(got, f.Control)
			mustBeACommand(t, f.Control, f.Fix)
		}
	}
	want := slices.Clone(fails)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: fails %v\nwant %v", name, got, want)
	}
}

// mustBeACommand checks that a remedy of ours is a command line that this
// program takes.
func mustBeACommand(t *testing.T, control, fix string) {
	for line := range strings.SplitSeq(fix, " && ") {
		own, ours := strings.CutPrefix(line, "trailctl ")
		switch {
		case ours:
			if _, err := arrange((&app{now: time.Now}).root(), strings.Fields(own)); err != nil {
				t.Errorf("%s: %q: %v", control, line, err)
			}
		case !strings.HasPrefix(line, "aws ") && !strings.HasPrefix(line, "add to "):
			t.Errorf("%s: %q is no command", control, line)
		}
	}
}
