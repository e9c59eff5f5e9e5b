package trail

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"golang.org/x/sync/errgroup"
)

// Lister is what List needs of the SDK's client.
type Lister interface {
	Finder
	StatusReader
}

// Listed is one trail of a list. Err says why its status, and possibly all
// but its name, ARN and home region, could not be read.
type Listed struct {
	Trail
	Status Status
	Err    error
}

// Trails is a list of trails, by name and home region.
type Trails struct {
	List []Listed
	// Partial is why the list may lack trails of other regions; nil when it
	// is whole.
	Partial error
}

// listWorkers keeps a list under CloudTrail's ten Get and List calls a
// second.
const listWorkers = 4

// List reads all trails of the account, wherever their home region is, one
// entry a trail. Where ListTrails is not allowed or not known, it makes do
// with what region sees: its own trails and those for all regions.
func List(ctx context.Context, clients func(region string) Lister, region string) (Trails, error) {
	var out Trails
	infos, err := listAll(ctx, clients(region))
	switch {
	case ctx.Err() != nil:
		return out, context.Cause(ctx)
	case err != nil && errorCode(err) == "":
		return out, err
	case err != nil:
		out.Partial = err
		if out.List, err = visible(ctx, clients(region), region); err != nil {
			return out, err
		}
	default:
		out.List = detailed(ctx, clients, infos)
	}
	addStatus(ctx, clients, out.List)
	if ctx.Err() != nil {
		return out, context.Cause(ctx)
	}
	slices.SortFunc(out.List, func(a, b Listed) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.HomeRegion, b.HomeRegion), cmp.Compare(a.ARN, b.ARN))
	})
	return out, nil
}

func visible(ctx context.Context, client Describer, region string) ([]Listed, error) {
	trails, err := describe(ctx, client, region)
	var list []Listed
	for _, t := range trails {
		list = append(list, Listed{Trail: t})
	}
	return list, err
}

// detailed reads the trails of each home region with one call.
func detailed(ctx context.Context, clients func(region string) Lister, infos []types.TrailInfo) []Listed {
	regions := map[string][]string{}
	var list []Listed
	seen := map[string]bool{}
	for _, i := range infos {
		l := Listed{Trail: Trail{Name: aws.ToString(i.Name), ARN: aws.ToString(i.TrailARN), HomeRegion: aws.ToString(i.HomeRegion)}}
		if seen[l.ARN] {
			continue
		}
		seen[l.ARN] = true
		list = append(list, l)
		regions[l.HomeRegion] = append(regions[l.HomeRegion], l.ARN)
	}
	found := make([]map[string]Trail, len(list))
	failed := make([]error, len(list))
	var names []string
	for r := range regions {
		names = append(names, r)
	}
	slices.Sort(names)
	var g errgroup.Group
	g.SetLimit(listWorkers)
	for i, r := range names {
		g.Go(func() error {
			trails, err := describe(ctx, clients(r), r, regions[r]...)
			failed[i], found[i] = err, map[string]Trail{}
			for _, t := range trails {
				found[i][t.ARN] = t
			}
			return nil
		})
	}
	g.Wait()
	for i := range list {
		n, _ := slices.BinarySearch(names, list[i].HomeRegion)
		if t, ok := found[n][list[i].ARN]; ok {
			list[i].Trail = t
			continue
		}
		if list[i].Err = failed[n]; list[i].Err == nil {
			list[i].Err = ErrNotFound // deleted since it was listed
		}
	}
	return list
}

func addStatus(ctx context.Context, clients func(region string) Lister, list []Listed) {
	var g errgroup.Group
	g.SetLimit(listWorkers)
	for i := range list {
		if list[i].Err != nil {
			continue
		}
		g.Go(func() error {
			list[i].Status, list[i].Err = ReadStatus(ctx, clients(list[i].HomeRegion), list[i].Trail)
			return nil
		})
	}
	g.Wait()
}
