package trail

import (
	"errors"
	"slices"
	"testing"
)

// three trails: one for all regions, and two of the same name.
func threeTrails(t *testing.T) *fakeAWS {
	t.Helper()
	f := newFake()
	for _, s := range []Spec{
		{Name: "audit", Region: home},
		{Name: "local", Region: home, AllRegions: ptr(false), NoStart: true},
		{Name: "local", Region: "us-east-1", AllRegions: ptr(false), AcceptBucketRegion: true},
	} {
		if _, _, err := create(t, f, s, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	f.calls = nil
	return f
}

func (f *fakeAWS) lister(region string) Lister { return fakeTrails{f, region} }

func TestList(t *testing.T) {
	tests := map[string]struct {
		change  func(*fakeAWS)
		want    []string
		partial bool
	}{
		"all regions":   {func(*fakeAWS) {}, []string{"audit eu-west-1 true", "local eu-west-1 false", "local us-east-1 true"}, false},
		"no ListTrails": {func(f *fakeAWS) { f.noListTrail = true }, []string{"audit eu-west-1 true", "local us-east-1 true"}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := threeTrails(t)
			tt.change(f)
			got, err := List(t.Context(), f.lister, "us-east-1")
			if err != nil || (got.Partial != nil) != tt.partial {
				t.Fatalf("%v, partial %v", err, got.Partial)
			}
			var rows []string
			for _, l := range got.List {
				state := " false"
				if l.Status.Logging {
					state = " true"
				}
				if l.Err != nil || l.Bucket == "" {
					t.Errorf("%s: %v", l.ARN, l.Err)
				}
				rows = append(rows, l.Name+" "+l.HomeRegion+state)
			}
			if !slices.Equal(rows, tt.want) {
				t.Errorf("got %q, want %q", rows, tt.want)
			}
		})
	}
}

func TestListKeepsTrailsThatFail(t *testing.T) {
	for k := 2; k <= 6; k++ { // the first call is ListTrails
		f := threeTrails(t)
		f.failAt, f.failWith = k, api("AccessDeniedException")
		got, err := List(t.Context(), f.lister, "us-east-1")
		if err != nil || len(got.List) != 3 {
			t.Fatalf("call %d: %d trails, %v", k, len(got.List), err)
		}
		failed := 0
		for _, l := range got.List {
			if l.Err != nil {
				failed++
			}
			if l.Name == "" || l.ARN == "" || l.HomeRegion == "" {
				t.Errorf("call %d: %+v", k, l)
			}
		}
		if failed == 0 {
			t.Errorf("call %d of %v failed and nobody noticed", k, f.calls)
		}
	}
}

func TestFind(t *testing.T) {
	tests := []struct {
		region, name string
		want         string // ARN
		err          error
	}{
		{home, "audit", auditARN, nil},
		{"us-east-1", "audit", auditARN, nil},
		{"us-east-1", auditARN, auditARN, nil},
		{home, "local", "arn:aws:cloudtrail:eu-west-1:111122223333:trail/local", nil},
		{"us-east-1", "local", "arn:aws:cloudtrail:us-east-1:111122223333:trail/local", nil},
		{"us-west-2", "local", "", ErrAmbiguous},
		{home, "absent", "", ErrNotFound},
		{home, "arn:aws:cloudtrail:eu-west-1:111122223333:trail/absent", "", ErrNotFound},
		{home, "arn:aws:s3:::logs", "", errAny},
		{home, "../x", "", ErrSpec},
	}
	for _, tt := range tests {
		f := threeTrails(t)
		got, err := Find(t.Context(), func(r string) Finder { return f.lister(r) }, tt.region, tt.name)
		if (err == nil) != (tt.err == nil) || (tt.err != errAny && !errors.Is(err, tt.err)) || got.ARN != tt.want {
			t.Errorf("%s in %s: %s, %v", tt.name, tt.region, got.ARN, err)
		}
	}
}

// A name that a region knows twice, from a trail of its own and the shadow of
// another one, means its own.
func TestFindPrefersHome(t *testing.T) {
	f := threeTrails(t)
	shadow := *f.trails[auditARN]
	for _, region := range []string{"us-west-2", "sa-east-1", "eu-north-1"} {
		other := shadow
		other.HomeRegion, other.TrailARN = ptr(region), ptr(ARN("aws", region, account, "audit"))
		f.trails[*other.TrailARN] = &other
	}
	got, err := Find(t.Context(), func(r string) Finder { return f.lister(r) }, home, "audit")
	if err != nil || got.ARN != auditARN {
		t.Errorf("%s, %v", got.ARN, err)
	}
	if _, err := Find(t.Context(), func(r string) Finder { return f.lister(r) }, "us-east-1", "audit"); !errors.Is(err, ErrAmbiguous) {
		t.Errorf("from a region that has none: %v", err)
	}
}
