package audit

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"trailctl/trail"
)

// spacing keeps the calls of a region under CloudTrail's ten a second
// (CloudTrail endpoints and quotas).
const spacing = 115 * time.Millisecond

// paced makes the reading calls of CloudTrail wait for their turn, region by
// region.
func paced(c trail.Clients) trail.Clients {
	var mu sync.Mutex
	turns := map[string]*turn{}
	plain := c.CloudTrail
	c.CloudTrail = func(region string) trail.CloudTrail {
		mu.Lock()
		defer mu.Unlock()
		if turns[region] == nil {
			turns[region] = &turn{}
		}
		return pacedTrails{plain(region), turns[region]}
	}
	return c
}

// turn is when the next call may be made.
type turn struct {
	mu   sync.Mutex
	next time.Time
}

func (t *turn) wait(ctx context.Context) error {
	t.mu.Lock()
	now := time.Now()
	at := t.next
	if at.Before(now) {
		at = now
	}
	t.next = at.Add(spacing)
	t.mu.Unlock()
	return trail.Sleep(ctx, at.Sub(now))
}

type pacedTrails struct {
	trail.CloudTrail
	turn *turn
}

func (p pacedTrails) DescribeTrails(ctx context.Context, in *cloudtrail.DescribeTrailsInput, o ...func(*cloudtrail.Options)) (*cloudtrail.DescribeTrailsOutput, error) {
	if err := p.turn.wait(ctx); err != nil {
		return nil, err
	}
	return p.CloudTrail.DescribeTrails(ctx, in, o...)
}

func (p pacedTrails) ListTrails(ctx context.Context, in *cloudtrail.ListTrailsInput, o ...func(*cloudtrail.Options)) (*cloudtrail.ListTrailsOutput, error) {
	if err := p.turn.wait(ctx); err != nil {
		return nil, err
	}
	return p.CloudTrail.ListTrails(ctx, in, o...)
}

func (p pacedTrails) GetTrailStatus(ctx context.Context, in *cloudtrail.GetTrailStatusInput, o ...func(*cloudtrail.Options)) (*cloudtrail.GetTrailStatusOutput, error) {
	if err := p.turn.wait(ctx); err != nil {
		return nil, err
	}
	return p.CloudTrail.GetTrailStatus(ctx, in, o...)
}

func (p pacedTrails) ListTags(ctx context.Context, in *cloudtrail.ListTagsInput, o ...func(*cloudtrail.Options)) (*cloudtrail.ListTagsOutput, error) {
	if err := p.turn.wait(ctx); err != nil {
		return nil, err
	}
	return p.CloudTrail.ListTags(ctx, in, o...)
}

func (p pacedTrails) GetEventSelectors(ctx context.Context, in *cloudtrail.GetEventSelectorsInput, o ...func(*cloudtrail.Options)) (*cloudtrail.GetEventSelectorsOutput, error) {
	if err := p.turn.wait(ctx); err != nil {
		return nil, err
	}
	return p.CloudTrail.GetEventSelectors(ctx, in, o...)
}

func (p pacedTrails) GetInsightSelectors(ctx context.Context, in *cloudtrail.GetInsightSelectorsInput, o ...func(*cloudtrail.Options)) (*cloudtrail.GetInsightSelectorsOutput, error) {
	if err := p.turn.wait(ctx); err != nil {
		return nil, err
	}
	return p.CloudTrail.GetInsightSelectors(ctx, in, o...)
}
