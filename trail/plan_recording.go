package trail

import "context"

// wantedSelectors is what a trail is to record, nil when nothing is asked.
func (d differ) wantedSelectors(t Trail) (*Selectors, []string, error) {
	switch {
	case d.spec.Selectors != nil:
		return d.spec.Selectors, nil, nil
	case d.spec.Recording == nil:
		return nil, nil, nil
	}
	s, notes, err := d.spec.Recording.Selectors(d.own(t))
	if err != nil {
		return nil, nil, err // of ErrSpec already
	}
	return &s, notes, nil
}

func (d differ) selectorSteps() ([]Step, error) {
	var steps []Step
	for i, h := range d.cur.Homes {
		t := d.trails[i]
		want, notes, err := d.wantedSelectors(t)
		if err != nil {
			return nil, err
		}
		if want == nil {
			continue
		}
		s := d.selectorStep(h, t, *want, notes)
		d.trails[i].CustomSelectors = t.CustomSelectors || s.Kind != Keep
		steps = append(steps, s)
	}
	return steps, nil
}

func (d differ) selectorStep(h Home, t Trail, want Selectors, notes []string) Step {
	step := Step{Kind: Keep, Target: "selectors" + d.in(h.Region), Summary: "are as asked"}
	has := newSelectors()
	if h.Selectors != nil {
		has = *h.Selectors
	}
	if has.Equal(want) {
		return step
	}
	step.Kind, step.Summary, step.After, step.Notes = Change, "what the trail records", want.String(), notes
	if h.Selectors != nil {
		step.Before = h.Selectors.String()
		step.Notes = append(step.Notes, otherForm(has, want)...)
		step.Warnings = lost(has, want)
	}
	if h.Insights != nil && d.spec.Insights == nil {
		step.Warnings = append(step.Warnings, h.Insights.blind(want)...)
	}
	step.do = func(ctx context.Context, r *run, _ *Step) error {
		return r.until(ctx, func() error { return PutSelectors(ctx, r.clients.CloudTrail(t.HomeRegion), t.Name, want) })
	}
	return step
}

func (d differ) insightSteps() ([]Step, error) {
	want := d.spec.Insights
	if want == nil {
		return nil, nil
	}
	var steps []Step
	for i, h := range d.cur.Homes {
		t := d.trails[i]
		step := Step{Kind: Keep, Target: "insights" + d.in(h.Region), Summary: "are as asked"}
		// A new trail looks for nothing unusual.
		has := Insights{}
		if h.Insights != nil {
			has = *h.Insights
		}
		d.trails[i].InsightSelectors = len(want.Selectors) > 0
		if !has.Equal(*want) {
			step.Kind, step.Summary, step.After = Change, "what the trail finds unusual", want.String()
			if h.Insights != nil {
				step.Before = h.Insights.String()
			}
			step.do = func(ctx context.Context, r *run, _ *Step) error {
				return r.until(ctx, func() error { return PutInsights(ctx, r.clients.CloudTrail(t.HomeRegion), t.Name, *want) })
			}
		}
		steps = append(steps, step)
	}
	return steps, nil
}
