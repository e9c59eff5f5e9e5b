package bucket

import (
	"context"
	"fmt"
)

// PlanCreate plans a bucket with the settings that a trail's bucket gets:
// public access blocked, ACLs off, default encryption. A bucket of the account
// that exists keeps its settings, and warnings say what differs; with update
// they are changed, too. A bucket that lies elsewhere stays there.
func PlanCreate(ctx context.Context, clients Clients, name string, update bool) (Plan, error) {
	place, err := clients.locate(ctx, name)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Bucket: name, Region: clients.Region, Account: clients.Account}
	switch place.Owner {
	case Other:
		return p, fmt.Errorf("bucket %s: %w", name, ErrForeign)
	case Nobody:
		p.Steps = newBucketSteps(name, clients.Region)
		return p, nil
	}
	p.Region = place.Region
	settings, err := ReadSettings(ctx, clients.S3(place.Region), name, clients.Account)
	if err != nil {
		return p, err
	}
	p.Steps = existingSteps(name, place.Region, clients.Region, settings, update)
	return p, nil
}

// newBucketSteps are the steps for a bucket that does not exist yet. S3 gives
// new buckets these settings by itself since 2023; setting them makes sure of
// it wherever the bucket is made.
func newBucketSteps(name, region string) []Step {
	return []Step{
		{
			Kind: StepCreate, Target: "bucket " + name, Summary: "in " + region,
			Fields: []Field{{Name: "ObjectOwnership", After: OwnerEnforced}},
			do: func(ctx context.Context, r *run, _ *Step) error {
				return Create(ctx, r.clients.S3(region), name, region)
			},
		},
		settingStep(StepCreate, PublicAccessSetting, "", name, region),
		settingStep(StepCreate, EncryptionSetting, "", name, region),
	}
}

// wanted are a trail's bucket's settings in words.
func wanted(setting string) string {
	return map[string]string{
		PublicAccessSetting: "all four switches on",
		OwnershipSetting:    OwnerEnforced,
		EncryptionSetting:   AES256,
	}[setting]
}

func settingStep(kind StepKind, setting, before, name, region string) Step {
	set := map[string]func(context.Context, SettingsWriter, string, string) error{
		PublicAccessSetting: BlockPublicAccess, OwnershipSetting: EnforceOwner, EncryptionSetting: Encrypt,
	}[setting]
	s := Step{
		Kind: kind, Target: setting, Summary: wanted(setting),
		do: func(ctx context.Context, r *run, _ *Step) error {
			return set(ctx, r.clients.S3(region), name, r.clients.Account)
		},
	}
	if kind == StepChange {
		s.Fields = []Field{{Name: setting, Before: before, After: wanted(setting)}}
	}
	return s
}

// existingSteps compare a bucket that is there with one that would be made.
func existingSteps(name, region, asked string, s Settings, update bool) []Step {
	keep := Step{Kind: StepKeep, Target: "bucket " + name, Summary: "is there, in " + region}
	if asked != region {
		keep.Notes = append(keep.Notes, fmt.Sprintf("it is in %s, not in %s; a bucket cannot be moved", region, asked))
	}
	var steps []Step
	for _, c := range []struct {
		setting string
		good    bool
		is      string
	}{
		{PublicAccessSetting, s.PublicAccess.All(), s.PublicAccess.String()},
		{OwnershipSetting, s.Ownership == OwnerEnforced, s.Ownership},
		{EncryptionSetting, s.Encryption != "", s.Encryption},
	} {
		is := c.is
		if is == "" {
			is = "not set"
		}
		unread := s.Unread[c.setting]
		switch {
		case unread != nil:
			keep.Notes = append(keep.Notes, fmt.Sprintf("its %s could not be read: %v", c.setting, unread))
		case c.good:
		case update:
			steps = append(steps, settingStep(StepChange, c.setting, c.is, name, region))
		default:
			keep.Warnings = append(keep.Warnings, fmt.Sprintf("its %s differs and stays: %s; a new bucket gets %s", c.setting, is, wanted(c.setting)))
		}
	}
	return append([]Step{keep}, steps...)
}

// String says which of the four switches are on.
func (p *PublicAccess) String() string {
	if p == nil {
		return ""
	}
	on := 0
	for _, v := range []bool{p.BlockPublicACLs, p.IgnorePublicACLs, p.BlockPublicPolicy, p.RestrictPublicBuckets} {
		if v {
			on++
		}
	}
	switch on {
	case 0:
		return "all four switches off"
	case 4:
		return "all four switches on"
	}
	return fmt.Sprintf("%d of four switches on", on)
}
