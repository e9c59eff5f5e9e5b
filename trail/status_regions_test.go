package trail

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// regionFake answers with an error in some regions.
type regionFake struct {
	errs  map[string]error
	bad   map[string]string // S3's answer, by region
	asked chan string
}

func (f regionFake) client(region string) StatusReader { return regionClient{f, region} }

type regionClient struct {
	regionFake
	region string
}

func (c regionClient) GetTrailStatus(_ context.Context, in *cloudtrail.GetTrailStatusInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.GetTrailStatusOutput, error) {
	c.asked <- c.region
	if !strings.HasPrefix(*in.Name, "arn:") {
		return nil, api("InvalidTrailNameException") // a shadow is known by its ARN only
	}
	out := &cloudtrail.GetTrailStatusOutput{IsLogging: ptr(true)}
	if e := c.bad[c.region]; e != "" {
		out.LatestDeliveryError = &e
	}
	return out, c.errs[c.region]
}

func TestReadEverywhere(t *testing.T) {
	broken := errors.New("connection reset")
	multi := Trail{Name: "audit", ARN: auditARN, HomeRegion: home, MultiRegion: true, Bucket: "logs"}
	single := multi
	single.MultiRegion = false
	known := []string{"us-east-1", home, "ap-east-1", "af-south-1"}
	tests := map[string]struct {
		trail   Trail
		errs    map[string]error
		regions []string
		absent  []string
		unread  []string
		fails   bool
	}{
		"all there":   {multi, nil, []string{home, "af-south-1", "ap-east-1", "us-east-1"}, nil, nil, false},
		"not enabled": {multi, map[string]error{"ap-east-1": api("UnrecognizedClientException"), "af-south-1": api("InvalidClientTokenId")}, []string{home, "us-east-1"}, []string{"af-south-1", "ap-east-1"}, nil, false},
		"no shadow":   {multi, map[string]error{"ap-east-1": api("TrailNotFoundException")}, []string{home, "af-south-1", "us-east-1"}, []string{"ap-east-1"}, nil, false},
		"unreachable": {multi, map[string]error{"us-east-1": broken, "ap-east-1": api("AccessDeniedException")}, []string{home, "af-south-1"}, nil, []string{"ap-east-1", "us-east-1"}, false},
		"home fails":  {multi, map[string]error{home: api("UnrecognizedClientException")}, nil, nil, nil, true},
		"one region":  {single, nil, []string{home}, nil, nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := regionFake{errs: tt.errs, asked: make(chan string, 100)}
			e, err := ReadEverywhere(t.Context(), f.client, tt.trail, known)
			if (err != nil) != tt.fails {
				t.Fatal(err)
			}
			if tt.fails {
				return
			}
			var regions, unread []string
			for _, r := range e.Regions {
				regions = append(regions, r.Region)
			}
			for _, u := range e.Unread {
				unread = append(unread, u.Region)
			}
			if !slices.Equal(regions, tt.regions) || !slices.Equal(e.Absent, tt.absent) || !slices.Equal(unread, tt.unread) {
				t.Errorf("regions %v, absent %v, unread %v", regions, e.Absent, unread)
			}
			close(f.asked)
			calls := 0
			for range f.asked {
				calls++
			}
			if calls != len(regions)+len(unread)+len(e.Absent) {
				t.Errorf("%d calls", calls)
			}
		})
	}
}

func TestEverywhereProblems(t *testing.T) {
	f := regionFake{bad: map[string]string{"us-east-1": "AccessDenied", "ap-east-1": "AccessDenied", "af-south-1": "SlowDown"}, asked: make(chan string, 100)}
	multi := Trail{Name: "audit", ARN: auditARN, HomeRegion: home, MultiRegion: true, Bucket: "logs"}
	e, err := ReadEverywhere(t.Context(), f.client, multi, []string{"us-east-1", "ap-east-1", "af-south-1"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, p := range e.Problems() {
		got[p.Answer] = p.Regions
	}
	if len(got) != 2 || !slices.Equal(got["AccessDenied"], []string{"ap-east-1", "us-east-1"}) || !slices.Equal(got["SlowDown"], []string{"af-south-1"}) {
		t.Errorf("got %v", got)
	}
	for i := range e.Regions {
		e.Regions[i].Logging = false
	}
	if p := e.Problems()[0]; p.What != "nothing is recorded" || p.Regions != nil {
		t.Errorf("what is wrong everywhere comes first and names no region: %+v", p)
	}
}

func TestTogether(t *testing.T) {
	trail := func(region string, logging bool) Everywhere {
		s := Status{Trail: Trail{Name: "audit", HomeRegion: region, ARN: ARN("aws", region, account, "audit")}, Logging: logging}
		return Everywhere{Status: s, Regions: []RegionStatus{{region, s}}}
	}
	e := Together([]Everywhere{trail("eu-west-1", true), trail("us-east-1", false)})
	if len(e.Trails()) != 2 || len(e.Regions) != 2 || e.Trail.HomeRegion != "eu-west-1" {
		t.Errorf("got %+v", e)
	}
	if p := e.Problems(); len(p) != 1 || !slices.Equal(p[0].Regions, []string{"us-east-1"}) || !strings.Contains(p[0].Do, "us-east-1") {
		t.Errorf("got %+v", p)
	}
}
