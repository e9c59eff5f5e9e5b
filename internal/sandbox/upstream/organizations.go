package upstream

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"trailctl/internal/sandbox/cloudtrail"
)

// accounts is the upstream's Organizations. An upstream without it has no
// account that is in an organization.
type accounts struct {
	*clients

	mu   sync.Mutex
	told map[string]*membership // by account
}

// membership is what Members was told last.
type membership struct {
	mu    sync.Mutex // one question at a time
	list  []string
	err   error
	until time.Time
}

// membershipKept is how long that counts: events are recorded faster than
// anybody can be asked.
const membershipKept = 2 * time.Second

// organizationsRegion is the region that calls to Organizations are signed for.
const organizationsRegion = "us-east-1"

const (
	notInUse  = "AWSOrganizationsNotInUseException"
	notManage = "AccessDeniedException"
)

func (a *accounts) api(account string) *organizations.Client {
	return a.in(account, organizationsRegion).organizations
}

// none tells whether an error means that an account has no organization, or
// none that it may ask about.
func (a *accounts) none(err error) bool {
	return isLack(err) || isRefusal(err, notInUse, notManage)
}

// Organization is the organization of an account.
func (a *accounts) Organization(ctx context.Context, account string) (*cloudtrail.OrganizationState, error) {
	ctx, cancel := question(ctx)
	defer cancel()
	out, err := a.api(account).DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err = a.refusal(err); a.none(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if out.Organization == nil {
		return nil, nil
	}
	return &cloudtrail.OrganizationState{
		ID: aws.ToString(out.Organization.Id), Management: aws.ToString(out.Organization.MasterAccountId),
	}, nil
}

// Members lists the accounts of the organization that an account manages, as
// of two seconds ago at the most.
func (a *accounts) Members(ctx context.Context, account string) ([]string, error) {
	a.mu.Lock()
	m := a.told[account]
	if m == nil {
		m = &membership{}
		a.told[account] = m
	}
	a.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Now().After(m.until) {
		m.list, m.err = a.members(ctx, account)
		m.until = time.Now().Add(membershipKept)
		if ctx.Err() != nil {
			m.until = time.Time{} // the asker went away, which says nothing
		}
	}
	return slices.Clone(m.list), m.err
}

func (a *accounts) members(ctx context.Context, account string) ([]string, error) {
	ctx, cancel := question(ctx)
	defer cancel()
	var list []string
	pages := organizations.NewListAccountsPaginator(a.api(account), &organizations.ListAccountsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err = a.refusal(err); a.none(err) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		for _, one := range page.Accounts {
			list = append(list, aws.ToString(one.Id))
		}
	}
	slices.Sort(list)
	return list, nil
}

// Trusts tells whether a service has trusted access.
func (a *accounts) Trusts(ctx context.Context, account, principal string) (bool, error) {
	ctx, cancel := question(ctx)
	defer cancel()
	pages := organizations.NewListAWSServiceAccessForOrganizationPaginator(a.api(account), &organizations.ListAWSServiceAccessForOrganizationInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err = a.refusal(err); isRefusal(err, notInUse, notManage) {
			return false, nil
		} else if err != nil {
			return false, err
		}
		for _, one := range page.EnabledServicePrincipals {
			if aws.ToString(one.ServicePrincipal) == principal {
				return true, nil
			}
		}
	}
	return false, nil
}
