package audit

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"trailctl/trail"
)

// spare is the trail whose copies of management events can go: one of the
// account's own that records nothing which another one does not record, and
// without which every rule of the account holds that holds now. It is not the
// trail that the remedies of other rules change. Of several it is the one that
// is for one region, then the one that meets fewest rules.
func spare(a Account, found []overlap) (Subject, bool) {
	worth := map[string][]int{}
	var own []Subject
	for _, o := range found {
		for _, s := range o.trails {
			if worth[s.Trail.ARN] == nil && s.Trail.Account() == a.ID && recordedElsewhere(a, s) {
				worth[s.Trail.ARN] = []int{one(s.Trail.Organization), one(s.Trail.MultiRegion), one(isLead(a, s)), a.meets(s)}
				own = append(own, s)
			}
		}
	}
	slices.SortStableFunc(own, func(x, y Subject) int { return slices.Compare(worth[x.Trail.ARN], worth[y.Trail.ARN]) })
	met, lacking := a.met(), a.lacking()
	for _, s := range own {
		if lacking && isLead(a, s) {
			continue
		}
		after := without(a, s).met()
		lost := false
		for id := range met {
			lost = lost || !after[id]
		}
		if !lost {
			return s, true
		}
	}
	return Subject{}, false
}

func isLead(a Account, s Subject) bool { return a.lead != nil && a.lead.Trail.ARN == s.Trail.ARN }

// recordedElsewhere tells whether other trails that are logging record all
// management events of this one, wherever it records them.
func recordedElsewhere(a Account, s Subject) bool {
	c := managementEvents(s.Trail, s.Selectors)
	var read, write bool
	for _, o := range a.Trails {
		if o.Trail.ARN == s.Trail.ARN || o.Err != nil || o.StatusErr != nil || o.Selectors == nil || !o.Status.Logging {
			continue
		}
		if !o.Trail.MultiRegion && (s.Trail.MultiRegion || o.Trail.HomeRegion != s.Trail.HomeRegion) || s.Trail.Organization && !o.Trail.Organization {
			continue
		}
		other := managementEvents(o.Trail, o.Selectors)
		read, write = read || other.read.holds(c.read), write || other.write.holds(c.write)
	}
	return read && write
}

// holds tells whether nothing is in the other extent that is not in this one.
// Of two that record some events only it is not known which.
func (e extent) holds(o extent) bool {
	switch {
	case !o.some, e.all:
		return true
	case !e.some || len(e.except) == 0 || !o.all && len(o.except) == 0:
		return false
	}
	return !slices.ContainsFunc(e.except, func(source string) bool { return !slices.Contains(o.except, source) })
}

// without is the account after a trail was spared.
func without(a Account, s Subject) Account {
	a.Trails = slices.Clone(a.Trails)
	i := slices.IndexFunc(a.Trails, func(x Subject) bool { return x.Trail.ARN == s.Trail.ARN })
	if managementOnly(s.Selectors) {
		a.Trails = slices.Delete(a.Trails, i, i+1)
		return a
	}
	muted := trail.Selectors{}
	for _, b := range s.Selectors.Basic {
		no := false
		b.IncludeManagementEvents = &no
		muted.Basic = append(muted.Basic, b)
	}
	for _, b := range s.Selectors.Advanced {
		if category(b) != "Management" {
			muted.Advanced = append(muted.Advanced, b)
		}
	}
	a.Trails[i].Selectors = &muted
	return a
}

// managementOnly tells a trail that would record nothing without management
// events, which AWS does not allow.
func managementOnly(sel *trail.Selectors) bool {
	for _, b := range sel.Basic {
		if len(b.DataResources) > 0 {
			return false
		}
	}
	return !slices.ContainsFunc(sel.Advanced, func(b types.AdvancedEventSelector) bool { return category(b) != "Management" })
}

// fixDuplicate is how the spare trail's copies end, and why it is that one.
func fixDuplicate(a Account, found []overlap) (fix, why string) {
	s, ok := spare(a, found)
	switch {
	case !ok:
		return "", "none of them can be spared"
	case managementOnly(s.Selectors):
		return onTrail("delete", s), s.Trail.Name + " can be spared, and records nothing else"
	}
	return update(s, "--management-events", "none"), s.Trail.Name + " can be spared"
}
