package trail

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// PlanSelectors plans selectors and Insights of one trail alone: what the spec
// says of anything else is left alone, and not looked at. It changes nothing.
func PlanSelectors(ctx context.Context, clients Clients, t Trail, spec Spec) (Plan, error) {
	spec.Name, spec.Region, spec.Update = t.Name, t.HomeRegion, true
	client := clients.CloudTrail(t.HomeRegion)
	status, err := ReadStatus(ctx, client, t)
	if err != nil {
		return Plan{}, err
	}
	h := Home{Region: t.HomeRegion, Trail: &t, Logging: status.Logging}
	if err := describeRecording(ctx, client, spec, &h); err != nil {
		return Plan{}, err
	}
	cur := Current{Account: clients.Account, Homes: []Home{h}}
	if cur.Buckets, err = describeBuckets(ctx, clients, spec); err != nil {
		return Plan{}, err
	}
	d := differ{spec: spec, cur: cur, trails: []Trail{t}}
	if err := d.insightsFit(); err != nil {
		return Plan{}, err
	}
	p := Plan{Account: cur.Account, Trail: t, Trails: d.trails, Logging: h.Logging}
	for _, part := range []func() ([]Step, error){d.selectorSteps, d.insightSteps} {
		steps, err := part()
		if err != nil {
			return Plan{}, err
		}
		p.Steps = append(p.Steps, steps...)
	}
	return p, nil
}

// insightsFit tells whether the trails will record what the wanted Insights
// look at, as far as that is known.
func (d differ) insightsFit() error {
	if d.spec.Insights == nil {
		return nil
	}
	for i, h := range d.cur.Homes {
		s, _, err := d.wantedSelectors(d.trails[i])
		if err != nil {
			return err
		}
		if s == nil && h.Trail == nil {
			first := newSelectors()
			s = &first
		}
		if s == nil {
			s = h.Selectors
		}
		if s == nil {
			continue // they stay, and were not read
		}
		if err := d.spec.Insights.Fits(*s); err != nil {
			return err
		}
	}
	return nil
}

// newSelectors are those of a new trail: all management events (API reference,
// PutEventSelectors).
func newSelectors() Selectors {
	return Selectors{Basic: []types.EventSelector{{ReadWriteType: types.ReadWriteTypeAll, IncludeManagementEvents: aws.Bool(true)}}}
}

// otherForm says that selectors of one form take the place of the other.
func otherForm(before, after Selectors) []string {
	switch {
	case len(before.Basic) > 0 && len(after.Advanced) > 0:
		return []string{"advanced selectors take the place of the basic ones: a trail cannot have both"}
	case len(before.Advanced) > 0 && len(after.Basic) > 0:
		return []string{"basic selectors take the place of the advanced ones: a trail cannot have both"}
	}
	return nil
}

// lost says which kinds of events are no longer recorded.
func lost(before, after Selectors) []string {
	kept := after.events()
	var list []string
	for _, e := range before.events() {
		if !slices.Contains(kept, e) {
			list = append(list, e+" are no longer recorded")
		}
	}
	return list
}

// events are the kinds of events that the selectors want at all.
func (s Selectors) events() []string {
	var list []string
	for _, a := range s.advanced() {
		r := newRule(a, false)
		text := r.Events + " events"
		if category(a) != "Management" {
			text += " of " + r.Of
		}
		list = append(list, text)
	}
	return sortedTexts(list)
}
