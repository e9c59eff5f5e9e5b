package organizations

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/smithy-go"

	"trailctl/internal/sandbox/calltest"
)

var start = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

const trailService = "cloudtrail.amazonaws.com"

func newService(t *testing.T, dir string) (*Service, *calltest.Bench) {
	t.Helper()
	s, err := New(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return s, calltest.Start(t, s, start)
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

func TestOrganization(t *testing.T) {
	dir := t.TempDir()
	s, b := newService(t, dir)
	ctx, client := t.Context(), organizations.NewFromConfig(b.Config(calltest.Account, calltest.Region))
	want(t, "none", code(client.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})), "AWSOrganizationsNotInUseException")
	out, err := client.CreateOrganization(ctx, &organizations.CreateOrganizationInput{})
	if err != nil || out.Organization.FeatureSet != types.OrganizationFeatureSetAll || *out.Organization.MasterAccountId != calltest.Account {
		t.Fatalf("%+v %v", out, err)
	}
	id := *out.Organization.Id
	want(t, "ARN", *out.Organization.Arn, "arn:aws:organizations::123456789012:organization/"+id)
	want(t, "again", code(client.CreateOrganization(ctx, &organizations.CreateOrganizationInput{})), "AlreadyInOrganizationException")

	made, err := client.CreateAccount(ctx, &organizations.CreateAccountInput{AccountName: aws.String("dev"), Email: aws.String("dev@example.com")})
	if err != nil || made.CreateAccountStatus.State != types.CreateAccountStateSucceeded {
		t.Fatalf("%+v %v", made, err)
	}
	account := *made.CreateAccountStatus.AccountId
	status, err := client.DescribeCreateAccountStatus(ctx, &organizations.DescribeCreateAccountStatusInput{CreateAccountRequestId: made.CreateAccountStatus.Id})
	if err != nil || *status.CreateAccountStatus.AccountId != account {
		t.Errorf("%+v %v", status, err)
	}
	made, err = client.CreateAccount(ctx, &organizations.CreateAccountInput{AccountName: aws.String("dev2"), Email: aws.String("dev@example.com")})
	if err != nil || made.CreateAccountStatus.FailureReason != types.CreateAccountFailureReasonEmailAlreadyExists {
		t.Errorf("%+v %v", made, err)
	}
	want(t, "email", code(client.CreateAccount(ctx, &organizations.CreateAccountInput{AccountName: aws.String("x"), Email: aws.String("nobody")})), "InvalidInputException")

	member := organizations.NewFromConfig(b.Config(account, calltest.Region))
	seen, err := member.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err != nil || *seen.Organization.Id != id {
		t.Errorf("%+v %v", seen, err)
	}
	want(t, "member", code(member.ListAccounts(ctx, &organizations.ListAccountsInput{})), "AccessDeniedException")
	again, _ := newService(t, dir)
	for _, s := range []*Service{s, again} {
		for _, caller := range []string{account, calltest.Account} {
			if o, m, ok := s.Organization(caller); o != id || m != calltest.Account || !ok {
				t.Errorf("Organization(%s) = %s %s %t", caller, o, m, ok)
			}
			if m := s.Members(caller); len(m) != 2 || !slices.Contains(m, account) || !slices.IsSorted(m) {
				t.Errorf("Members: %v", m)
			}
		}
		if _, _, ok := s.Organization("999988887777"); ok || s.Members("999988887777") != nil {
			t.Error("a stranger is a member")
		}
	}
	want(t, "not empty", code(client.DeleteOrganization(ctx, &organizations.DeleteOrganizationInput{})), "OrganizationNotEmptyException")
	want(t, "remove", code(client.RemoveAccountFromOrganization(ctx, &organizations.RemoveAccountFromOrganizationInput{AccountId: &account})), "")
	want(t, "delete", code(client.DeleteOrganization(ctx, &organizations.DeleteOrganizationInput{})), "")
	if _, _, ok := s.Organization(calltest.Account); ok {
		t.Error("the organization is still there")
	}
}

func TestTrustedServices(t *testing.T) {
	s, b := newService(t, "")
	ctx, client := t.Context(), organizations.NewFromConfig(b.Config(calltest.Account, "eu-west-1"))
	if _, err := client.CreateOrganization(ctx, &organizations.CreateOrganizationInput{}); err != nil {
		t.Fatal(err)
	}
	if c := b.Last(); c.Region != "us-east-1" || c.EventSource != "organizations.amazonaws.com" {
		t.Errorf("recorded in %s from %s", c.Region, c.EventSource)
	}
	enable := func(service string) string {
		return code(client.EnableAWSServiceAccess(ctx, &organizations.EnableAWSServiceAccessInput{ServicePrincipal: &service}))
	}
	if s.Trusts(calltest.Account, trailService) {
		t.Error("trusted before it was")
	}
	want(t, "bad", enable("cloudtrail"), "InvalidInputException")
	want(t, "good", enable(trailService), "")
	want(t, "again", enable(trailService), "")
	if !s.Trusts(calltest.Account, trailService) || s.Trusts("999988887777", trailService) {
		t.Error("Trusts is wrong")
	}
	list, err := client.ListAWSServiceAccessForOrganization(ctx, &organizations.ListAWSServiceAccessForOrganizationInput{})
	if err != nil || len(list.EnabledServicePrincipals) != 1 || *list.EnabledServicePrincipals[0].ServicePrincipal != trailService {
		t.Errorf("%+v %v", list, err)
	}
	want(t, "disable", code(client.DisableAWSServiceAccess(ctx, &organizations.DisableAWSServiceAccessInput{ServicePrincipal: aws.String(trailService)})), "")
	if s.Trusts(calltest.Account, trailService) {
		t.Error("still trusted")
	}
}

func TestAccountPages(t *testing.T) {
	_, b := newService(t, "")
	ctx, client := t.Context(), organizations.NewFromConfig(b.Config(calltest.Account, calltest.Region))
	if _, err := client.CreateOrganization(ctx, &organizations.CreateOrganizationInput{}); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		want(t, "account", code(client.CreateAccount(ctx, &organizations.CreateAccountInput{AccountName: aws.String("x"), Email: aws.String(fmt.Sprintf("x%d@example.com", i))})), "")
	}
	pages, n, accounts := organizations.NewListAccountsPaginator(client, &organizations.ListAccountsInput{MaxResults: aws.Int32(2)}), 0, map[string]bool{}
	for ; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Accounts {
			accounts[*a.Id] = true
		}
	}
	if n != 3 || len(accounts) != 5 {
		t.Errorf("%d pages, %v", n, accounts)
	}
}
