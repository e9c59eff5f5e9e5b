package cloudtrail

import (
	"slices"
	"strings"

	"trailctl/internal/sandbox/call"
)

// eventSelector is a basic selector.
type eventSelector struct {
	ReadWriteType                 string         `json:"ReadWriteType"`
	IncludeManagementEvents       *bool          `json:"IncludeManagementEvents"`
	DataResources                 []dataResource `json:"DataResources"`
	ExcludeManagementEventSources []string       `json:"ExcludeManagementEventSources"`
}

type dataResource struct {
	Type   string   `json:"Type"`
	Values []string `json:"Values"`
}

// advancedSelector selects an event when all its fields do.
type advancedSelector struct {
	Name           string          `json:"Name,omitempty"`
	FieldSelectors []fieldSelector `json:"FieldSelectors"`
}

type fieldSelector struct {
	Field         string   `json:"Field"`
	Equals        []string `json:"Equals,omitempty"`
	StartsWith    []string `json:"StartsWith,omitempty"`
	EndsWith      []string `json:"EndsWith,omitempty"`
	NotEquals     []string `json:"NotEquals,omitempty"`
	NotStartsWith []string `json:"NotStartsWith,omitempty"`
	NotEndsWith   []string `json:"NotEndsWith,omitempty"`
}

// Limits of the user guide, "Quotas in AWS CloudTrail".
const (
	maxBasicSelectors = 5
	maxDataResources  = 250
	maxAdvancedValues = 500
	maxSelectorName   = 1000
)

// defaultSelectors is what a trail selects until somebody says otherwise: all
// management events.
func defaultSelectors() []eventSelector {
	yes := true
	return []eventSelector{{
		ReadWriteType: "All", IncludeManagementEvents: &yes,
		DataResources: []dataResource{}, ExcludeManagementEventSources: []string{},
	}}
}

// excludable are the sources that a basic selector can leave out.
var excludable = []string{"kms.amazonaws.com", "rdsdata.amazonaws.com"}

// dataTypes says how the ARNs of a basic selector's data resources begin.
var dataTypes = map[string]string{
	"AWS::S3::Object":       "arn:aws:s3",
	"AWS::Lambda::Function": "arn:aws:lambda",
	"AWS::DynamoDB::Table":  "arn:aws:dynamodb",
}

func badSelector(format string, args ...any) *call.Error {
	return refuse("InvalidEventSelectorsException", format, args...)
}

// checkBasic checks basic selectors and fills in what was left out.
func checkBasic(list []eventSelector) *call.Error {
	if len(list) == 0 || len(list) > maxBasicSelectors {
		return badSelector("A trail has 1 to %d event selectors, not %d.", maxBasicSelectors, len(list))
	}
	resources := 0
	for i := range list {
		sel := &list[i]
		if err := sel.complete(); err != nil {
			return err
		}
		for _, d := range sel.DataResources {
			if err := d.check(); err != nil {
				return err
			}
			resources += len(d.Values)
		}
		if !*sel.IncludeManagementEvents && len(sel.DataResources) == 0 {
			return badSelector("An event selector must include management events or data resources.")
		}
	}
	if resources > maxDataResources {
		return badSelector("The selectors name %d data resources; a trail may name %d.", resources, maxDataResources)
	}
	return nil
}

// complete sets the defaults of one basic selector.
func (s *eventSelector) complete() *call.Error {
	if s.ReadWriteType == "" {
		s.ReadWriteType = "All"
	}
	if !slices.Contains([]string{"All", "ReadOnly", "WriteOnly"}, s.ReadWriteType) {
		return badSelector("Value %s for ReadWriteType is invalid.", s.ReadWriteType)
	}
	if s.IncludeManagementEvents == nil {
		yes := true
		s.IncludeManagementEvents = &yes
	}
	if s.DataResources == nil {
		s.DataResources = []dataResource{}
	}
	if s.ExcludeManagementEventSources == nil {
		s.ExcludeManagementEventSources = []string{}
	}
	for _, source := range s.ExcludeManagementEventSources {
		if !slices.Contains(excludable, source) {
			return badSelector("Value %s for ExcludeManagementEventSources is invalid.", source)
		}
	}
	if len(s.ExcludeManagementEventSources) > 0 && !*s.IncludeManagementEvents {
		return badSelector("ExcludeManagementEventSources needs IncludeManagementEvents.")
	}
	return nil
}

// check checks one data resource. An S3 value names all buckets
// ("arn:aws:s3") or ends after the bucket's name and a slash or later
// ("arn:aws:s3:::bucket/", "arn:aws:s3:::bucket/prefix").
func (d dataResource) check() *call.Error {
	begin, known := dataTypes[d.Type]
	if !known {
		return badSelector("Value %s for DataResources.Type is invalid.", d.Type)
	}
	for _, v := range d.Values {
		whole := v == begin || v == begin+":::"
		ok := whole || strings.HasPrefix(v, begin+":")
		if d.Type == "AWS::S3::Object" && !whole {
			ok = ok && strings.HasPrefix(v, begin+":::") && strings.Contains(v, "/")
		}
		if !ok {
			return badSelector("Value %s for DataResources.Values is invalid.", v)
		}
	}
	return nil
}

// fieldRules says which fields an advanced selector of a category may use
// (API reference, AdvancedFieldSelector).
var fieldRules = map[string][]string{
	"Management": {"eventCategory", "eventSource", "readOnly"},
	"Data": {"eventCategory", "resources.type", "eventName", "eventSource", "eventType", "resources.ARN", "readOnly",
		"sessionCredentialFromConsole", "userIdentity.arn"},
	"NetworkActivity": {"eventCategory", "eventSource", "eventName", "errorCode", "vpcEndpointId"},
}

// requiredFields are the fields that a category cannot do without.
var requiredFields = map[string][]string{
	"Management":      {"eventCategory"},
	"Data":            {"eventCategory", "resources.type"},
	"NetworkActivity": {"eventCategory", "eventSource"},
}

// equalsOnly are the fields that take no other operator.
var equalsOnly = []string{"eventCategory", "readOnly", "resources.type"}

// checkAdvanced checks advanced selectors.
func checkAdvanced(list []advancedSelector) *call.Error {
	values := 0
	for _, sel := range list {
		if len(sel.Name) > maxSelectorName {
			return badSelector("The selector's name is longer than %d characters.", maxSelectorName)
		}
		if err := sel.check(); err != nil {
			return err
		}
		for _, f := range sel.FieldSelectors {
			for _, op := range f.operators() {
				values += len(op)
			}
		}
	}
	if values > maxAdvancedValues {
		return badSelector("The advanced selectors hold %d values; a trail may hold %d.", values, maxAdvancedValues)
	}
	return nil
}

func (s advancedSelector) check() *call.Error {
	category := s.category()
	allowed, known := fieldRules[category]
	if !known {
		return badSelector("Each advanced event selector must have a field eventCategory that equals one of Management, Data and NetworkActivity.")
	}
	var seen []string
	for _, f := range s.FieldSelectors {
		switch {
		case !slices.Contains(allowed, f.Field):
			return badSelector("The field %s is not valid for the event category %s.", f.Field, category)
		case slices.Contains(seen, f.Field):
			return badSelector("The field %s stands twice in one selector.", f.Field)
		}
		seen = append(seen, f.Field)
		if err := f.check(); err != nil {
			return err
		}
	}
	for _, f := range requiredFields[category] {
		if !slices.Contains(seen, f) {
			return badSelector("The field %s is required for the event category %s.", f, category)
		}
	}
	return nil
}

// category is the selector's event category, empty when it has not exactly
// one.
func (s advancedSelector) category() string {
	for _, f := range s.FieldSelectors {
		if f.Field == "eventCategory" && len(f.Equals) == 1 {
			return f.Equals[0]
		}
	}
	return ""
}

func (f fieldSelector) operators() [][]string {
	return [][]string{f.Equals, f.StartsWith, f.EndsWith, f.NotEquals, f.NotStartsWith, f.NotEndsWith}
}

func (f fieldSelector) check() *call.Error {
	used := 0
	for i, op := range f.operators() {
		used += len(op)
		if i > 0 && len(op) > 0 && slices.Contains(equalsOnly, f.Field) {
			return badSelector("The field %s takes the operator Equals only.", f.Field)
		}
		if slices.Contains(op, "") {
			return badSelector("The field %s has an empty value.", f.Field)
		}
	}
	if used == 0 {
		return badSelector("The field %s has no operator.", f.Field)
	}
	return f.checkValues()
}

func (f fieldSelector) checkValues() *call.Error {
	valid := func(values []string, list ...string) *call.Error {
		if len(values) != 1 || !slices.Contains(list, values[0]) {
			return badSelector("The field %s takes one value of: %s.", f.Field, strings.Join(list, ", "))
		}
		return nil
	}
	switch f.Field {
	case "readOnly":
		return valid(f.Equals, "true", "false")
	case "sessionCredentialFromConsole":
		return valid(slices.Concat(f.Equals, f.NotEquals), "true", "false")
	case "errorCode":
		return valid(f.Equals, "VpceAccessDenied")
	case "resources.type":
		if len(f.Equals) != 1 {
			return badSelector("The field resources.type takes exactly one value.")
		}
	}
	return nil
}
