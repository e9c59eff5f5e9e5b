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

	ID           string // tells it from others of its name; empty until the state is kept
	Bucket       string
	Prefix       string
	GlobalEvents bool // IncludeGlobalServiceEvents
	MultiRegion  bool
	Validation   bool // log file validation: digest files are made
	Custom       bool // selectors were put by somebody

	TopicName    string // as it was given; empty for none
	Topic        string // its ARN
	LogGroup     string // ARN that ends in ":*"; empty for none
	LogRole      string // ARN; empty for none
	Key          string // ARN of the KMS key; empty for none
	Organization string // id; empty for a trail of one account
	Insights     []insightSelector

	Basic    []eventSelector
	Advanced []advancedSelector
	Tags     []tag

	Logging          bool
	Started, Stopped time.Time         // zero: never
	Chains           map[string]*chain // by chainName; made when logging starts
}

func (t *trail) arn() string { return trailARN(t.Region, t.Account, t.Name) }

// covers tells whether the trail records a region.
func (t *trail) covers(region string) bool { return t.MultiRegion || t.Region == region }

// shows tells whether DescribeTrails of an account and a region lists the
// trail. What another account or region lists is its shadow.
func (s *Service) shows(t *trail, account, region string, shadows bool) bool {
	if t.Account == account && t.Region == region {
		return true
	}
	return shadows && s.shared(t, account) && t.covers(region)
}

// description is a trail in DescribeTrails and GetTrail.
type description struct {
	Name                       string `json:"Name"`
	S3BucketName               string `json:"S3BucketName"`
	S3KeyPrefix                string `json:"S3KeyPrefix,omitempty"`
	SnsTopicName               string `json:"SnsTopicName,omitempty"`
	SnsTopicARN                string `json:"SnsTopicARN,omitempty"`
	IncludeGlobalServiceEvents bool   `json:"IncludeGlobalServiceEvents"`
	IsMultiRegionTrail         bool   `json:"IsMultiRegionTrail"`
	HomeRegion                 string `json:"HomeRegion,omitempty"`
	TrailARN                   string `json:"TrailARN"`
	LogFileValidationEnabled   bool   `json:"LogFileValidationEnabled"`
	CloudWatchLogsLogGroupArn  string `json:"CloudWatchLogsLogGroupArn,omitempty"`
	CloudWatchLogsRoleArn      string `json:"CloudWatchLogsRoleArn,omitempty"`
	KmsKeyId                   string `json:"KmsKeyId,omitempty"`
	HasCustomEventSelectors    *bool  `json:"HasCustomEventSelectors,omitempty"`
	HasInsightSelectors        *bool  `json:"HasInsightSelectors,omitempty"`
	IsOrganizationTrail        bool   `json:"IsOrganizationTrail"`
}

// changed is what CreateTrail and UpdateTrail answer.
func (t *trail) changed() description {
	return description{
		Name: t.Name, S3BucketName: t.Bucket, S3KeyPrefix: t.Prefix, SnsTopicName: t.TopicName, SnsTopicARN: t.Topic,
		IncludeGlobalServiceEvents: t.GlobalEvents, IsMultiRegionTrail: t.MultiRegion,
		TrailARN: t.arn(), LogFileValidationEnabled: t.Validation,
		CloudWatchLogsLogGroupArn: t.LogGroup, CloudWatchLogsRoleArn: t.LogRole, KmsKeyId: t.Key,
		IsOrganizationTrail: t.Organization != "",
	}
}

func (t *trail) describe() description {
	d := t.changed()
	custom, insights := t.Custom, len(t.Insights) > 0
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
// reference, GetTrailStatus and DescribeTrails). The member accounts of an
// organization may read its trails. s.mu is held.
func (s *Service) readable(c *call.Call, name string) (*trail, *call.Error) {
	where, err := parseTarget(c, name)
	if err != nil {
		return nil, err
	}
	t := s.find(where.account, where.region, where.name)
	if t == nil || !s.shared(t, c.Account) {
		return nil, unknownTrail(c, where)
	}
	return t, nil
}

// changeable finds the trail that a changing call names. Trails are changed
// in their home region only, and by the account that they belong to. s.mu is
// held.
func (s *Service) changeable(c *call.Call, name string) (*trail, *call.Error) {
	t, err := s.readable(c, name)
	if err != nil {
		return nil, err
	}
	if t.Account != c.Account {
		return nil, refuse("NotOrganizationMasterAccountException",
			"The organization trail %s can be changed only by the management account %s.", t.arn(), t.Account)
	}
	if t.Region != c.Region {
		return nil, refuse("InvalidHomeRegionException",
			"The trail %s can be changed only in its home region %s, not in %s.", t.arn(), t.Region, c.Region)
	}
	return t, nil
}
