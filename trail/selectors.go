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

// Selectors are what a trail records: basic ones or advanced ones, never both
// (CloudTrail API reference, PutEventSelectors). An event that one of them
// wants is recorded.
type Selectors struct {
	Basic    []types.EventSelector
	Advanced []types.AdvancedEventSelector
}

// Empty tells whether there are none at all.
func (s Selectors) Empty() bool { return len(s.Basic) == 0 && len(s.Advanced) == 0 }

// String is the selectors as indented JSON in the AWS CLI's shape, with
// defaults filled in and the order of values, fields and selectors as they are.
func (s Selectors) String() string {
	text, err := json.MarshalIndent(s.shape(), "", "  ")
	if err != nil {
		panic(err) // texts, lists and booleans only
	}
	return string(text)
}

// Equal tells whether two trails with these selectors are set up alike. The
// order of selectors, fields and values does not count, names do.
func (s Selectors) Equal(o Selectors) bool { return s.sorted().String() == o.sorted().String() }

// sorted is a copy in one order of many.
func (s Selectors) sorted() Selectors {
	var out Selectors
	for _, b := range s.Basic {
		b.ExcludeManagementEventSources = sortedTexts(b.ExcludeManagementEventSources)
		b.DataResources = slices.Clone(b.DataResources)
		for i := range b.DataResources {
			b.DataResources[i].Values = sortedTexts(b.DataResources[i].Values)
		}
		slices.SortFunc(b.DataResources, byText[types.DataResource])
		out.Basic = append(out.Basic, b)
	}
	slices.SortFunc(out.Basic, byText[types.EventSelector])
	for _, a := range s.Advanced {
		a.FieldSelectors = slices.Clone(a.FieldSelectors)
		for i := range a.FieldSelectors {
			for _, o := range operators(&a.FieldSelectors[i]) {
				*o.values = sortedTexts(*o.values)
			}
		}
		slices.SortFunc(a.FieldSelectors, byText[types.AdvancedFieldSelector])
		out.Advanced = append(out.Advanced, a)
	}
	slices.SortFunc(out.Advanced, byText[types.AdvancedEventSelector])
	return out
}

func sortedTexts(list []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

// byText orders values by their JSON: any order will do that is always the
// same.
func byText[T any](a, b T) int {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return strings.Compare(string(x), string(y))
}

// operator is one operator of a field, and its values.
type operator struct {
	name   string
	values *[]string
}

// operators are those of a field, in the order of the API reference.
func operators(f *types.AdvancedFieldSelector) []operator {
	return []operator{
		{"Equals", &f.Equals}, {"StartsWith", &f.StartsWith}, {"EndsWith", &f.EndsWith},
		{"NotEquals", &f.NotEquals}, {"NotStartsWith", &f.NotStartsWith}, {"NotEndsWith", &f.NotEndsWith},
	}
}

// SelectorReader reads selectors.
type SelectorReader interface {
	GetEventSelectors(context.Context, *cloudtrail.GetEventSelectorsInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetEventSelectorsOutput, error)
}

// SelectorWriter writes selectors.
type SelectorWriter interface {
	PutEventSelectors(context.Context, *cloudtrail.PutEventSelectorsInput, ...func(*cloudtrail.Options)) (*cloudtrail.PutEventSelectorsOutput, error)
}

// ReadSelectors reads a trail's selectors.
func ReadSelectors(ctx context.Context, client SelectorReader, nameOrARN string) (Selectors, error) {
	out, err := client.GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: &nameOrARN})
	if err != nil {
		return Selectors{}, fmt.Errorf("reading the selectors of %s: %w", nameOrARN, err)
	}
	s := Selectors{Basic: out.EventSelectors, Advanced: out.AdvancedEventSelectors}
	if s.Empty() {
		return ofNewTrail(), nil
	}
	return s, nil
}

// ofNewTrail are the selectors of a trail for which none were ever put: all
// management events (API reference, CreateTrail). CloudTrail tells them, and
// what imitates it may tell none.
func ofNewTrail() Selectors {
	return Selectors{Basic: []types.EventSelector{{ReadWriteType: types.ReadWriteTypeAll, IncludeManagementEvents: aws.Bool(true)}}}
}

// PutSelectors replaces a trail's selectors. client must be of its home
// region.
func PutSelectors(ctx context.Context, client SelectorWriter, nameOrARN string, s Selectors) error {
	_, err := client.PutEventSelectors(ctx, &cloudtrail.PutEventSelectorsInput{
		TrailName: &nameOrARN, EventSelectors: s.Basic, AdvancedEventSelectors: s.Advanced,
	})
	if err != nil {
		return fmt.Errorf("writing the selectors of %s: %w", nameOrARN, err)
	}
	return nil
}

// advanced are the selectors in advanced form, which can say all that the
// basic form can (CloudTrail user guide, "Logging data events").
func (s Selectors) advanced() []types.AdvancedEventSelector {
	list := slices.Clone(s.Advanced)
	for _, b := range s.Basic {
		var readOnly []types.AdvancedFieldSelector
		switch b.ReadWriteType {
		case types.ReadWriteTypeReadOnly:
			readOnly = append(readOnly, equals("readOnly", "true"))
		case types.ReadWriteTypeWriteOnly:
			readOnly = append(readOnly, equals("readOnly", "false"))
		}
		if b.IncludeManagementEvents == nil || *b.IncludeManagementEvents {
			list = append(list, managementSelector(readOnly, b.ExcludeManagementEventSources))
		}
		for _, d := range b.DataResources {
			list = append(list, basicResource(d, readOnly))
		}
	}
	return list
}

// basicResource puts a basic selector's data resource into advanced form. A
// value that ends after the service's name means all; ARNs of S3 objects are
// beginnings, those of functions and tables are whole (API reference,
// DataResource).
func basicResource(d types.DataResource, readOnly []types.AdvancedFieldSelector) types.AdvancedEventSelector {
	kind := aws.ToString(d.Type)
	fields := append([]types.AdvancedFieldSelector{equals("eventCategory", "Data"), equals("resources.type", kind)}, readOnly...)
	if !slices.ContainsFunc(d.Values, meansAll) {
		f := types.AdvancedFieldSelector{Field: aws.String("resources.ARN")}
		if kind == s3Object {
			f.StartsWith = d.Values
		} else {
			f.Equals = d.Values
		}
		fields = append(fields, f)
	}
	return types.AdvancedEventSelector{Name: aws.String("Data events: " + kind), FieldSelectors: fields}
}

// meansAll tells a value such as arn:aws:s3, arn:aws:s3::: and arn:aws:lambda.
func meansAll(value string) bool {
	return strings.Count(strings.TrimRight(value, ":"), ":") == 2
}

func equals(field string, values ...string) types.AdvancedFieldSelector {
	return types.AdvancedFieldSelector{Field: aws.String(field), Equals: values}
}

func managementSelector(readOnly []types.AdvancedFieldSelector, exclude []string) types.AdvancedEventSelector {
	fields := append([]types.AdvancedFieldSelector{equals("eventCategory", "Management")}, readOnly...)
	if len(exclude) > 0 {
		fields = append(fields, types.AdvancedFieldSelector{Field: aws.String("eventSource"), NotEquals: exclude})
	}
	return types.AdvancedEventSelector{Name: aws.String("Management events"), FieldSelectors: fields}
}

// category is what an advanced selector is about: "Management", "Data",
// "NetworkActivity"; "" when it does not say.
func category(s types.AdvancedEventSelector) string {
	for _, f := range s.FieldSelectors {
		if aws.ToString(f.Field) == "eventCategory" && len(f.Equals) == 1 {
			return f.Equals[0]
		}
	}
	return ""
}

// sameEvents tells whether two sets of selectors want the same events, in
// whatever form they say so and whatever they are called. It may not see it
// where they cut the same cake differently.
func (s Selectors) sameEvents(o Selectors) bool {
	bare := func(s Selectors) Selectors {
		list := s.advanced()
		for i := range list {
			list[i].Name = nil
		}
		out := Selectors{Advanced: list}.sorted()
		out.Advanced = slices.CompactFunc(out.Advanced, func(a, b types.AdvancedEventSelector) bool { return byText(a, b) == 0 })
		return out
	}
	return bare(s).String() == bare(o).String()
}
