package trail

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
)

// ErrNotManagement says that the account is not the one that manages the
// organization.
var ErrNotManagement = errors.New("an organization trail is made from the organization's management account")

const trailService = "cloudtrail.amazonaws.com"

// OrganizationState is what is known of the account's organization.
type OrganizationState struct {
	ID         string // "o-..."
	Management string // account
	Access     bool   // CloudTrail may work in all of its accounts
	// Err is why it could not be read, for a trail that is an organization
	// trail already. Nothing of it is checked then.
	Err error
}

// describeOrganization reads the organization when the trail is one for it,
// or is asked to be.
func describeOrganization(ctx context.Context, clients Clients, spec Spec, homes []Home) (*OrganizationState, error) {
	already := slices.ContainsFunc(homes, func(h Home) bool { return h.Trail != nil && h.Trail.Organization })
	if isFalse(spec.Organization) || (!isTrue(spec.Organization) && !already) {
		return nil, nil
	}
	s, err := readOrganization(ctx, clients.Organizations())
	if err != nil && !isTrue(spec.Organization) && ctx.Err() == nil {
		return &OrganizationState{Err: err}, nil
	}
	return &s, err
}

func readOrganization(ctx context.Context, client Organizations) (OrganizationState, error) {
	var s OrganizationState
	out, err := client.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err == nil && out.Organization == nil {
		err = errors.New("the answer holds no organization")
	}
	if err != nil {
		return s, fmt.Errorf("reading the organization: %w", err)
	}
	s.ID, s.Management = aws.ToString(out.Organization.Id), aws.ToString(out.Organization.MasterAccountId)
	err = everyPage(func(token *string) (*string, error) {
		out, err := client.ListAWSServiceAccessForOrganization(ctx, &organizations.ListAWSServiceAccessForOrganizationInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, p := range out.EnabledServicePrincipals {
			s.Access = s.Access || aws.ToString(p.ServicePrincipal) == trailService
		}
		return out.NextToken, nil
	})
	if err != nil {
		return s, fmt.Errorf("reading which services may work in the organization: %w", err)
	}
	return s, nil
}

// organizationSteps see to it that CloudTrail may work in the organization.
// Only an explicit wish for an organization trail switches that on.
func (d differ) organizationSteps() ([]Step, error) {
	s := d.cur.Organization
	if s == nil || !isTrue(d.spec.Organization) {
		return nil, nil
	}
	if s.Management != d.cur.Account.ID {
		return nil, fmt.Errorf("account %s: %w, which is %s", d.cur.Account.ID, ErrNotManagement, s.Management)
	}
	step := Step{Kind: Keep, Target: "organization access", Summary: "CloudTrail may work in all accounts of " + s.ID}
	if s.Access {
		return []Step{step}, nil
	}
	step.Kind, step.Summary = Change, "let CloudTrail work in all accounts of "+s.ID
	step.Notes = []string{"opens the organization to " + trailService + ": it makes a service-linked role in every account"}
	step.do = func(ctx context.Context, r *run, _ *Step) error {
		r.touched(anOrganization)
		_, err := r.clients.Organizations().EnableAWSServiceAccess(ctx, &organizations.EnableAWSServiceAccessInput{ServicePrincipal: aws.String(trailService)})
		if err != nil {
			return fmt.Errorf("switching on CloudTrail's access to organization %s: %w", s.ID, err)
		}
		return nil
	}
	return []Step{step}, nil
}
