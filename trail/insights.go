package trail

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// Insights are the unusual activities that a trail looks for.
type Insights struct {
	Selectors []types.InsightSelector
}

// The names of Insights, as ParseInsights takes them and Names gives them.
// With ":data" at its end a name is for data events in place of management
// events.
const (
	CallRate  = "call-rate"
	ErrorRate = "error-rate"
	dataMark  = ":data"
)

// ParseInsights makes Insights from names; "none" alone means none. Errors
// are of ErrSpec.
func ParseInsights(names []string) (Insights, error) {
	var i Insights
	if slices.Equal(names, []string{"none"}) {
		return i, nil
	}
	for _, n := range names {
		name, data := strings.CutSuffix(n, dataMark)
		kind := map[string]types.InsightType{CallRate: types.InsightTypeApiCallRateInsight, ErrorRate: types.InsightTypeApiErrorRateInsight}[name]
		if kind == "" {
			return Insights{}, refuse("insight %q: there are %s, %s, both also with %s at the end, and none alone", n, CallRate, ErrorRate, dataMark)
		}
		on := types.SourceEventCategoryManagement
		if data {
			on = types.SourceEventCategoryData
		}
		i.add(kind, on)
	}
	if len(i.Selectors) == 0 {
		return i, refuse("no insights are named; none switches them off")
	}
	return i, nil
}

// add takes one kind of Insights for one category of events in.
func (i *Insights) add(kind types.InsightType, on types.SourceEventCategory) {
	for n, s := range i.Selectors {
		if s.InsightType == kind {
			if !slices.Contains(s.EventCategories, on) {
				i.Selectors[n].EventCategories = append(s.EventCategories, on)
			}
			return
		}
	}
	i.Selectors = append(i.Selectors, types.InsightSelector{InsightType: kind, EventCategories: []types.SourceEventCategory{on}})
}

// complete is a sorted copy. Insights without categories are those of
// management events (API reference, InsightSelector).
func (i Insights) complete() Insights {
	var out Insights
	for _, s := range i.Selectors {
		if len(s.EventCategories) == 0 {
			out.add(s.InsightType, types.SourceEventCategoryManagement)
		}
		for _, c := range s.EventCategories {
			out.add(s.InsightType, c)
		}
	}
	for n := range out.Selectors {
		slices.Sort(out.Selectors[n].EventCategories)
	}
	slices.SortFunc(out.Selectors, func(a, b types.InsightSelector) int {
		return strings.Compare(string(a.InsightType), string(b.InsightType))
	})
	return out
}

// Names are the Insights in the words of ParseInsights, sorted.
func (i Insights) Names() []string {
	var names []string
	for _, s := range i.complete().Selectors {
		name := map[types.InsightType]string{types.InsightTypeApiCallRateInsight: CallRate, types.InsightTypeApiErrorRateInsight: ErrorRate}[s.InsightType]
		if name == "" {
			name = string(s.InsightType)
		}
		for _, c := range s.EventCategories {
			switch c {
			case types.SourceEventCategoryManagement:
				names = append(names, name)
			case types.SourceEventCategoryData:
				names = append(names, name+dataMark)
			default:
				names = append(names, name+":"+string(c))
			}
		}
	}
	slices.Sort(names)
	return names
}

// String is the Insights as indented JSON in the AWS CLI's shape.
func (i Insights) String() string {
	type row struct {
		InsightType     types.InsightType
		EventCategories []types.SourceEventCategory
	}
	doc := struct{ InsightSelectors []row }{[]row{}}
	for _, s := range i.complete().Selectors {
		doc.InsightSelectors = append(doc.InsightSelectors, row{s.InsightType, s.EventCategories})
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		panic(err) // texts and lists only
	}
	return string(text)
}

// Equal tells whether both are the same Insights.
func (i Insights) Equal(o Insights) bool { return i.String() == o.String() }

// Fits tells whether a trail that records what s says can have these
// Insights. Errors are of ErrSpec.
func (i Insights) Fits(s Selectors) error {
	if why := i.blind(s); len(why) > 0 {
		return refuse("%s", why[0])
	}
	return nil
}

// blind says which of the Insights have nothing to look at where s is
// recorded: those of API call rates on management events need the write
// events, those of error rates any; those on data events any data events (API
// reference, PutInsightSelectors).
func (i Insights) blind(s Selectors) []string {
	has := map[string]bool{}
	for _, sel := range s.advanced() {
		c := category(sel)
		has[c] = true
		if c == "Management" && !slices.ContainsFunc(sel.FieldSelectors, onlyReads) {
			has["write"] = true
		}
	}
	var why []string
	for _, n := range i.Names() {
		switch {
		case strings.HasSuffix(n, dataMark) && !has["Data"]:
			why = append(why, "insight "+n+" needs data events, and none are recorded")
		case n == CallRate && !has["write"]:
			why = append(why, "insight "+n+" needs management events that write, and they are not recorded")
		case n == ErrorRate && !has["Management"]:
			why = append(why, "insight "+n+" needs management events, and none are recorded")
		}
	}
	return why
}

func onlyReads(f types.AdvancedFieldSelector) bool {
	return aws.ToString(f.Field) == "readOnly" && slices.Contains(f.Equals, "true")
}

// InsightReader reads Insights.
type InsightReader interface {
	GetInsightSelectors(context.Context, *cloudtrail.GetInsightSelectorsInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetInsightSelectorsOutput, error)
}

// InsightWriter writes Insights.
type InsightWriter interface {
	PutInsightSelectors(context.Context, *cloudtrail.PutInsightSelectorsInput, ...func(*cloudtrail.Options)) (*cloudtrail.PutInsightSelectorsOutput, error)
}

// ReadInsights reads a trail's Insights. A trail without is no error.
func ReadInsights(ctx context.Context, client InsightReader, nameOrARN string) (Insights, error) {
	out, err := client.GetInsightSelectors(ctx, &cloudtrail.GetInsightSelectorsInput{TrailName: &nameOrARN})
	switch {
	case errorCode(err) == "InsightNotEnabled":
		return Insights{}, nil
	case err != nil:
		return Insights{}, fmt.Errorf("reading the insights of %s: %w", nameOrARN, err)
	}
	return Insights{Selectors: out.InsightSelectors}, nil
}

// PutInsights replaces a trail's Insights; none switch them off. client must
// be of the home region.
func PutInsights(ctx context.Context, client InsightWriter, nameOrARN string, i Insights) error {
	list := i.complete().Selectors
	if list == nil {
		list = []types.InsightSelector{} // which must be there to be empty
	}
	_, err := client.PutInsightSelectors(ctx, &cloudtrail.PutInsightSelectorsInput{TrailName: &nameOrARN, InsightSelectors: list})
	if err != nil {
		return fmt.Errorf("writing the insights of %s: %w", nameOrARN, err)
	}
	return nil
}
