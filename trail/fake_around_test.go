package trail

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"trailctl/internal/policy"
	"trailctl/internal/topic"
)

type fakeTopic struct {
	policy        string
	tags          map[string]string
	subscriptions int
}

type fakeGroup struct {
	retention int32
	tags      map[string]string
}

type fakeRole struct {
	trust    string
	inline   map[string]string
	attached []string
	tags     map[string]string
}

type fakeKey struct {
	policy, state string
	spec          kmstypes.KeySpec
	manager       kmstypes.KeyManagerType
	alias         string
}

type fakeOrganization struct {
	id, management string
	access         bool
}

func (f fakeTrails) topicOf(nameOrARN *string) *string {
	n := aws.ToString(nameOrARN)
	if n == "" || strings.HasPrefix(n, "arn:") {
		return nameOrARN
	}
	return aws.String(topic.ARN("aws", f.region, account, n))
}

// holdsGrants tells whether a policy holds grants already.
func holdsGrants(text string, grants ...policy.Grant) bool {
	c, err := policy.Merge(text, grants)
	return err == nil && !c.Changed
}

func (f fakeTrails) allowedAround(t *types.Trail) error {
	if a := aws.ToString(t.SnsTopicARN); a != "" {
		switch s := f.topics[a]; {
		case s == nil:
			return api("InvalidSnsTopicNameException")
		case !holdsGrants(s.policy, topic.TrailGrant(a, *t.TrailARN)):
			return api("InsufficientSnsTopicPolicyException")
		}
	}
	if g := aws.ToString(t.CloudWatchLogsLogGroupArn); g != "" {
		if err := f.allowedLogs(t, g); err != nil {
			return err
		}
	}
	if k := aws.ToString(t.KmsKeyId); k != "" {
		key := f.keys[k]
		if key == nil {
			return api("KmsKeyNotFoundException")
		}
		if !holdsGrants(key.policy, policy.Grant{Service: trailService, Action: "kms:GenerateDataKey", Resource: k, SourceARNs: []string{*t.TrailARN},
			SourceLike: map[string]string{"kms:EncryptionContext:aws:cloudtrail:arn": *t.TrailARN}}) {
			return api("InsufficientEncryptionPolicyException")
		}
	}
	return nil
}

func (f fakeTrails) allowedLogs(t *types.Trail, group string) error {
	name, ok := strings.CutSuffix(group, ":*")
	if !ok || f.groups[name] == nil || !strings.Contains(group, ":"+f.region+":") {
		return api("InvalidCloudWatchLogsLogGroupArnException")
	}
	role := f.roles[aws.ToString(t.CloudWatchLogsRoleArn)[strings.LastIndexByte(aws.ToString(t.CloudWatchLogsRoleArn), '/')+1:]]
	if role == nil || !holdsGrants(role.trust, trustGrant()) {
		return api("InvalidCloudWatchLogsRoleArnException")
	}
	stream := name + ":log-stream:" + account + "_CloudTrail_" + f.region + "_1"
	for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
		allowed := false
		for _, text := range role.inline {
			allowed = allowed || holdsGrants(text, policy.Grant{Action: action, Resource: stream})
		}
		if !allowed {
			return api("InvalidCloudWatchLogsLogGroupArnException")
		}
	}
	return nil
}

type fakeSNS struct {
	*fakeAWS
	region string
}

func (f fakeSNS) topic(arn *string) (*fakeTopic, error) {
	t := f.topics[*arn]
	if t == nil || !strings.Contains(*arn, ":"+f.region+":") {
		return nil, api("NotFound")
	}
	return t, nil
}

func (f fakeSNS) GetTopicAttributes(_ context.Context, in *sns.GetTopicAttributesInput, _ ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error) {
	if err := f.call("GetTopicAttributes", nil); err != nil {
		return nil, err
	}
	t, err := f.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	return &sns.GetTopicAttributesOutput{Attributes: map[string]string{"Policy": t.policy}}, nil
}

func (f fakeSNS) SetTopicAttributes(_ context.Context, in *sns.SetTopicAttributesInput, _ ...func(*sns.Options)) (*sns.SetTopicAttributesOutput, error) {
	return &sns.SetTopicAttributesOutput{}, f.call("SetTopicAttributes", func() error {
		t, err := f.topic(in.TopicArn)
		if err == nil {
			t.policy = *in.AttributeValue
		}
		return err
	})
}

func (f fakeSNS) CreateTopic(_ context.Context, in *sns.CreateTopicInput, _ ...func(*sns.Options)) (*sns.CreateTopicOutput, error) {
	arn := topic.ARN("aws", f.region, account, *in.Name)
	return &sns.CreateTopicOutput{TopicArn: &arn}, f.call("CreateTopic", func() error {
		if f.topics[arn] != nil {
			return nil
		}
		t := &fakeTopic{policy: topic.DefaultPolicy(arn), tags: map[string]string{}}
		for _, tag := range in.Tags {
			t.tags[*tag.Key] = *tag.Value
		}
		f.topics[arn] = t
		return nil
	})
}

func (f fakeSNS) ListTagsForResource(_ context.Context, in *sns.ListTagsForResourceInput, _ ...func(*sns.Options)) (*sns.ListTagsForResourceOutput, error) {
	if err := f.call("sns.ListTagsForResource", nil); err != nil {
		return nil, err
	}
	t, err := f.topic(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &sns.ListTagsForResourceOutput{}
	for k, v := range t.tags {
		out.Tags = append(out.Tags, snstypes.Tag{Key: &k, Value: &v})
	}
	return out, nil
}

func (f fakeSNS) TagResource(context.Context, *sns.TagResourceInput, ...func(*sns.Options)) (*sns.TagResourceOutput, error) {
	return nil, api("NotExpected")
}

func (f fakeSNS) ListSubscriptionsByTopic(_ context.Context, in *sns.ListSubscriptionsByTopicInput, _ ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error) {
	if err := f.call("ListSubscriptionsByTopic", nil); err != nil {
		return nil, err
	}
	t, err := f.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	return &sns.ListSubscriptionsByTopicOutput{Subscriptions: make([]snstypes.Subscription, t.subscriptions)}, nil
}

func (f fakeSNS) DeleteTopic(_ context.Context, in *sns.DeleteTopicInput, _ ...func(*sns.Options)) (*sns.DeleteTopicOutput, error) {
	return &sns.DeleteTopicOutput{}, f.call("DeleteTopic", func() error { delete(f.topics, *in.TopicArn); return nil })
}

type fakeLogs struct {
	*fakeAWS
	region string
}

func (f fakeLogs) arn(name string) string {
	return logGroupARN(Account{ID: account, Partition: "aws"}, f.region, name)
}

func (f fakeLogs) group(name *string) (*fakeGroup, error) {
	if g := f.groups[f.arn(*name)]; g != nil {
		return g, nil
	}
	return nil, api("ResourceNotFoundException")
}

func (f fakeLogs) DescribeLogGroups(_ context.Context, in *cloudwatchlogs.DescribeLogGroupsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	if err := f.call("DescribeLogGroups", nil); err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.DescribeLogGroupsOutput{}
	for a, g := range f.groups {
		if strings.HasPrefix(a, f.arn(*in.LogGroupNamePrefix)) {
			l := logstypes.LogGroup{LogGroupName: aws.String(a[strings.Index(a, ":log-group:")+11:])}
			if g.retention > 0 {
				l.RetentionInDays = &g.retention
			}
			out.LogGroups = append(out.LogGroups, l)
		}
	}
	return out, nil
}

func (f fakeLogs) CreateLogGroup(_ context.Context, in *cloudwatchlogs.CreateLogGroupInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	return &cloudwatchlogs.CreateLogGroupOutput{}, f.call("CreateLogGroup", func() error {
		if f.groups[f.arn(*in.LogGroupName)] != nil {
			return api("ResourceAlreadyExistsException")
		}
		f.groups[f.arn(*in.LogGroupName)] = &fakeGroup{tags: in.Tags}
		return nil
	})
}

func (f fakeLogs) DeleteLogGroup(_ context.Context, in *cloudwatchlogs.DeleteLogGroupInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DeleteLogGroupOutput, error) {
	return &cloudwatchlogs.DeleteLogGroupOutput{}, f.call("DeleteLogGroup", func() error {
		_, err := f.group(in.LogGroupName)
		delete(f.groups, f.arn(*in.LogGroupName))
		return err
	})
}

func (f fakeLogs) retain(call string, name *string, days int32) error {
	return f.call(call, func() error {
		g, err := f.group(name)
		if err == nil {
			g.retention = days
		}
		return err
	})
}

func (f fakeLogs) PutRetentionPolicy(_ context.Context, in *cloudwatchlogs.PutRetentionPolicyInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutRetentionPolicyOutput, error) {
	return &cloudwatchlogs.PutRetentionPolicyOutput{}, f.retain("PutRetentionPolicy", in.LogGroupName, *in.RetentionInDays)
}

func (f fakeLogs) DeleteRetentionPolicy(_ context.Context, in *cloudwatchlogs.DeleteRetentionPolicyInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DeleteRetentionPolicyOutput, error) {
	return &cloudwatchlogs.DeleteRetentionPolicyOutput{}, f.retain("DeleteRetentionPolicy", in.LogGroupName, 0)
}

func (f fakeLogs) ListTagsForResource(_ context.Context, in *cloudwatchlogs.ListTagsForResourceInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.ListTagsForResourceOutput, error) {
	if err := f.call("logs.ListTagsForResource", nil); err != nil {
		return nil, err
	}
	g := f.groups[*in.ResourceArn]
	if g == nil {
		return nil, api("ResourceNotFoundException")
	}
	return &cloudwatchlogs.ListTagsForResourceOutput{Tags: g.tags}, nil
}

func (f fakeLogs) DescribeMetricFilters(context.Context, *cloudwatchlogs.DescribeMetricFiltersInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeMetricFiltersOutput, error) {
	return nil, api("NotExpected")
}

func (f fakeLogs) PutMetricFilter(context.Context, *cloudwatchlogs.PutMetricFilterInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutMetricFilterOutput, error) {
	return nil, api("NotExpected")
}

type fakeIAM struct{ *fakeAWS }

// role reads or changes a role.
func (f fakeIAM) role(call string, name *string, reads bool, do func(*fakeRole) error) error {
	effect := func() error {
		r := f.roles[*name]
		if r == nil {
			return api("NoSuchEntity")
		}
		return do(r)
	}
	if !reads {
		return f.call(call, effect)
	}
	if err := f.call(call, nil); err != nil {
		return err
	}
	return effect()
}

func (f fakeIAM) GetRole(_ context.Context, in *iam.GetRoleInput, _ ...func(*iam.Options)) (*iam.GetRoleOutput, error) {
	out := &iam.GetRoleOutput{}
	return out, f.role("GetRole", in.RoleName, true, func(r *fakeRole) error {
		out.Role = &iamtypes.Role{
			RoleName: in.RoleName, Arn: aws.String("arn:aws:iam::" + account + ":role/" + *in.RoleName),
			AssumeRolePolicyDocument: aws.String(url.PathEscape(r.trust)),
		}
		return nil
	})
}

func (f fakeIAM) CreateRole(_ context.Context, in *iam.CreateRoleInput, _ ...func(*iam.Options)) (*iam.CreateRoleOutput, error) {
	return &iam.CreateRoleOutput{}, f.call("CreateRole", func() error {
		if f.roles[*in.RoleName] != nil {
			return api("EntityAlreadyExists")
		}
		r := &fakeRole{trust: *in.AssumeRolePolicyDocument, inline: map[string]string{}, tags: map[string]string{}}
		for _, t := range in.Tags {
			r.tags[*t.Key] = *t.Value
		}
		f.roles[*in.RoleName] = r
		return nil
	})
}

func (f fakeIAM) DeleteRole(_ context.Context, in *iam.DeleteRoleInput, _ ...func(*iam.Options)) (*iam.DeleteRoleOutput, error) {
	return &iam.DeleteRoleOutput{}, f.role("DeleteRole", in.RoleName, false, func(r *fakeRole) error {
		if len(r.inline)+len(r.attached) > 0 {
			return api("DeleteConflict")
		}
		delete(f.roles, *in.RoleName)
		return nil
	})
}

func (f fakeIAM) UpdateAssumeRolePolicy(_ context.Context, in *iam.UpdateAssumeRolePolicyInput, _ ...func(*iam.Options)) (*iam.UpdateAssumeRolePolicyOutput, error) {
	return &iam.UpdateAssumeRolePolicyOutput{}, f.role("UpdateAssumeRolePolicy", in.RoleName, false, func(r *fakeRole) error {
		r.trust = *in.PolicyDocument
		return nil
	})
}

func (f fakeIAM) ListRolePolicies(_ context.Context, in *iam.ListRolePoliciesInput, _ ...func(*iam.Options)) (*iam.ListRolePoliciesOutput, error) {
	out := &iam.ListRolePoliciesOutput{}
	return out, f.role("ListRolePolicies", in.RoleName, true, func(r *fakeRole) error {
		for n := range r.inline {
			out.PolicyNames = append(out.PolicyNames, n)
		}
		return nil
	})
}

func (f fakeIAM) GetRolePolicy(_ context.Context, in *iam.GetRolePolicyInput, _ ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error) {
	out := &iam.GetRolePolicyOutput{}
	return out, f.role("GetRolePolicy", in.RoleName, true, func(r *fakeRole) error {
		text, ok := r.inline[*in.PolicyName]
		if !ok {
			return api("NoSuchEntity")
		}
		out.PolicyDocument = aws.String(url.PathEscape(text))
		return nil
	})
}

func (f fakeIAM) PutRolePolicy(_ context.Context, in *iam.PutRolePolicyInput, _ ...func(*iam.Options)) (*iam.PutRolePolicyOutput, error) {
	return &iam.PutRolePolicyOutput{}, f.role("PutRolePolicy", in.RoleName, false, func(r *fakeRole) error {
		r.inline[*in.PolicyName] = *in.PolicyDocument
		return nil
	})
}

func (f fakeIAM) DeleteRolePolicy(_ context.Context, in *iam.DeleteRolePolicyInput, _ ...func(*iam.Options)) (*iam.DeleteRolePolicyOutput, error) {
	return &iam.DeleteRolePolicyOutput{}, f.role("DeleteRolePolicy", in.RoleName, false, func(r *fakeRole) error {
		delete(r.inline, *in.PolicyName)
		return nil
	})
}

func (f fakeIAM) ListAttachedRolePolicies(_ context.Context, in *iam.ListAttachedRolePoliciesInput, _ ...func(*iam.Options)) (*iam.ListAttachedRolePoliciesOutput, error) {
	out := &iam.ListAttachedRolePoliciesOutput{}
	return out, f.role("ListAttachedRolePolicies", in.RoleName, true, func(r *fakeRole) error {
		for _, a := range r.attached {
			out.AttachedPolicies = append(out.AttachedPolicies, iamtypes.AttachedPolicy{PolicyArn: &a})
		}
		return nil
	})
}

func (f fakeIAM) ListRoleTags(_ context.Context, in *iam.ListRoleTagsInput, _ ...func(*iam.Options)) (*iam.ListRoleTagsOutput, error) {
	out := &iam.ListRoleTagsOutput{}
	return out, f.role("ListRoleTags", in.RoleName, true, func(r *fakeRole) error {
		for k, v := range r.tags {
			out.Tags = append(out.Tags, iamtypes.Tag{Key: &k, Value: &v})
		}
		return nil
	})
}

type fakeKMS struct {
	*fakeAWS
	region string
}

func (f fakeKMS) key(ref string) (string, *fakeKey, error) {
	for a, k := range f.keys {
		if strings.Contains(a, ":"+f.region+":") && (a == ref || strings.HasSuffix(a, "/"+ref) || (k.alias != "" && k.alias == ref)) {
			return a, k, nil
		}
	}
	return "", nil, api("NotFoundException")
}

func (f fakeKMS) DescribeKey(_ context.Context, in *kms.DescribeKeyInput, _ ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	if err := f.call("DescribeKey", nil); err != nil {
		return nil, err
	}
	a, k, err := f.key(*in.KeyId)
	if err != nil {
		return nil, err
	}
	return &kms.DescribeKeyOutput{KeyMetadata: &kmstypes.KeyMetadata{
		Arn: &a, AWSAccountId: aws.String(account), KeyState: kmstypes.KeyState(k.state), KeySpec: k.spec, KeyManager: k.manager,
		KeyUsage: kmstypes.KeyUsageTypeEncryptDecrypt,
	}}, nil
}

func (f fakeKMS) GetKeyPolicy(_ context.Context, in *kms.GetKeyPolicyInput, _ ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error) {
	if err := f.call("GetKeyPolicy", nil); err != nil {
		return nil, err
	}
	_, k, err := f.key(*in.KeyId)
	if err != nil {
		return nil, err
	}
	return &kms.GetKeyPolicyOutput{Policy: &k.policy}, nil
}

func (f fakeKMS) PutKeyPolicy(_ context.Context, in *kms.PutKeyPolicyInput, _ ...func(*kms.Options)) (*kms.PutKeyPolicyOutput, error) {
	return &kms.PutKeyPolicyOutput{}, f.call("PutKeyPolicy", func() error {
		_, k, err := f.key(*in.KeyId)
		if err == nil {
			k.policy = *in.Policy
		}
		return err
	})
}

func (f fakeKMS) GetKeyRotationStatus(context.Context, *kms.GetKeyRotationStatusInput, ...func(*kms.Options)) (*kms.GetKeyRotationStatusOutput, error) {
	if err := f.call("GetKeyRotationStatus", nil); err != nil {
		return nil, err
	}
	return &kms.GetKeyRotationStatusOutput{KeyRotationEnabled: true}, nil
}

type fakeOrganizations struct{ *fakeAWS }

func (f fakeOrganizations) DescribeOrganization(context.Context, *organizations.DescribeOrganizationInput, ...func(*organizations.Options)) (*organizations.DescribeOrganizationOutput, error) {
	if err := f.call("DescribeOrganization", nil); err != nil {
		return nil, err
	}
	if f.organization == nil {
		return nil, api("AWSOrganizationsNotInUseException")
	}
	return &organizations.DescribeOrganizationOutput{Organization: &orgtypes.Organization{
		Id: &f.organization.id, MasterAccountId: &f.organization.management}}, nil
}

func (f fakeOrganizations) ListAWSServiceAccessForOrganization(context.Context, *organizations.ListAWSServiceAccessForOrganizationInput, ...func(*organizations.Options)) (*organizations.ListAWSServiceAccessForOrganizationOutput, error) {
	if err := f.call("ListAWSServiceAccessForOrganization", nil); err != nil {
		return nil, err
	}
	out := &organizations.ListAWSServiceAccessForOrganizationOutput{}
	if f.organization.access {
		out.EnabledServicePrincipals = []orgtypes.EnabledServicePrincipal{{ServicePrincipal: aws.String(trailService)}}
	}
	return out, nil
}

func (f fakeOrganizations) EnableAWSServiceAccess(context.Context, *organizations.EnableAWSServiceAccessInput, ...func(*organizations.Options)) (*organizations.EnableAWSServiceAccessOutput, error) {
	return &organizations.EnableAWSServiceAccessOutput{}, f.call("EnableAWSServiceAccess", func() error {
		f.organization.access = true
		return nil
	})
}
