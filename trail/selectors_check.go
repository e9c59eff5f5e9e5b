package trail

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// Limits of PutEventSelectors (CloudTrail API reference, and user guide,
// "Quotas in AWS CloudTrail").
const (
	maxBasic         = 5
	maxDataResources = 250
	maxValues        = 500
	maxSelectorName  = 1000
	maxValue         = 2048 // characters
)

// Validate checks selectors without asking AWS: the rules of the API
// reference, AdvancedFieldSelector and EventSelector, as far as they are for
// trails. Errors are of ErrSpec.
func (s Selectors) Validate() error {
	switch {
	case len(s.Basic) > 0 && len(s.Advanced) > 0:
		return refuse("there are both basic and advanced selectors; a trail takes one kind")
	case s.Empty():
		return refuse("there are no selectors; a trail needs at least one")
	case len(s.Basic) > 0:
		return checkBasic(s.Basic)
	}
	return checkAdvanced(s.Advanced)
}

func checkBasic(list []types.EventSelector) error {
	if len(list) > maxBasic {
		return refuse("there are %d basic selectors; %d are allowed", len(list), maxBasic)
	}
	resources := 0
	for i, s := range list {
		if err := checkBasicSelector(fmt.Sprintf("selector %d", i+1), s, &resources); err != nil {
			return err
		}
	}
	if resources > maxDataResources {
		return refuse("the basic selectors name %d resources; %d are allowed, and advanced selectors take %d values", resources, maxDataResources, maxValues)
	}
	return nil
}

func checkBasicSelector(where string, s types.EventSelector, resources *int) error {
	management := s.IncludeManagementEvents == nil || *s.IncludeManagementEvents
	switch {
	case s.ReadWriteType != "" && !slices.Contains(s.ReadWriteType.Values(), s.ReadWriteType):
		return refuse("%s, ReadWriteType: it is All, ReadOnly or WriteOnly, not %q", where, s.ReadWriteType)
	case !management && len(s.DataResources) == 0:
		return refuse("%s records nothing: IncludeManagementEvents is false and there are no DataResources", where)
	case !management && len(s.ExcludeManagementEventSources) > 0:
		return refuse("%s, ExcludeManagementEventSources: there is nothing to exclude, because IncludeManagementEvents is false", where)
	}
	for _, source := range s.ExcludeManagementEventSources {
		if !slices.Contains(excludable(), source) {
			return refuse("%s, ExcludeManagementEventSources: only %s can be excluded, not %q", where, strings.Join(excludable(), " and "), source)
		}
	}
	for i, d := range s.DataResources {
		at := fmt.Sprintf("%s, DataResources %d", where, i+1)
		if err := checkBasicResource(at, d); err != nil {
			return err
		}
		// Choosing all of a kind does not count (API reference, EventSelector).
		if !slices.ContainsFunc(d.Values, meansAll) {
			*resources += len(d.Values)
		}
	}
	return nil
}

// excludable are the event sources of management events that a trail can
// leave out.
func excludable() []string { return []string{"kms.amazonaws.com", "rdsdata.amazonaws.com"} }

func checkBasicResource(at string, d types.DataResource) error {
	service, ok := map[string]string{s3Object: "s3", lambdaFunction: "lambda", dynamoTable: "dynamodb"}[aws.ToString(d.Type)]
	if !ok {
		return refuse("%s, Type: basic selectors take %s, %s and %s, not %q; advanced selectors take the others", at, s3Object, lambdaFunction, dynamoTable, aws.ToString(d.Type))
	}
	if len(d.Values) == 0 {
		return refuse("%s, Values: at least one ARN is needed; arn:aws:%s means all", at, service)
	}
	for _, v := range d.Values {
		parts := strings.SplitN(v, ":", 6)
		all := meansAll(v)
		switch {
		case len(parts) < 3 || parts[0] != "arn" || !strings.HasPrefix(parts[1], "aws") || parts[2] != service:
			return refuse("%s, Values: %q is not an ARN of %s", at, v, service)
		case !all && len(parts) < 6:
			return refuse("%s, Values: %q is cut off; arn:%s:%s means all", at, v, parts[1], service)
		case !all && service == "s3" && !strings.Contains(parts[5], "/"):
			return refuse("%s, Values: %q is a bucket: write %s/ for all of its objects", at, v, v)
		}
	}
	return nil
}

// fieldRule says what a field of an advanced selector takes.
type fieldRule struct {
	required  bool
	operators []string // nil: all
	values    []string // nil: any
	one       bool     // exactly one value
}

// fieldRules are the fields of a category of events; nil for no category.
func fieldRules(category string) map[string]fieldRule {
	only := []string{"Equals"}
	yesNo := []string{"true", "false"}
	cat := fieldRule{required: true, operators: only, one: true}
	readOnly := fieldRule{operators: only, values: yesNo, one: true}
	switch category {
	case "Management":
		return map[string]fieldRule{
			"eventCategory": cat,
			"eventSource":   {operators: []string{"NotEquals"}, values: excludable()},
			"readOnly":      readOnly,
		}
	case "Data":
		return map[string]fieldRule{
			"eventCategory":                cat,
			"resources.type":               {required: true, operators: only, one: true},
			"eventName":                    {},
			"eventSource":                  {},
			"eventType":                    {},
			"resources.ARN":                {},
			"readOnly":                     readOnly,
			"sessionCredentialFromConsole": {operators: []string{"Equals", "NotEquals"}, values: yesNo, one: true},
			"userIdentity.arn":             {},
		}
	case "NetworkActivity":
		return map[string]fieldRule{
			"eventCategory": cat,
			"eventSource":   {required: true, operators: only, one: true},
			"eventName":     {},
			"errorCode":     {operators: only, values: []string{"VpceAccessDenied"}, one: true},
			"vpcEndpointId": {},
		}
	}
	return nil
}

func checkAdvanced(list []types.AdvancedEventSelector) error {
	values := 0
	for i, s := range list {
		where := fmt.Sprintf("selector %d", i+1)
		if s.Name != nil && *s.Name != "" {
			where += fmt.Sprintf(" (%s)", *s.Name)
		}
		if n := utf8.RuneCountInString(aws.ToString(s.Name)); n > maxSelectorName {
			return refuse("selector %d, Name: it has %d characters; %d are allowed", i+1, n, maxSelectorName)
		}
		if err := checkAdvancedSelector(where, s, &values); err != nil {
			return err
		}
	}
	if values > maxValues {
		return refuse("the selectors have %d values in all; %d are allowed", values, maxValues)
	}
	return nil
}

func checkAdvancedSelector(where string, s types.AdvancedEventSelector, values *int) error {
	if len(s.FieldSelectors) == 0 {
		return refuse("%s, FieldSelectors: it has none; eventCategory is needed", where)
	}
	rules := fieldRules(category(s))
	if rules == nil {
		return refuse("%s, field eventCategory: it must be there, and Equals one of Management, Data and NetworkActivity", where)
	}
	seen := map[string]bool{}
	for _, f := range s.FieldSelectors {
		name := aws.ToString(f.Field)
		at := fmt.Sprintf("%s, field %s", where, name)
		rule, ok := rules[name]
		switch {
		case !ok:
			return refuse("%s, field %q: for the category %s there are %s", where, name, category(s), strings.Join(slices.Sorted(maps.Keys(rules)), ", "))
		case seen[name]:
			return refuse("%s: it is there twice; put all its operators and values into one", at)
		}
		seen[name] = true
		if err := rule.check(at, f, values); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		if rules[name].required && !seen[name] {
			return refuse("%s, field %s: the category %s needs it", where, name, category(s))
		}
	}
	return checkType(where, s)
}

func (r fieldRule) check(at string, f types.AdvancedFieldSelector, values *int) error {
	used := 0
	for _, o := range operators(&f) {
		if len(*o.values) == 0 {
			continue
		}
		used += len(*o.values)
		if r.operators != nil && !slices.Contains(r.operators, o.name) {
			return refuse("%s: it takes %s only, not %s", at, strings.Join(r.operators, " or "), o.name)
		}
		for _, v := range *o.values {
			if err := r.checkValue(at+", "+o.name, v); err != nil {
				return err
			}
		}
	}
	switch {
	case used == 0:
		return refuse("%s: it has no operator with a value, such as Equals", at)
	case r.one && used != 1:
		return refuse("%s: it takes one value, not %d; another selector can have another value", at, used)
	}
	*values += used
	return nil
}

func (r fieldRule) checkValue(at, v string) error {
	switch n := utf8.RuneCountInString(v); {
	case n == 0:
		return refuse("%s: a value is empty", at)
	case n > maxValue:
		return refuse("%s: a value has %d characters; %d are allowed", at, n, maxValue)
	case r.values != nil && !slices.Contains(r.values, v):
		return refuse("%s: the values are %s, not %q", at, strings.Join(r.values, " and "), v)
	}
	return nil
}

var typePattern = regexp.MustCompile(`^AWS::[A-Za-z0-9]+::[A-Za-z0-9]+$`)

// checkType looks at the form of a resource type only: new ones come all the
// time.
func checkType(where string, s types.AdvancedEventSelector) error {
	for _, f := range s.FieldSelectors {
		if aws.ToString(f.Field) == "resources.type" && !typePattern.MatchString(f.Equals[0]) {
			return refuse("%s, field resources.type: %q is not in the form AWS::S3::Object", where, f.Equals[0])
		}
	}
	return nil
}
