package audit

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"trailctl/trail"
)

// counted is a CloudTrail client that only counts.
type counted struct {
	trail.CloudTrail
	mu    *sync.Mutex
	times *[]time.Time
}

func (c counted) called() {
	c.mu.Lock()
	*c.times = append(*c.times, time.Now())
	c.mu.Unlock()
}

func (c counted) GetTrailStatus(context.Context, *cloudtrail.GetTrailStatusInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetTrailStatusOutput, error) {
	c.called()
	return &cloudtrail.GetTrailStatusOutput{}, nil
}

func (c counted) ListTags(context.Context, *cloudtrail.ListTagsInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListTagsOutput, error) {
	c.called()
	return &cloudtrail.ListTagsOutput{}, nil
}

func TestCallsOfARegionArePaced(t *testing.T) {
	var mu sync.Mutex
	times := map[string]*[]time.Time{}
	c := paced(trail.Clients{CloudTrail: func(region string) trail.CloudTrail {
		mu.Lock()
		defer mu.Unlock()
		if times[region] == nil {
			times[region] = &[]time.Time{}
		}
		return counted{mu: &mu, times: times[region]}
	}})
	var wait sync.WaitGroup
	begin := time.Now()
	for i := range 5 {
		for _, region := range []string{"us-east-1", "eu-west-1", "sa-east-1"} {
			wait.Go(func() {
				if i%2 == 0 {
					c.CloudTrail(region).GetTrailStatus(t.Context(), &cloudtrail.GetTrailStatusInput{})
				} else {
					c.CloudTrail(region).ListTags(t.Context(), &cloudtrail.ListTagsInput{})
				}
			})
		}
	}
	wait.Wait()
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("the regions waited for each other: %s", took)
	}
	for region, at := range times {
		if len(*at) != 5 {
			t.Fatalf("%s: %d calls", region, len(*at))
		}
		slices.SortFunc(*at, time.Time.Compare)
		if span := (*at)[4].Sub((*at)[0]); span < 4*spacing-30*time.Millisecond {
			t.Errorf("%s: five calls within %s", region, span)
		}
	}
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	before := len(*times["us-east-1"])
	for range 2 {
		if _, err := c.CloudTrail("us-east-1").ListTags(ended, &cloudtrail.ListTagsInput{}); err == nil && before != len(*times["us-east-1"]) {
			t.Error("a call was made after the end")
		}
	}
}

func TestPublicGrants(t *testing.T) {
	grant := func(uri string) types.Grant {
		return types.Grant{Grantee: &types.Grantee{URI: &uri}, Permission: types.PermissionRead}
	}
	got := publicGrants([]types.Grant{
		{}, {Grantee: &types.Grantee{ID: aws.String("owner")}}, grant("http://acs.amazonaws.com/groups/s3/LogDelivery"),
		grant("http://acs.amazonaws.com/groups/global/AllUsers"), grant("http://acs.amazonaws.com/groups/global/AuthenticatedUsers"),
	})
	if want := []string{"AllUsers: READ", "AuthenticatedUsers: READ"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func FuzzStatements(f *testing.F) {
	f.Add(cleanPolicy)
	f.Add(`{"Statement":{"Effect":"Allow","Principal":{"Service":["cloudtrail.amazonaws.com"]},"Action":"s3:[","Condition":{"StringEquals":{"aws:SourceArn":[null,true,1]}}}}`)
	f.Add(`{"Statement":[{"Principal":"*","Action":[],"Condition":{"Bool":{"aws:SecureTransport":false}}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := statements(text)
		if err != nil {
			return
		}
		for _, s := range list {
			if s.opens() == open && s.deniesPlain("logs") {
				t.Errorf("%q both allows and denies", text)
			}
		}
	})
}
