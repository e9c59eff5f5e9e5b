package kms

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"trailctl/internal/sandbox/calltest"
)

var start = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

type bench struct {
	*calltest.Bench
	*kms.Client
	s *Service
}

func newBench(t *testing.T, dir string) *bench {
	t.Helper()
	b := &bench{}
	s, err := New(Options{Dir: dir, Now: func() time.Time { return b.Now() }})
	if err != nil {
		t.Fatal(err)
	}
	b.Bench, b.s = calltest.Start(t, s, start), s
	b.Client = kms.NewFromConfig(b.Config(calltest.Account, calltest.Region))
	return b
}

func (b *bench) key(t *testing.T) *types.KeyMetadata {
	t.Helper()
	out, err := b.CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	return out.KeyMetadata
}

func code(_ any, err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &api):
		return api.ErrorCode()
	}
	return err.Error()
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestNamesOfKeys(t *testing.T) {
	b, ctx := newBench(t, ""), t.Context()
	k := b.key(t)
	want(t, "recorded", b.Last().ResponseElements["keyMetadata"].(map[string]any)["aWSAccountId"].(string), calltest.Account)
	want(t, "alias", code(b.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/trail"), TargetKeyId: k.KeyId})), "")
	for name, wanted := range map[string]string{
		*k.KeyId: "", *k.Arn: "", "alias/trail": "", "arn:aws:kms:us-east-1:123456789012:alias/trail": "",
		"alias/none": "NotFoundException", "trail": "NotFoundException", "00000000-0000-4000-8000-000000000000": "NotFoundException",
		"arn:aws:kms:eu-west-1:123456789012:key/" + *k.KeyId: "NotFoundException", "arn:aws:iam::123456789012:role/x": "InvalidArnException",
		"arn:aws:kms:us-east-1:999988887777:key/" + *k.KeyId: "NotFoundException",
	} {
		out, err := b.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &name})
		want(t, name, code(out, err), wanted)
		if err == nil && *out.KeyMetadata.Arn != *k.Arn {
			t.Errorf("%s: %s", name, *out.KeyMetadata.Arn)
		}
		arn, ok := b.s.Find(calltest.Account, calltest.Region, name)
		if ok != (wanted == "") || ok && arn != *k.Arn {
			t.Errorf("Find %s: %s %t", name, arn, ok)
		}
	}
	if arn, ok := b.s.Find("999988887777", "", *k.Arn); !ok || arn != *k.Arn {
		t.Errorf("Find by ARN: %s %t", arn, ok)
	}
	if _, ok := b.s.Find(calltest.Account, "eu-west-1", *k.Arn); ok {
		t.Error("a key is found in another region")
	}
	want(t, "alias for a policy", code(b.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: aws.String("alias/trail")})), "NotFoundException")
	want(t, "alias again", code(b.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/trail"), TargetKeyId: k.KeyId})), "AlreadyExistsException")
	for name, wanted := range map[string]string{
		"trail": "ValidationException", "alias/a b": "ValidationException", "alias/" + strings.Repeat("a", 251): "ValidationException",
		"alias/a:b": "InvalidAliasNameException", "alias/": "InvalidAliasNameException", "alias/aws/trail": "NotAuthorizedException",
	} {
		want(t, name, code(b.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: k.KeyId})), wanted)
	}
	list, err := b.ListAliases(ctx, &kms.ListAliasesInput{KeyId: k.KeyId})
	if err != nil || len(list.Aliases) != 1 || *list.Aliases[0].TargetKeyId != *k.KeyId {
		t.Errorf("%+v %v", list, err)
	}
	want(t, "delete", code(b.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: aws.String("alias/trail")})), "")
	want(t, "deleted", code(b.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/trail")})), "NotFoundException")
	keys, err := b.ListKeys(ctx, &kms.ListKeysInput{})
	if err != nil || len(keys.Keys) != 1 || *keys.Keys[0].KeyArn != *k.Arn {
		t.Errorf("%+v %v", keys, err)
	}
}

func TestPolicy(t *testing.T) {
	b, ctx := newBench(t, ""), t.Context()
	k := b.key(t)
	got, err := b.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: k.KeyId, PolicyName: aws.String("default")})
	if err != nil || *got.PolicyName != "default" || !strings.Contains(*got.Policy, `"arn:aws:iam::123456789012:root"`) {
		t.Fatalf("%+v %v", got, err)
	}
	const service = "cloudtrail.amazonaws.com"
	source := map[string]string{"aws:SourceArn": "arn:aws:cloudtrail:us-east-1:123456789012:trail/t", "kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:us-east-1:123456789012:trail/t"}
	if b.s.May(service, "kms:GenerateDataKey", *k.Arn, source) {
		t.Error("the default policy allows a service something")
	}
	root := `{"Sid":"root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}`
	trail := `{"Sid":"trail","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*","Resource":"*",
"Condition":{"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:123456789012:trail/*"}}}`
	policy := func(statements ...string) *string {
		return aws.String(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)
	}
	b.Advance(time.Hour)
	rows := []struct {
		what, want string
		in         kms.PutKeyPolicyInput
	}{
		{"lockout", "MalformedPolicyDocumentException", kms.PutKeyPolicyInput{Policy: policy(trail)}},
		{"no JSON", "MalformedPolicyDocumentException", kms.PutKeyPolicyInput{Policy: aws.String("{")}},
		{"principal", "MalformedPolicyDocumentException", kms.PutKeyPolicyInput{Policy: policy(root, strings.Replace(trail, "cloudtrail.amazonaws.com", "cloudtrail", 1))}},
		{"name", "NotFoundException", kms.PutKeyPolicyInput{Policy: policy(root), PolicyName: aws.String("other")}},
		{"fine", "", kms.PutKeyPolicyInput{Policy: policy(root, trail), PolicyName: aws.String("default")}},
	}
	for _, row := range rows {
		row.in.KeyId = k.KeyId
		want(t, row.what, code(b.PutKeyPolicy(ctx, &row.in)), row.want)
	}
	if !b.s.May(service, "kms:GenerateDataKey", *k.Arn, source) || b.s.May(service, "kms:Decrypt", *k.Arn, source) || b.s.May(service, "kms:GenerateDataKey", *k.Arn, nil) ||
		b.s.May("config.amazonaws.com", "kms:GenerateDataKey", *k.Arn, source) {
		t.Error("the policy is not evaluated")
	}
	if !b.s.Changed(*k.Arn).Equal(start.Add(time.Hour)) {
		t.Errorf("changed at %s", b.s.Changed(*k.Arn))
	}
	want(t, "bypass", code(b.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: k.KeyId, Policy: policy(trail), BypassPolicyLockoutSafetyCheck: true})), "")
	other := kms.NewFromConfig(b.Config("999988887777", calltest.Region))
	want(t, "another account", code(other.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: k.Arn})), "AccessDeniedException")
}

func TestLife(t *testing.T) {
	b, ctx := newBench(t, ""), t.Context()
	k := b.key(t)
	state := func() string {
		t.Helper()
		out, err := b.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: k.KeyId})
		if err != nil {
			return code(out, err)
		}
		if out.KeyMetadata.Enabled != (out.KeyMetadata.KeyState == types.KeyStateEnabled) || out.KeyMetadata.Enabled != b.s.Enabled(*k.Arn) {
			t.Errorf("%+v", out.KeyMetadata)
		}
		return string(out.KeyMetadata.KeyState)
	}
	rotation := func() *kms.GetKeyRotationStatusOutput {
		t.Helper()
		out, err := b.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: k.KeyId})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	want(t, "new", state(), "Enabled")
	if rotation().KeyRotationEnabled {
		t.Error("a new key rotates")
	}
	want(t, "rotation", code(b.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: k.KeyId})), "")
	if r := rotation(); !r.KeyRotationEnabled || *r.RotationPeriodInDays != 365 || !r.NextRotationDate.Equal(start.AddDate(0, 0, 365)) {
		t.Errorf("%+v", r)
	}
	want(t, "disable", code(b.DisableKey(ctx, &kms.DisableKeyInput{KeyId: k.KeyId})), "")
	want(t, "disabled", state(), "Disabled")
	want(t, "rotation of a disabled key", code(b.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: k.KeyId})), "DisabledException")
	want(t, "enable", code(b.EnableKey(ctx, &kms.EnableKeyInput{KeyId: k.KeyId})), "")
	want(t, "short window", code(b.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: k.KeyId, PendingWindowInDays: aws.Int32(6)})), "ValidationException")
	want(t, "schedule", code(b.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: k.KeyId, PendingWindowInDays: aws.Int32(7)})), "")
	want(t, "scheduled", state(), "PendingDeletion")
	if rotation().KeyRotationEnabled {
		t.Error("a key to be deleted rotates")
	}
	want(t, "enable", code(b.EnableKey(ctx, &kms.EnableKeyInput{KeyId: k.KeyId})), "KMSInvalidStateException")
	want(t, "cancel", code(b.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: k.KeyId})), "")
	want(t, "cancelled", state(), "Disabled")
	want(t, "schedule", code(b.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: k.KeyId})), "")
	b.Advance(30*24*time.Hour - time.Second)
	want(t, "a second before", state(), "PendingDeletion")
	b.Advance(time.Second)
	want(t, "deleted", state(), "NotFoundException")
	if _, ok := b.s.Find(calltest.Account, calltest.Region, *k.KeyId); ok {
		t.Error("a deleted key is found")
	}
}

func TestSpecsAndTags(t *testing.T) {
	b, ctx := newBench(t, ""), t.Context()
	out, err := b.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: types.KeySpecRsa2048, KeyUsage: types.KeyUsageTypeSignVerify, Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("1")}}})
	if err != nil {
		t.Fatal(err)
	}
	id := out.KeyMetadata.KeyId
	want(t, "rotation", code(b.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: id})), "UnsupportedOperationException")
	want(t, "usage", code(b.CreateKey(ctx, &kms.CreateKeyInput{KeyUsage: types.KeyUsageTypeSignVerify})), "ValidationException")
	want(t, "tag", code(b.TagResource(ctx, &kms.TagResourceInput{KeyId: id, Tags: []types.Tag{{TagKey: aws.String("b"), TagValue: aws.String("2")}, {TagKey: aws.String("a"), TagValue: aws.String("3")}}})), "")
	want(t, "reserved", code(b.TagResource(ctx, &kms.TagResourceInput{KeyId: id, Tags: []types.Tag{{TagKey: aws.String("aws:b"), TagValue: aws.String("2")}}})), "TagException")
	want(t, "untag", code(b.UntagResource(ctx, &kms.UntagResourceInput{KeyId: id, TagKeys: []string{"b"}})), "")
	tags, err := b.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: id})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].TagValue != "3" {
		t.Errorf("%+v %v", tags, err)
	}
	if Serves("Encrypt") || Serves("GenerateDataKey") {
		t.Error("a key without material encrypts")
	}
}

func TestStateStays(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, dir)
	k := b.key(t)
	want(t, "alias", code(b.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/trail"), TargetKeyId: k.KeyId})), "")
	again := newBench(t, dir)
	if arn, ok := again.s.Find(calltest.Account, calltest.Region, "alias/trail"); !ok || arn != *k.Arn || !again.s.Enabled(arn) || !again.s.Changed(arn).Equal(start) {
		t.Errorf("%s %t", arn, ok)
	}
}
