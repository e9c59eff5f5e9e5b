package trail

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"
)

func TestParseInsights(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  []string // as Names gives them; nil for an error
		err   string
	}{
		{[]string{"none"}, nil, ""},
		{[]string{"call-rate"}, []string{"call-rate"}, ""},
		{[]string{"error-rate:data", "call-rate", "error-rate"}, []string{"call-rate", "error-rate", "error-rate:data"}, ""},
		{[]string{"call-rate", "call-rate"}, []string{"call-rate"}, ""},
		{nil, nil, "none switches them off"},
		{[]string{"none", "call-rate"}, nil, `insight "none"`},
		{[]string{"rate"}, nil, `insight "rate": there are call-rate, error-rate`},
		{[]string{":data"}, nil, `insight ":data"`},
	} {
		i, err := ParseInsights(c.names)
		if c.err != "" {
			if !errors.Is(err, ErrSpec) || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: got %v, want %q", c.names, err, c.err)
			}
			continue
		}
		if err != nil || !slices.Equal(i.Names(), c.want) {
			t.Errorf("%q: got %q, %v, want %q", c.names, i.Names(), err, c.want)
		}
	}
}

func TestInsightsEqual(t *testing.T) {
	of := func(names ...string) Insights {
		i, err := ParseInsights(names)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	without := Insights{Selectors: []types.InsightSelector{{InsightType: types.InsightTypeApiCallRateInsight}}}
	for _, c := range []struct {
		a, b Insights
		want bool
	}{
		{Insights{}, of("none"), true},
		{without, of("call-rate"), true}, // management events are the default
		{without, of("call-rate:data"), false},
		{of("call-rate", "error-rate"), of("error-rate", "call-rate"), true},
		{of("call-rate", "call-rate:data"), of("call-rate:data", "call-rate"), true},
		{of("call-rate"), of("error-rate"), false},
		{of("call-rate"), Insights{}, false},
	} {
		if c.a.Equal(c.b) != c.want || c.b.Equal(c.a) != c.want {
			t.Errorf("%s and %s: equal is %t", c.a, c.b, !c.want)
		}
	}
}

func TestInsightsFit(t *testing.T) {
	for _, c := range []struct {
		names []string
		s     *Selectors
		want  string // "": they fit
	}{
		{[]string{"call-rate", "error-rate"}, basicOf(t, `[{}]`), ""},
		{[]string{"call-rate"}, basicOf(t, `[{"ReadWriteType":"WriteOnly"}]`), ""},
		{[]string{"call-rate"}, basicOf(t, `[{"ReadWriteType":"ReadOnly"}]`), "insight call-rate needs management events that write"},
		{[]string{"error-rate"}, basicOf(t, `[{"ReadWriteType":"ReadOnly"}]`), ""},
		{[]string{"call-rate"}, basicOf(t, `[{"ReadWriteType":"ReadOnly"},{"ReadWriteType":"WriteOnly"}]`), ""},
		{[]string{"error-rate"}, selectorsOf(t, "Data resources.type=AWS::S3::Object"), "insight error-rate needs management events, and none"},
		{[]string{"call-rate:data"}, selectorsOf(t, "Data resources.type=AWS::S3::Object"), ""},
		{[]string{"error-rate:data"}, selectorsOf(t, "Management"), "insight error-rate:data needs data events"},
		{[]string{"none"}, selectorsOf(t, "NetworkActivity eventSource=ec2.amazonaws.com"), ""},
	} {
		i, err := ParseInsights(c.names)
		if err != nil {
			t.Fatal(err)
		}
		err = i.Fits(*c.s)
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, ErrSpec) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q on %s: got %v, want %q", c.names, brief(*c.s), err, c.want)
		}
	}
}

func TestRecordingFitsInsights(t *testing.T) {
	for _, c := range []struct {
		ask   Recording
		names []string
		want  bool
	}{
		{Recording{}, []string{"call-rate", "call-rate:data"}, true}, // the trail may record what is needed
		{Recording{Management: "read"}, []string{"call-rate"}, false},
		{Recording{Management: "read"}, []string{"error-rate"}, true},
		{Recording{Management: "none"}, []string{"error-rate"}, false},
		{Recording{DataEvents: []string{"none"}}, []string{"error-rate:data"}, false},
	} {
		i, err := ParseInsights(c.names)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.ask.FitsInsights(i); (err == nil) != c.want {
			t.Errorf("%+v, %q: %v", c.ask, c.names, err)
		}
	}
}

// insightAnswers answers GetInsightSelectors with an error.
type insightAnswers struct{ err error }

func (a insightAnswers) GetInsightSelectors(context.Context, *cloudtrail.GetInsightSelectorsInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetInsightSelectorsOutput, error) {
	return nil, a.err
}

func TestReadInsights(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&types.InsightNotEnabledException{}, true},
		{&smithy.GenericAPIError{Code: "InsightNotEnabledException"}, true},
		{&smithy.GenericAPIError{Code: "AccessDeniedException"}, false},
	} {
		i, err := ReadInsights(t.Context(), insightAnswers{c.err}, "t")
		if (err == nil) != c.want || len(i.Selectors) > 0 {
			t.Errorf("%v: got %s, %v", c.err, i, err)
		}
	}
}
