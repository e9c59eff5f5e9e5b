package seed

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trailctl/internal/sandbox/cloudtrail"
)

func plan(events int, seed uint64) Plan {
	end := time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)
	return Plan{
		Account: "123456789012", Regions: []string{"eu-west-1", "us-east-1", "us-west-2", "sa-east-1"},
		Events: events, Start: end.AddDate(0, 0, -7), End: end, Seed: seed,
		PrincipalID: func(kind, account, name string) string {
			return kind + strings.ToUpper(fmt.Sprintf("%x", sha256.Sum256([]byte(kind+account+name))))[:17]
		},
	}
}

func events(t *testing.T, p Plan) []cloudtrail.Event {
	t.Helper()
	var all []cloudtrail.Event
	for e, err := range p.All() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func TestTheSamePlanMakesTheSameEvents(t *testing.T) {
	text := func(events []cloudtrail.Event) string {
		var b strings.Builder
		for _, e := range events {
			b.Write(e.JSON)
		}
		return b.String()
	}
	one, two, other := text(events(t, plan(2000, 7))), text(events(t, plan(2000, 7))), text(events(t, plan(2000, 8)))
	if one != two {
		t.Error("one seed made two histories")
	}
	if one == other {
		t.Error("two seeds made one history")
	}
}

func TestHistoryIsPlausible(t *testing.T) {
	p := plan(10_000, 1)
	all := events(t, p)
	if len(all) != p.Events {
		t.Fatalf("%d events", len(all))
	}
	if !slices.IsSortedFunc(all, func(a, b cloudtrail.Event) int { return a.Time.Compare(b.Time) }) {
		t.Error("the events are not in the order of time")
	}
	if all[0].Time.Before(p.Start) || all[len(all)-1].Time.After(p.End) {
		t.Errorf("the events go from %s to %s", all[0].Time, all[len(all)-1].Time)
	}
	ids, regions, sources, users := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	failed, root, logins, night := 0, 0, 0, 0
	for _, e := range all {
		ids[e.ID]++
		regions[e.Region]++
		sources[e.Source]++
		users[e.UserName]++
		if e.ErrorCode != "" {
			failed++
		}
		if e.UserName == "root" {
			root++
		}
		if e.Name == "ConsoleLogin" {
			logins++
		}
		if e.Time.Hour() < 6 {
			night++
		}
	}
	if len(ids) != len(all) {
		t.Errorf("%d event ids for %d events", len(ids), len(all))
	}
	if len(regions) < 3 || len(sources) < 10 || len(users) < 10 {
		t.Errorf("%d regions, %d services, %d users", len(regions), len(sources), len(users))
	}
	if share := failed * 1000 / len(all); share < 30 || share > 70 {
		t.Errorf("%d of 1000 calls failed", share)
	}
	if root != 2 || logins < 50 || night == 0 || night*4 > len(all) {
		t.Errorf("%d calls of root, %d sign-ins, %d events in the six hours after midnight", root, logins, night)
	}
}

func TestSmallAndOddPlans(t *testing.T) {
	for _, n := range []int{0, 1, 49, 513} {
		p := plan(n, 1)
		p.Regions = []string{"sa-east-1"}
		for _, e := range events(t, p) {
			if e.Region != "sa-east-1" {
				t.Errorf("an event in %s, which is not enabled", e.Region)
			}
		}
		if got := len(events(t, p)); got != n {
			t.Errorf("%d of %d events", got, n)
		}
	}
}

// Whoever stops listening leaves no worker behind that blocks for ever.
func TestStopInTheMiddle(t *testing.T) {
	n := 0
	for range plan(5000, 1).All() {
		if n++; n == 10 {
			break
		}
	}
}
