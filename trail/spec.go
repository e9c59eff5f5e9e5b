package trail

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// ErrSpec is what Validate fails with.
var ErrSpec = errors.New("not possible")

// Spec is what is asked of a trail. What is left nil or empty is not asked:
// an existing trail keeps what it has, a new one gets the value named here.
// An empty text behind a pointer takes away what the trail has.
type Spec struct {
	Name   string
	Region string // home region
	// Regions are selected regions: a trail of the name, for its own region
	// only, is at home in each. All deliver to one bucket, and one alone records
	// global service events: the one in us-east-1, or else the first. Empty:
	// one trail, in Region.
	Regions []string

	// Update is for a trail that is there: a missing one is an error, and
	// logging is neither started nor stopped.
	Update bool

	Bucket string  // new: DefaultBucket
	Prefix *string // new: none

	AllRegions          *bool // new: true
	GlobalServiceEvents *bool // new: true
	LogFileValidation   *bool // new: true
	Organization        *bool // new: false

	// Topic is the name or the ARN of the SNS topic that CloudTrail announces
	// log files to. A name is a topic of the trail's region; it is created
	// when it is missing.
	Topic *string

	// LogGroup is the name or the ARN of a log group in the trail's region.
	// It must exist, unless CreateLogGroup says that it may be made.
	LogGroup       *string
	CreateLogGroup bool
	Retention      *int32 // days that the group keeps events; 0 for ever
	// LogRole is the name or the ARN of the role with which CloudTrail writes
	// to the group. Empty: the one that the trail has, or DefaultRole, which
	// is created.
	LogRole string

	// KMSKey is a key's id or ARN, or an alias or its ARN.
	KMSKey *string
	// UpdateKeyPolicy lets the key's policy be changed.
	UpdateKeyPolicy bool

	Tags       map[string]string // to add or change
	RemoveTags []string          // keys to take away

	// Recording, or Selectors in place of it, is what is recorded.
	Recording *Recording
	Selectors *Selectors
	Insights  *Insights

	// Notify makes S3 announce objects of the bucket.
	Notify *Notify

	// NoStart leaves logging as it is, off for a new trail.
	NoStart bool
	// AcceptBucketRegion allows a bucket outside the home region.
	AcceptBucketRegion bool
	// SkipBucketPolicy leaves the bucket's policy to somebody else, for a
	// bucket that another account owns.
	SkipBucketPolicy bool
}

// globalRegion is where the global services of the partition aws record.
// Since November 2021 their events reach trails for all regions and those for
// this one, and no other (CloudTrail user guide, "Global service events").
const globalRegion = "us-east-1"

// globalHome is the selected region whose trail records global services.
func (s Spec) globalHome() string {
	if slices.Contains(s.Regions, globalRegion) {
		return globalRegion
	}
	return s.Regions[0]
}

// DefaultBucket is the bucket of a trail for which none is named. The name
// follows from account and trail alone, so that a second run finds it.
func DefaultBucket(account, name string) string {
	return "aws-cloudtrail-logs-" + account + "-" + hash(name)
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}

// homes are the regions in which a trail of the spec is at home.
func (s Spec) homes() []string {
	if len(s.Regions) > 0 {
		return s.Regions
	}
	return []string{s.Region}
}

// several tells whether the spec is for trails in selected regions.
func (s Spec) several() bool { return len(s.Regions) > 0 }

// needsBucket tells whether the bucket has to be looked at, and its policy
// with it. An update that does not concern them leaves them alone, even where
// they may not be read.
func (s Spec) needsBucket() bool {
	return !s.Update || s.Bucket != "" || s.Prefix != nil || s.Organization != nil || s.KMSKey != nil || s.Notify != nil
}

// Validate checks everything that can be checked without asking AWS. Its
// errors are of ErrSpec.
func (s Spec) Validate() error {
	if err := checkName(s.Name); err != nil {
		return err
	}
	if err := s.checkRegions(); err != nil {
		return err
	}
	if s.Bucket != "" {
		if err := checkBucket(s.Bucket); err != nil {
			return err
		}
	}
	if s.Prefix != nil {
		if err := checkPrefix(*s.Prefix); err != nil {
			return err
		}
	}
	if isTrue(s.AllRegions) && isFalse(s.GlobalServiceEvents) {
		return refuse("a trail for all regions always records global service events")
	}
	if err := s.checkTargets(); err != nil {
		return err
	}
	if err := checkTags(s.Tags); err != nil {
		return err
	}
	for _, k := range s.RemoveTags {
		if _, both := s.Tags[k]; both {
			return refuse("tag %s is to be set and to be taken away", k)
		}
	}
	return s.checkRecording()
}

func (s Spec) checkRecording() error {
	switch {
	case s.Recording != nil && s.Selectors != nil:
		return refuse("what is recorded is said twice")
	case s.Recording != nil:
		return s.Recording.Validate()
	case s.Selectors != nil:
		return s.Selectors.Validate()
	}
	return nil
}

func (s Spec) checkRegions() error {
	for i, r := range append([]string{s.Region}, s.Regions...) {
		if !regionPattern.MatchString(r) {
			return refuse("region %q is not the name of a region, such as eu-west-1", r)
		}
		if i > 0 && slices.Index(s.Regions, r) != i-1 {
			return refuse("region %s is named twice", r)
		}
	}
	switch {
	case s.several() && s.Regions[0] != s.Region:
		return refuse("the first of the regions is %s, and the trail is asked for in %s", s.Regions[0], s.Region)
	case s.several() && isTrue(s.AllRegions):
		return refuse("a trail is for all regions or for selected ones")
	}
	return nil
}

// checkTargets checks what the trail is connected with.
func (s Spec) checkTargets() error {
	given := func(text *string) bool { return text != nil && *text != "" }
	var errs []error
	if given(s.Topic) {
		errs = append(errs, checkTopic(*s.Topic))
	}
	if given(s.LogGroup) {
		errs = append(errs, checkGroup(*s.LogGroup, s.homes()))
	}
	if s.LogRole != "" {
		errs = append(errs, checkRole(s.LogRole))
	}
	if s.Retention != nil {
		errs = append(errs, checkRetention(*s.Retention))
	}
	if given(s.KMSKey) {
		errs = append(errs, checkKey(*s.KMSKey))
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	removed := s.LogGroup != nil && *s.LogGroup == ""
	switch {
	case removed && (s.LogRole != "" || s.Retention != nil || s.CreateLogGroup):
		return refuse("the log group is to be taken away: it needs no role, no retention and is not created")
	case s.CreateLogGroup && !given(s.LogGroup):
		return refuse("the log group that may be created has no name")
	case s.UpdateKeyPolicy && !given(s.KMSKey):
		return refuse("the key whose policy may be changed is not named")
	}
	return nil
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrSpec, fmt.Sprintf(format, args...))
}

func isTrue(b *bool) bool  { return b != nil && *b }
func isFalse(b *bool) bool { return b != nil && !*b }
