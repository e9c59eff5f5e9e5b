package trail

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"golang.org/x/sync/errgroup"
)

// Everywhere is how a trail does in every region that it records. The embedded
// status is the home region's.
type Everywhere struct {
	Status
	Regions []RegionStatus // that answered: the home region, then the others by name
	// Absent are regions that the account has not enabled, or that do not
	// know the trail.
	Absent []string
	Unread []RegionError
}

// RegionStatus is a trail's status in one region.
type RegionStatus struct {
	Region string
	Status
}

// RegionError is why the status in one region is not known.
type RegionError struct {
	Region string
	Err    error
}

// notEnabled are the codes with which services answer in a region that an
// account has not enabled, or that has no shadow of the trail.
func notEnabled(err error) bool {
	return slices.Contains([]string{
		"UnrecognizedClient", "InvalidClientTokenId", "OptInRequired", "AuthFailure", "TrailNotFound",
	}, errorCode(err))
}

// ReadEverywhere asks for the status of a trail in its home region and, when
// it is for all regions, in the others, side by side: CloudTrail counts calls
// by region, so that one in each stays far below its ten a second. It fails
// when the home region does not answer.
func ReadEverywhere(ctx context.Context, clients func(region string) StatusReader, t Trail, others []string) (Everywhere, error) {
	home, err := ReadStatus(ctx, clients(t.HomeRegion), t)
	e := Everywhere{Status: home, Regions: []RegionStatus{{t.HomeRegion, home}}}
	if err != nil || !t.MultiRegion {
		return e, err
	}
	others = slices.DeleteFunc(slices.Clone(others), func(r string) bool { return r == t.HomeRegion })
	slices.Sort(others)
	statuses, errs := make([]Status, len(others)), make([]error, len(others))
	var g errgroup.Group
	g.SetLimit(regionReaders)
	for i, region := range others {
		g.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, regionPatience)
			defer cancel()
			statuses[i], errs[i] = ReadStatus(ctx, clients(region), t)
			return nil
		})
	}
	g.Wait()
	if ctx.Err() != nil {
		return e, context.Cause(ctx)
	}
	for i, region := range others {
		switch err := errs[i]; {
		case err == nil:
			e.Regions = append(e.Regions, RegionStatus{region, statuses[i]})
		case notEnabled(err):
			e.Absent = append(e.Absent, region)
		default:
			e.Unread = append(e.Unread, RegionError{region, err})
		}
	}
	return e, nil
}

const (
	// regionReaders is how many regions are asked at a time.
	regionReaders = 16
	// regionPatience is how long one region may take with all attempts. Some
	// networks swallow what goes to regions that nobody is meant to use.
	regionPatience = 30 * time.Second
)

// Together is the status of several trails of one name, as trails for selected
// regions are: the first speaks for all.
func Together(list []Everywhere) Everywhere {
	e := list[0]
	for _, o := range list[1:] {
		e.Regions = append(e.Regions, o.Regions...)
		e.Absent = append(e.Absent, o.Absent...)
		e.Unread = append(e.Unread, o.Unread...)
	}
	return e
}

// Trails are the trails that the status is of.
func (e Everywhere) Trails() []Trail {
	var list []Trail
	for _, r := range e.Regions {
		if !slices.ContainsFunc(list, func(t Trail) bool { return t.ARN == r.Trail.ARN }) {
			list = append(list, r.Trail)
		}
	}
	return list
}

// Problems are what is wrong in any region, worst first. What is wrong in
// several regions in the same way is one problem.
func (e Everywhere) Problems() []Problem {
	var list []Problem
	for _, r := range e.Regions {
		for _, p := range r.Status.Problems() {
			i := slices.IndexFunc(list, p.like)
			if i < 0 {
				i = len(list)
				list = append(list, p)
			}
			list[i].Regions = append(list[i].Regions, r.Region)
		}
	}
	for i := range list {
		if len(list[i].Regions) == len(e.Regions) {
			list[i].Regions = nil
		}
	}
	slices.SortStableFunc(list, func(a, b Problem) int { return cmp.Compare(a.rank, b.rank) })
	return list
}

// like tells whether two problems are the same in different regions.
func (p Problem) like(o Problem) bool {
	return p.What == o.What && p.Answer == o.Answer && p.Why == o.Why && p.Do == o.Do
}

// Partition is the trail's, from its ARN; "aws" when the ARN is not one.
func (t Trail) Partition() string {
	if a, err := arn.Parse(t.ARN); err == nil && a.Partition != "" {
		return a.Partition
	}
	return "aws"
}
