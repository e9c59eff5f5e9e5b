package iam

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"trailctl/internal/sandbox/calltest"
)

var start = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

const (
	trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow", "Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole",
"Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:123456789012:trail/t"}}}]}`
	inline = `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":"logs:*","Resource":"arn:aws:logs:*:*:log-group:g:*"}]}`
)

type bench struct {
	*calltest.Bench
	*iam.Client
	s *Service
}

func newBench(t *testing.T, dir string) *bench {
	t.Helper()
	s, err := New(Options{Dir: dir, PrincipalID: func(kind, account, name string) string {
		return fmt.Sprintf("%s%s%04d", kind, account, len(name))
	}})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{Bench: calltest.Start(t, s, start), s: s}
	b.Client = iam.NewFromConfig(b.Config(calltest.Account, calltest.Region))
	return b
}

func (b *bench) role(t *testing.T, name string) *types.Role {
	t.Helper()
	out, err := b.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)})
	if err != nil {
		t.Fatal(err)
	}
	return out.Role
}

// body is what a call without parameters is answered, as it is sent.
func (b *bench) body(t *testing.T, action string) string {
	t.Helper()
	answer, err := http.PostForm(b.URL, url.Values{"Action": {action}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
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

func TestRole(t *testing.T) {
	b := newBench(t, "")
	ctx, name := t.Context(), aws.String("trail-role")
	out, err := b.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: name, AssumeRolePolicyDocument: aws.String(trust), Path: aws.String("/trails/"), Description: aws.String("writes"),
		MaxSessionDuration: aws.Int32(7200), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("ops")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := out.Role
	want(t, "ARN", *r.Arn, "arn:aws:iam::123456789012:role/trails/trail-role")
	want(t, "id", *r.RoleId, "AROA1234567890120010")
	c := b.Last()
	want(t, "recorded", fmt.Sprint(c.EventSource, c.Region, c.ReadOnly, c.RequestParameters["roleName"], c.RequestParameters["maxSessionDuration"], c.RequestParameters["tags"]),
		"iam.amazonaws.comus-east-1falsetrail-role7200 [map[key:team value:ops]]")
	want(t, "other case", code(b.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("TRAIL-role"), AssumeRolePolicyDocument: aws.String(trust)})), "EntityAlreadyExists")
	got, err := b.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	if err != nil {
		t.Fatal(err)
	}
	r = got.Role
	if strings.ContainsAny(*r.AssumeRolePolicyDocument, " {\"+") || !strings.Contains(*r.AssumeRolePolicyDocument, "%2C%20%22Principal") {
		t.Errorf("the document is not URL-encoded: %s", *r.AssumeRolePolicyDocument)
	}
	text, err := url.QueryUnescape(*r.AssumeRolePolicyDocument)
	want(t, "document", text, trust)
	if err != nil || *r.MaxSessionDuration != 7200 || *r.Description != "writes" || len(r.Tags) != 1 || !r.CreateDate.Equal(start) {
		t.Errorf("%+v %v", r, err)
	}
	list, err := b.ListRoles(ctx, &iam.ListRolesInput{PathPrefix: aws.String("/trails/")})
	if err != nil || len(list.Roles) != 1 || len(list.Roles[0].Tags) != 0 {
		t.Errorf("%+v %v", list, err)
	}
	want(t, "none", code(b.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("none")})), "NoSuchEntity")
	want(t, "recorded error", b.Last().Error.Code, "NoSuchEntityException")
	if _, err := b.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}); err != nil {
		t.Error(err)
	}
	want(t, "gone", code(b.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})), "NoSuchEntity")
}

func TestRefusedRoles(t *testing.T) {
	b := newBench(t, "")
	long := strings.Replace(trust, `"aws:SourceArn":"`, `"aws:SourceArn":"`+strings.Repeat("x", 2048), 1)
	rows := []struct {
		what   string
		change func(*iam.CreateRoleInput)
		want   string
	}{
		{"name", func(in *iam.CreateRoleInput) { in.RoleName = aws.String("a b") }, "ValidationError"},
		{"path", func(in *iam.CreateRoleInput) { in.Path = aws.String("x") }, "ValidationError"},
		{"session", func(in *iam.CreateRoleInput) { in.MaxSessionDuration = aws.Int32(60) }, "ValidationError"},
		{"no JSON", func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = aws.String("{") }, "MalformedPolicyDocument"},
		{"resource", func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = aws.String(inline) }, "MalformedPolicyDocument"},
		{"too long", func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = &long }, "LimitExceeded"},
		{"tag", func(in *iam.CreateRoleInput) {
			in.Tags = []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}
		}, "InvalidInput"},
	}
	for _, row := range rows {
		in := &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trust)}
		row.change(in)
		want(t, row.what, code(b.CreateRole(t.Context(), in)), row.want)
	}
}

func TestPolicies(t *testing.T) {
	b := newBench(t, "")
	ctx, name := t.Context(), b.role(t, "r").RoleName
	put := func(policy, text string) string {
		return code(b.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: &policy, PolicyDocument: &text}))
	}
	want(t, "put", put("p", inline), "")
	want(t, "replaced", put("p", inline+"\n"), "")
	want(t, "trust as inline", put("q", trust), "MalformedPolicyDocument")
	want(t, "too much", put("q", strings.Replace(inline, `"g:*"`, "", 1)+strings.Repeat(" ", 11000)), "")
	want(t, "too much", put("q", strings.Replace(inline, "log-group:g", "log-group:"+strings.Repeat("g", 10240), 1)), "LimitExceeded")
	if _, err := b.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("q")}); err != nil {
		t.Error(err)
	}
	list, err := b.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: name})
	if err != nil || fmt.Sprint(list.PolicyNames) != "[p]" {
		t.Errorf("%+v %v", list, err)
	}
	got, err := b.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("p")})
	if err != nil {
		t.Fatal(err)
	}
	text, _ := url.QueryUnescape(*got.PolicyDocument)
	want(t, "document", text, inline+"\n")
	want(t, "none", code(b.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("q")})), "NoSuchEntity")
	want(t, "delete", code(b.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})), "DeleteConflict")

	managed := aws.String("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
	for range 2 {
		want(t, "attach", code(b.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: managed})), "")
	}
	want(t, "not AWS's", code(b.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String("arn:aws:iam::123456789012:policy/x")})), "NoSuchEntity")
	attached, err := b.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name})
	if err != nil || len(attached.AttachedPolicies) != 1 || *attached.AttachedPolicies[0].PolicyName != "AWSLambdaBasicExecutionRole" {
		t.Errorf("%+v %v", attached, err)
	}
	want(t, "inline gone", code(b.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("p")})), "")
	want(t, "delete", code(b.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})), "DeleteConflict")
	want(t, "detach", code(b.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: managed})), "")
	want(t, "detach", code(b.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: managed})), "NoSuchEntity")
	want(t, "delete", code(b.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})), "")
}

func TestTagsAndPages(t *testing.T) {
	b := newBench(t, "")
	ctx, name := t.Context(), b.role(t, "r").RoleName
	tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	put := func(tags ...types.Tag) string {
		return code(b.TagRole(ctx, &iam.TagRoleInput{RoleName: name, Tags: tags}))
	}
	want(t, "tags", put(tag("c", "3"), tag("a", "1"), tag("b", "2")), "")
	if list := b.body(t, "ListRoles"); strings.Contains(list, "<Tags>") || !strings.Contains(list, "<RoleName>r</RoleName>") {
		t.Errorf("roles are listed with tags: %s", list)
	}
	want(t, "other case", put(tag("A", "4")), "")
	want(t, "twice", put(tag("x", "1"), tag("X", "1")), "InvalidInput")
	want(t, "untag", code(b.UntagRole(ctx, &iam.UntagRoleInput{RoleName: name, TagKeys: []string{"b"}})), "")
	got, pages := "", iam.NewListRoleTagsPaginator(b.Client, &iam.ListRoleTagsInput{RoleName: name, MaxItems: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, t := range page.Tags {
			got += *t.Key + *t.Value
		}
	}
	want(t, "tags", got, "A4c3")
}

func TestWhatARoleMay(t *testing.T) {
	b := newBench(t, "")
	ctx, arn := t.Context(), *b.role(t, "r").Arn
	source := map[string]string{"aws:SourceArn": "arn:aws:cloudtrail:us-east-1:123456789012:trail/t"}
	const stream = "arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:x"
	check := func(what string, got, want bool) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %t", what, got)
		}
	}
	check("role", b.s.Role(arn), true)
	check("other path", b.s.Role("arn:aws:iam::123456789012:role/x/r"), false)
	check("other account", b.s.Role("arn:aws:iam::999988887777:role/r"), false)
	check("a user", b.s.Role("arn:aws:iam::123456789012:user/r"), false)
	check("assumable", b.s.Assumable(arn, "cloudtrail.amazonaws.com", source), true)
	check("other trail", b.s.Assumable(arn, "cloudtrail.amazonaws.com", nil), false)
	check("other service", b.s.Assumable(arn, "config.amazonaws.com", source), false)
	check("no policy", b.s.May(arn, "logs:PutLogEvents", stream), false)
	put := func(name, text string) {
		t.Helper()
		b.Advance(time.Minute)
		want(t, name, code(b.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: &name, PolicyDocument: &text})), "")
	}
	put("p", inline)
	check("policy", b.s.May(arn, "logs:PutLogEvents", stream), true)
	check("other group", b.s.May(arn, "logs:PutLogEvents", strings.Replace(stream, ":g:", ":h:", 1)), false)
	check("changed", b.s.Changed(arn).Equal(start.Add(time.Minute)), true)
	put("q", `{"Statement":{"Effect":"Deny","Action":"logs:PutLogEvents","Resource":"*"}}`)
	check("denied", b.s.May(arn, "logs:PutLogEvents", stream), false)
	check("another action", b.s.May(arn, "logs:CreateLogStream", stream), true)
	b.Advance(time.Minute)
	want(t, "trust", code(b.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
		RoleName: aws.String("r"), PolicyDocument: aws.String(strings.Replace(trust, "cloudtrail.", "config.", 1)),
	})), "")
	check("changed again", b.s.Changed(arn).Equal(start.Add(3*time.Minute)), true)
	check("no longer assumable", b.s.Assumable(arn, "cloudtrail.amazonaws.com", source), false)
	check("never changed", b.s.Changed("arn:aws:iam::123456789012:role/none").IsZero(), true)
}

func TestStateStays(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, dir)
	arn := *b.role(t, "r").Arn
	want(t, "put", code(b.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("p"), PolicyDocument: aws.String(inline)})), "")
	if info, err := os.Stat(filepath.Join(dir, "iam.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	again := newBench(t, dir) // without a Close, as after a crash
	if !again.s.May(arn, "logs:PutLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:x") {
		t.Error("the policy is lost")
	}
	if !again.s.Changed(arn).Equal(start) {
		t.Errorf("changed at %s", again.s.Changed(arn))
	}
}
