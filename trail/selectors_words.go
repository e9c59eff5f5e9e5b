package trail

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// Rule is one selector in words.
type Rule struct {
	Events  string   // "management", "data", "network activity"
	Of      string   // "all services", "s3", "ec2.amazonaws.com"
	Access  string   // "read", "write", or "all" for both
	Filters []string // what else must hold, in lines: "eventName is PutObject", "or GetObject"
	Name    string   // as somebody has named it
}

// Rules are the selectors in words, one for each kind of events and resource.
func (s Selectors) Rules() []Rule {
	var rules []Rule
	for _, a := range s.advanced() {
		rules = append(rules, newRule(a, len(s.Basic) == 0))
	}
	return rules
}

func newRule(a types.AdvancedEventSelector, named bool) Rule {
	c := category(a)
	r := Rule{Events: cmp.Or(map[string]string{"Management": "management", "Data": "data", "NetworkActivity": "network activity"}[c], c), Of: "all services", Access: "all"}
	if named {
		r.Name = aws.ToString(a.Name)
	}
	for _, f := range a.FieldSelectors {
		name := aws.ToString(f.Field)
		switch {
		case name == "eventCategory":
		case name == "resources.type":
			r.Of = strings.Join(shortOf(f.Equals), ", ")
		case name == "eventSource" && c == "NetworkActivity":
			r.Of = strings.Join(f.Equals, ", ")
		case name == "readOnly":
			r.Access = "write"
			if onlyReads(f) {
				r.Access = "read"
			}
		default:
			r.Filters = append(r.Filters, filters(f)...)
		}
	}
	return r
}

func shortOf(kinds []string) []string {
	list := slices.Clone(kinds)
	for i, k := range list {
		if t, known, _ := LookUpType(k); known {
			list[i] = t.Short
		}
	}
	return list
}

// shownValues are how many values of a filter are written out.
const shownValues = 3

// filters puts each operator of a field into words, a line a value. The values
// of a positive operator are alternatives; none of a negative one's may hold.
func filters(f types.AdvancedFieldSelector) []string {
	words := map[string]string{
		"Equals": "is", "StartsWith": "begins with", "EndsWith": "ends in",
		"NotEquals": "is not", "NotStartsWith": "does not begin with", "NotEndsWith": "does not end in",
	}
	var list []string
	for _, o := range operators(&f) {
		values, link := *o.values, "or "
		if strings.HasPrefix(o.name, "Not") {
			link = "nor "
		}
		for i, v := range values[:min(shownValues, len(values))] {
			start := link
			if i == 0 {
				start = strings.TrimPrefix(aws.ToString(f.Field), "resources.") + " " + words[o.name] + " "
			}
			list = append(list, start+v)
		}
		if n := len(values) - shownValues; n > 0 {
			list = append(list, fmt.Sprintf("%s%d more", link, n))
		}
	}
	return list
}

// Answer is the selectors as CloudTrail's GetEventSelectors answers them, for
// JSON.
func (s Selectors) Answer(trailARN string) any {
	shape := s.shape()
	shape.TrailARN = trailARN
	return shape
}
