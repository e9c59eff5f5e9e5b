package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"

	"trailctl/internal/when"
)

// fake answers the pages of one region, and then the error.
type fake struct {
	pages [][]types.Event
	err   error
	loop  bool // the last page leads to itself
	asked []*cloudtrail.LookupEventsInput
}

func (f *fake) LookupEvents(_ context.Context, in *cloudtrail.LookupEventsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.LookupEventsOutput, error) {
	copied := *in
	f.asked = append(f.asked, &copied)
	n := 0
	if in.NextToken != nil {
		fmt.Sscan(*in.NextToken, &n)
	}
	if n >= len(f.pages) {
		return nil, f.err
	}
	out := &cloudtrail.LookupEventsOutput{Events: f.pages[n]}
	switch {
	case n+1 < len(f.pages) || f.err != nil:
		out.NextToken = aws.String(fmt.Sprint(n + 1))
	case f.loop:
		out.NextToken = aws.String(fmt.Sprint(n))
	}
	return out, nil
}

func at(minute int) time.Time { return time.Date(2026, 1, 15, 9, minute, 0, 0, time.UTC) }

func event(id string, minute int) types.Event {
	return types.Event{EventId: &id, EventTime: aws.Time(at(minute)), CloudTrailEvent: aws.String(fmt.Sprintf(
		`{"eventVersion":"1.11","eventID":%q,"eventTime":%q}`, id, at(minute).Format(time.RFC3339)))}
}

// collect runs a search over fake regions and writes down what it yields.
func collect(t *testing.T, s *Search, regions map[string]*fake) (ids []string, errs []string) {
	t.Helper()
	for name := range regions {
		s.Regions = append(s.Regions, name)
	}
	slices.Sort(s.Regions)
	s.Client = func(region string) Lookup { return regions[region] }
	for r, err := range s.Records(t.Context()) {
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		ids = append(ids, r.ID())
	}
	return ids, errs
}

func TestRecordsComeNewestFirstOverAllRegions(t *testing.T) {
	ids, errs := collect(t, &Search{}, map[string]*fake{
		"us-east-1": {pages: [][]types.Event{{event("f", 50), event("d", 30)}, {event("a", 1)}}},
		"eu-west-1": {pages: [][]types.Event{{event("e", 40)}, {}, {event("c", 20), event("b", 10)}}},
	})
	if got := strings.Join(ids, ""); got != "fedcba" || errs != nil {
		t.Errorf("got %s, errors %q", got, errs)
	}
}

func TestOneRegionFailsAndTheOthersGoOn(t *testing.T) {
	s := &Search{}
	ids, errs := collect(t, s, map[string]*fake{
		"us-east-1": {pages: [][]types.Event{{event("b", 2)}}},
		"eu-west-1": {pages: [][]types.Event{{event("a", 1)}}, err: errors.New("the line is dead")},
	})
	if len(ids) != 2 || len(errs) != 1 || errs[0] != "event history of eu-west-1: the line is dead" {
		t.Errorf("got %q, errors %q", ids, errs)
	}
	if p := s.State(); !slices.Equal(p.Failed, []string{"eu-west-1"}) || p.Done != 2 || p.Records != 2 {
		t.Errorf("state %+v", p)
	}
}

func TestRegionsThatAreNotEnabled(t *testing.T) {
	refused := &smithy.GenericAPIError{Code: "UnrecognizedClientException"}
	s := &Search{}
	ids, errs := collect(t, s, map[string]*fake{
		"us-east-1": {pages: [][]types.Event{{event("a", 1)}}}, "me-south-1": {err: refused},
	})
	if len(ids) != 1 || errs != nil || !slices.Equal(s.State().Disabled, []string{"me-south-1"}) {
		t.Errorf("got %q, errors %q, state %+v", ids, errs, s.State())
	}
	_, errs = collect(t, &Search{}, map[string]*fake{"us-east-1": {err: refused}, "me-south-1": {err: refused}})
	if !slices.Equal(errs, []string{"none of 2 regions accepts these credentials"}) {
		t.Errorf("nowhere enabled: errors %q", errs)
	}
	_, errs = collect(t, &Search{}, map[string]*fake{"us-east-9": {err: refused}})
	if !slices.Equal(errs, []string{"region us-east-9 does not accept these credentials"}) {
		t.Errorf("one region, not enabled: errors %q", errs)
	}
}

func TestAnEventThatIsNoRecord(t *testing.T) {
	broken := event("x", 5)
	broken.CloudTrailEvent = aws.String(`{"eventVersion":`)
	s := &Search{}
	ids, errs := collect(t, s, map[string]*fake{"us-east-1": {pages: [][]types.Event{{event("b", 6), broken, event("a", 4)}}}})
	if strings.Join(ids, "") != "ba" || len(errs) != 1 || !strings.Contains(errs[0], `event "x"`) || s.State().Unread != 1 {
		t.Errorf("got %q, errors %q, state %+v", ids, errs, s.State())
	}
}

func TestTheSameEventTwice(t *testing.T) {
	s := &Search{}
	ids, _ := collect(t, s, map[string]*fake{
		"us-east-1": {pages: [][]types.Event{{event("a", 1)}}}, "eu-west-1": {pages: [][]types.Event{{event("a", 1)}}},
	})
	if len(ids) != 1 || s.State().Twice != 1 {
		t.Errorf("got %q, state %+v", ids, s.State())
	}
}

func TestAListThatDoesNotEnd(t *testing.T) {
	for name, f := range map[string]*fake{
		"repeats": {pages: [][]types.Event{{event("b", 2)}, {event("a", 1)}}, loop: true},
		"empty":   {pages: make([][]types.Event, maxEmpty+10), loop: true},
	} {
		_, errs := collect(t, &Search{}, map[string]*fake{"us-east-1": f})
		if len(errs) != 1 || !strings.Contains(errs[0], "does not end") {
			t.Errorf("%s: errors %q", name, errs)
		}
	}
}

func TestWhatIsAsked(t *testing.T) {
	f := &fake{pages: [][]types.Event{{event("late", 30), event("in", 20)}}}
	ids, _ := collect(t, &Search{
		Window: when.Window{Start: at(10), End: at(30)}, Insights: true,
		Attribute: &Attribute{types.LookupAttributeKeyEventName, "ConsoleLogin"},
	}, map[string]*fake{"us-east-1": f})
	in := f.asked[0]
	if !in.StartTime.Equal(at(10)) || !in.EndTime.Equal(at(30)) || in.EventCategory != "insight" || *in.MaxResults != 50 ||
		len(in.LookupAttributes) != 1 || *in.LookupAttributes[0].AttributeValue != "ConsoleLogin" {
		t.Errorf("asked %+v", in)
	}
	if !slices.Equal(ids, []string{"in"}) { // the end of a window is not in it
		t.Errorf("got %q", ids)
	}
}

func TestThePaceIsKept(t *testing.T) {
	begin := time.Now()
	collect(t, &Search{Pace: 30 * time.Millisecond}, map[string]*fake{
		"us-east-1": {pages: [][]types.Event{{event("c", 3)}, {event("b", 2)}, {event("a", 1)}}},
	})
	if took := time.Since(begin); took < 55*time.Millisecond {
		t.Errorf("three calls in %s", took)
	}
}

func TestEndsWhenNobodyListens(t *testing.T) {
	f := &fake{loop: true}
	for range 100 {
		f.pages = append(f.pages, []types.Event{event("", 1)})
	}
	s := &Search{Regions: []string{"us-east-1"}, Client: func(string) Lookup { return f }, Pace: time.Hour}
	for range s.Records(t.Context()) {
		break
	}
}
