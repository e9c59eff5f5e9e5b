package audit

import "slices"

// pick chooses the trail that the account's rules propose to change, one for
// all of them, so that what they propose fits together: the account's own
// trail that needs least. Of those that need equally much it is the
// organization's, then the one that was named, then the one with most of what
// the rules ask for. It is nil when the account has no trail of its own.
func (a Account) pick(named string) *Subject {
	var best *Subject
	var highest []int
	for i, s := range a.Trails {
		if s.Err != nil || s.Trail.Account() != a.ID {
			continue
		}
		rank := []int{
			a.meets(s), one(s.Trail.Organization), one(s.Trail.ARN == named),
			one(s.Trail.LogGroupARN != ""), one(s.Trail.MultiRegion), one(s.Status.Logging),
		}
		if best == nil || slices.Compare(rank, highest) > 0 {
			best, highest = &a.Trails[i], rank
		}
	}
	return best
}

// meets is how many of the account's rules a trail would meet by itself, once
// it is logging.
func (a Account) meets(s Subject) int {
	s = switchedOn(s)
	return len(Account{Account: a.Account, Region: a.Region, Trails: []Subject{s}, lead: &s}.met())
}

// met are the account's rules that hold, by id, but for the one on duplicates,
// which is about having too much.
func (a Account) met() map[string]bool {
	return a.accountRules(Pass)
}

// lacking tells whether one of these rules fails: its remedy is then a change
// of the lead.
func (a Account) lacking() bool { return len(a.accountRules(Fail)) > 0 }

func (a Account) accountRules(r Result) map[string]bool {
	ids := map[string]bool{}
	for _, c := range Controls() {
		if c.account != nil && c.Own != duplicatesID && c.account(a).Result == r {
			ids[c.ID()] = true
		}
	}
	return ids
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
