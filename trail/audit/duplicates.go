package audit

import (
	"fmt"
	"slices"
	"strings"
)

const duplicatesID = "trailctl.duplicates"

// duplicates finds management events that are recorded more than once in a
// region. AWS delivers the first copy to S3 free of charge and takes a price
// for every further one (CloudTrail pricing); reading and writing count by
// themselves, so two trails that share them between each other cost nothing.
func duplicates(a Account) accountVerdict {
	var everywhere, unread []string
	byRegion := map[string][]Subject{}
	var all []Subject
	for _, s := range a.Trails {
		switch {
		case s.Err != nil || s.StatusErr != nil || s.Selectors == nil:
			unread = append(unread, s.Trail.Name)
		case !s.Status.Logging:
		case s.Trail.MultiRegion:
			all = append(all, s)
			everywhere = append(everywhere, s.Trail.Name)
		default:
			byRegion[s.Trail.HomeRegion] = append(byRegion[s.Trail.HomeRegion], s)
		}
	}
	found := overlaps("all regions", all)
	for _, region := range sortedKeys(byRegion) {
		local := overlaps(region, append(slices.Clone(all), byRegion[region]...))
		// What two trails for all regions do is said once.
		found = append(found, slices.DeleteFunc(local, func(o overlap) bool {
			return slices.ContainsFunc(found, func(f overlap) bool { return f.kind == o.kind && len(f.trails) == len(o.trails) })
		})...)
	}
	var e []Evidence
	for _, s := range a.Trails {
		if s.Err == nil && s.Selectors != nil {
			e = append(e, of(s, "cloudtrail:GetEventSelectors", "management events", managementEvents(s.Trail, s.Selectors).String()))
		}
	}
	switch {
	case len(found) > 0:
		fix, why := fixDuplicate(a, found)
		v := fail(wordsOf(found)+"; "+why, fix, e...)
		return accountVerdict{Verdict: v, about: arnsOf(found)}
	case len(unread) > 0:
		return accountVerdict{Verdict: unknown("could not be read: "+strings.Join(unread, ", "), nil, e...)}
	case a.Partial != nil:
		return accountVerdict{Verdict: unknown("not all trails could be listed", a.Partial, e...)}
	case len(a.Trails) == 0:
		return accountVerdict{Verdict: none("there is no trail")}
	}
	return accountVerdict{Verdict: pass("each is recorded once at most", e...)}
}

// overlap is a kind of management event that several trails record in one
// region.
type overlap struct {
	region, kind string
	trails       []Subject
}

func overlaps(region string, trails []Subject) []overlap {
	read, write := overlap{region: region, kind: "read"}, overlap{region: region, kind: "write"}
	for _, s := range trails {
		c := managementEvents(s.Trail, s.Selectors)
		if c.read.some {
			read.trails = append(read.trails, s)
		}
		if c.write.some {
			write.trails = append(write.trails, s)
		}
	}
	return slices.DeleteFunc([]overlap{read, write}, func(o overlap) bool { return len(o.trails) < 2 })
}

func wordsOf(found []overlap) string {
	var lines []string
	for i := 0; i < len(found); i++ {
		kind := found[i].kind
		if i+1 < len(found) && found[i+1].region == found[i].region && len(found[i+1].trails) == len(found[i].trails) {
			kind, i = "read and write", i+1
		}
		var names []string
		for _, s := range found[i].trails {
			names = append(names, describe(s))
		}
		lines = append(lines, fmt.Sprintf("%s management events in %s are recorded %d times, by %s: the first copy is free, each further one is charged",
			kind, found[i].region, len(names), someOf(names)))
	}
	return strings.Join(lines, "; ")
}

// someOf keeps a sentence short: the evidence names all trails.
func someOf(names []string) string {
	const most = 4
	if n := len(names) - most; n > 1 {
		names = append(slices.Clone(names[:most]), fmt.Sprintf("%d others", n))
	}
	return strings.Join(names, " and ")
}

// describe names a trail and why it counts.
func describe(s Subject) string {
	switch {
	case s.Trail.Organization && s.Account.ID != "" && s.Trail.Account() != s.Account.ID:
		return s.Trail.Name + " (the organization's, of account " + s.Trail.Account() + ")"
	case s.Trail.Organization:
		return s.Trail.Name + " (the organization's)"
	case s.Trail.MultiRegion:
		return s.Trail.Name + " (all regions)"
	}
	return s.Trail.Name + " (" + s.Trail.HomeRegion + " only)"
}

func arnsOf(found []overlap) []string {
	var arns []string
	for _, o := range found {
		for _, s := range o.trails {
			arns = append(arns, s.Trail.ARN)
		}
	}
	slices.Sort(arns)
	return slices.Compact(arns)
}
