package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"trailctl/internal/sandbox/call"
)

// checkOrganization checks that the trail's account may make trails for its
// organization (user guide, "Prepare for creating a trail for your
// organization"), and notes the organization's id.
func (s *Service) checkOrganization(q *inquiry, t *trail) *call.Error {
	o, err := q.organization(t.Account)
	switch {
	case err != nil:
		return unavailable(err)
	case o == nil:
		return refuse("OrganizationsNotInUseException", "Your account is not a member of an organization.")
	case o.Management != t.Account:
		return refuse("NotOrganizationMasterAccountException",
			"Your account %s is not the management account of the organization %s.", t.Account, o.ID)
	}
	trusted, err := q.trusts(t.Account)
	if err != nil {
		return unavailable(err)
	}
	if !trusted {
		return refuse("CloudTrailAccessNotEnabledException",
			"Trusted access between CloudTrail and Organizations is not enabled: enable the service access of %s.", servicePrincipal)
	}
	if err := s.learnMembers(q.ctx, t.Account); err != nil {
		return unavailable(err)
	}
	t.Organization = o.ID
	return nil
}

// learnMembers asks for the accounts of an organization. What it is told stays
// known, for the questions that are asked while s.mu is held.
func (s *Service) learnMembers(ctx context.Context, management string) error {
	list, err := s.Organizations.Members(ctx, management)
	if err != nil {
		return fmt.Errorf("asking Organizations about the accounts of the organization of %s: %w", management, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members[management] = list
	return nil
}

// managers are the accounts whose organization trails meet a condition, with
// what is known of their members.
func (s *Service) managers(meets func(*trail) bool) map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var known map[string]bool
	for _, t := range s.trails {
		if t.Organization != "" && meets(t) {
			if known == nil {
				known = map[string]bool{}
			}
			_, known[t.Account] = s.members[t.Account]
		}
	}
	return known
}

// learnOrganizations asks, before an API call, who belongs to the organizations
// that have trails. Without an answer the call fails that needs it: one that
// makes a management account's trail log, and one of another account whose
// membership nobody has ever told.
func (s *Service) learnOrganizations(c *call.Call) *call.Error {
	for manager, known := range s.managers(func(*trail) bool { return true }) {
		err := s.learnMembers(contextOf(c), manager)
		switch {
		case err == nil:
		case manager != c.Account && !known, manager == c.Account && startsLogging(c.Operation):
			return unavailable(err)
		default:
			s.lastKnown(manager, err)
		}
	}
	return nil
}

// lastKnown tells of an organization that is taken as it was last known. That
// nothing is heard of the upstream is told by whoever noticed it.
func (s *Service) lastKnown(manager string, err error) {
	if !errors.Is(err, ErrSilent) {
		s.log.Warn("an organization is taken as it was last known", "account", manager, "error", err)
	}
}

func startsLogging(operation string) bool {
	return operation == "CreateTrail" || operation == "UpdateTrail" || operation == "StartLogging"
}

// learnAccount asks, before an event is recorded, whether its account has come
// into the organization of a trail that logs, where it has no chain there yet.
func (s *Service) learnAccount(ctx context.Context, account string) {
	strange := func(t *trail) bool {
		return t.Logging && t.Account != account && t.Chains[t.chainName(account, t.Region)] == nil
	}
	for manager := range s.managers(strange) {
		if err := s.learnMembers(ctx, manager); err != nil {
			s.lastKnown(manager, err)
		}
	}
}

// accounts are those that a trail delivers for. s.mu is held.
func (s *Service) accounts(t *trail) []string {
	if t.Organization == "" {
		return []string{t.Account}
	}
	members := s.members[t.Account]
	if slices.Contains(members, t.Account) {
		return members
	}
	return append([]string{t.Account}, members...)
}

// accountsOf is accounts for whoever does not hold s.mu.
func (s *Service) accountsOf(t *trail) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accounts(t)
}

// folders are those that the bucket's policy has to open for a trail: one for
// each account of an organization, and that of the trail's own account besides,
// as the trail may become one of that account alone (user guide, "Amazon S3
// bucket policy for CloudTrail").
func (s *Service) folders(t *trail) []string {
	list := []string{t.folder("", t.Account)}
	if t.Organization != "" {
		for _, account := range s.accountsOf(t) {
			list = append(list, t.folder(t.Organization, account))
		}
	}
	return list
}

// shared tells whether an account sees a trail: its own, or one of its
// organization. s.mu is held.
func (s *Service) shared(t *trail, account string) bool {
	return t.Account == account || t.Organization != "" && slices.Contains(s.members[t.Account], account)
}
