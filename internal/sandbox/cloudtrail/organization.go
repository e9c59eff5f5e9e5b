package cloudtrail

import (
	"slices"

	"trailctl/internal/sandbox/call"
)

// checkOrganization checks that the trail's account may make trails for its
// organization (user guide, "Prepare for creating a trail for your
// organization"), and notes the organization's id.
func (s *Service) checkOrganization(t *trail) *call.Error {
	id, management, ok := s.Organizations.Organization(t.Account)
	switch {
	case !ok:
		return refuse("OrganizationsNotInUseException", "Your account is not a member of an organization.")
	case management != t.Account:
		return refuse("NotOrganizationMasterAccountException",
			"Your account %s is not the management account of the organization %s.", t.Account, id)
	case !s.Organizations.Trusts(t.Account, servicePrincipal):
		return refuse("CloudTrailAccessNotEnabledException",
			"Trusted access between CloudTrail and Organizations is not enabled: enable the service access of %s.", servicePrincipal)
	}
	t.Organization = id
	return nil
}

// accounts are those that a trail delivers for.
func (s *Service) accounts(t *trail) []string {
	if t.Organization == "" {
		return []string{t.Account}
	}
	members := s.Organizations.Members(t.Account)
	if slices.Contains(members, t.Account) {
		return members
	}
	return append([]string{t.Account}, members...)
}

// folders are those that the bucket's policy has to open for a trail: one for
// each account of an organization, and that of the trail's own account besides,
// as the trail may become one of that account alone (user guide, "Amazon S3
// bucket policy for CloudTrail").
func (s *Service) folders(t *trail) []string {
	list := []string{t.folder("", t.Account)}
	if t.Organization != "" {
		for _, account := range s.accounts(t) {
			list = append(list, t.folder(t.Organization, account))
		}
	}
	return list
}

// shared tells whether an account sees a trail: its own, or one of its
// organization.
func (s *Service) shared(t *trail, account string) bool {
	return t.Account == account || t.Organization != "" && slices.Contains(s.Organizations.Members(t.Account), account)
}
