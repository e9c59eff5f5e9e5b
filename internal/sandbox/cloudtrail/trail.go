package cloudtrail

import (
	"slices"
	"strings"
	"time"

	"trailctl/internal/sandbox/call"
)

// trail is one trail with everything that is delivered for it. The exported
// fields are what the state file keeps.
type trail struct {
	Account, Region, Name string // Region is the home region

	Bucket       string
	Prefix       string
	GlobalEvents bool // IncludeGlobalServiceEvents
	MultiRegion  bool
	Validation   bool // log file validation: digest files are made
	Custom       bool // selectors were put by somebody

	Basic    []eventSelector
	Advanced []advancedSelector
	Tags     []tag

	Logging          bool
	Started, Stopped time.Time         // zero: never
	Chains           map[string]*chain // by source region; made when logging starts
}

func (t *trail) arn() string { return trailARN(t.Region, t.Account, t.Name) }

// covers tells whether the trail records a region.
func (t *trail) covers(region string) bool { return t.MultiRegion || t.Region == region }

// shows tells whether DescribeTrails of a region lists the trail.
func (t *trail) shows(region string, shadows bool) bool {
	return t.Region == region || shadows && t.MultiRegion
}

// description is a trail in DescribeTrails and GetTrail.
type description struct {
	Name                       string `json:"Name"`
	S3BucketName               string `json:"S3BucketName"`
	S3KeyPrefix                string `json:"S3KeyPrefix,omitempty"`
	IncludeGlobalServiceEvents bool   `json:"IncludeGlobalServiceEvents"`
	IsMultiRegionTrail         bool   `json:"IsMultiRegionTrail"`
	HomeRegion                 string `json:"HomeRegion,omitempty"`
	TrailARN                   string `json:"TrailARN"`
	LogFileValidationEnabled   bool   `json:"LogFileValidationEnabled"`
	HasCustomEventSelectors    *bool  `json:"HasCustomEventSelectors,omitempty"`
	HasInsightSelectors        *bool  `json:"HasInsightSelectors,omitempty"`
	IsOrganizationTrail        bool   `json:"IsOrganizationTrail"`
}

// changed is what CreateTrail and UpdateTrail answer.
func (t *trail) changed() description {
	return description{
		Name: t.Name, S3BucketName: t.Bucket, S3KeyPrefix: t.Prefix,
		IncludeGlobalServiceEvents: t.GlobalEvents, IsMultiRegionTrail: t.MultiRegion,
		TrailARN: t.arn(), LogFileValidationEnabled: t.Validation,
	}
}

func (t *trail) describe() description {
	d := t.changed()
	custom, insights := t.Custom, false
	d.HomeRegion, d.HasCustomEventSelectors, d.HasInsightSelectors = t.Region, &custom, &insights
	return d
}

// find looks for a trail by its home region and name. s.mu is held.
func (s *Service) find(account, region, name string) *trail {
	for _, t := range s.trails {
		if t.Account == account && t.Region == region && t.Name == name {
			return t
		}
	}
	return nil
}

func (s *Service) insert(t *trail) {
	i, _ := slices.BinarySearchFunc(s.trails, t, func(a, b *trail) int { return strings.Compare(a.order(), b.order()) })
	s.trails = slices.Insert(s.trails, i, t)
}

func (t *trail) order() string { return t.Account + " " + t.Region + " " + t.Name }

func unknownTrail(c *call.Call, t target) *call.Error {
	return refuse("TrailNotFoundException", "Unknown trail: %s for the user: %s", t.arn(), c.Account)
}

// readable finds the trail that a reading call names: a name stands for a
// trail of the caller's region, an ARN for a trail of any region (API
// reference, GetTrailStatus and DescribeTrails). s.mu is held.
func (s *Service) readable(c *call.Call, name string) (*trail, *call.Error) {
	where, err := parseTarget(c, name)
	if err != nil {
		return nil, err
	}
	t := s.find(where.account, where.region, where.name)
	if t == nil || t.Account != c.Account {
		return nil, unknownTrail(c, where)
	}
	return t, nil
}

// changeable finds the trail that a changing call names. Trails are changed
// in their home region only. s.mu is held.
func (s *Service) changeable(c *call.Call, name string) (*trail, *call.Error) {
	t, err := s.readable(c, name)
	if err != nil {
		return nil, err
	}
	if t.Region != c.Region {
		return nil, refuse("InvalidHomeRegionException",
			"The trail %s can be changed only in its home region %s, not in %s.", t.arn(), t.Region, c.Region)
	}
	return t, nil
}
