package logs

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"trailctl/internal/sandbox/call"
)

// metricFilter is one metric filter of a group.
type metricFilter struct {
	Name, Pattern   string
	Transformations []transformation
	Created         time.Time
}

type transformation struct {
	MetricName      string            `json:"metricName"`
	MetricNamespace string            `json:"metricNamespace"`
	MetricValue     string            `json:"metricValue"`
	DefaultValue    *float64          `json:"defaultValue,omitempty"`
	Dimensions      map[string]string `json:"dimensions,omitempty"`
	Unit            string            `json:"unit,omitempty"`
}

// Limits of the API reference, "PutMetricFilter", and the user guide's quotas.
const (
	maxFilters    = 100
	maxPattern    = 1024
	maxDimensions = 3
)

var (
	filterNamePattern = regexp.MustCompile(`^[^:*]{1,512}$`)
	metricNamePattern = regexp.MustCompile(`^[^:*$]{1,255}$`)
)

type metricFilterInput struct {
	LogGroupName          string
	FilterName            string
	FilterPattern         *string
	MetricTransformations []transformation
}

func (in metricFilterInput) check() *call.Error {
	if !filterNamePattern.MatchString(in.FilterName) {
		return constraint(in.FilterName, "filterName", "satisfy regular expression pattern: [^:*]* and have length between 1 and 512")
	}
	if in.FilterPattern == nil {
		return invalid("1 validation error detected: Value null at 'filterPattern' failed to satisfy constraint: Member must not be null")
	}
	if _, err := parseFilter(*in.FilterPattern); err != nil {
		return err
	}
	if len(in.MetricTransformations) != 1 {
		return constraint(len(in.MetricTransformations), "metricTransformations", "have length of 1")
	}
	return in.MetricTransformations[0].check()
}

func (t transformation) check() *call.Error {
	switch {
	case !metricNamePattern.MatchString(t.MetricName):
		return constraint(t.MetricName, "metricTransformations.1.member.metricName", "satisfy regular expression pattern: [^:*$]* and have length between 1 and 255")
	case !metricNamePattern.MatchString(t.MetricNamespace):
		return constraint(t.MetricNamespace, "metricTransformations.1.member.metricNamespace", "satisfy regular expression pattern: [^:*$]* and have length between 1 and 255")
	case t.MetricValue == "" || len(t.MetricValue) > 100:
		return constraint(t.MetricValue, "metricTransformations.1.member.metricValue", "have length between 1 and 100")
	case len(t.Dimensions) > maxDimensions:
		return invalid("A metric filter can have no more than %d dimensions.", maxDimensions)
	case t.DefaultValue != nil && len(t.Dimensions) > 0:
		return invalid("Invalid metric transformation: dimensions and default value are mutually exclusive properties.")
	}
	return nil
}

func (s *Service) putMetricFilter(c *call.Call, in metricFilterInput) (any, *call.Error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(c, in.LogGroupName)
	if err != nil {
		return nil, err
	}
	f := metricFilter{in.FilterName, *in.FilterPattern, in.MetricTransformations, c.Time}
	if i := g.filter(f.Name); i >= 0 {
		g.Filters[i] = f
		return nil, nil
	}
	if len(g.Filters) >= maxFilters {
		return nil, refuse("LimitExceededException", "Resource limit exceeded.")
	}
	g.Filters = append(g.Filters, f)
	return nil, nil
}

func (g *group) filter(name string) int {
	return slices.IndexFunc(g.Filters, func(f metricFilter) bool { return f.Name == name })
}

func (s *Service) deleteMetricFilter(c *call.Call, in metricFilterInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(c, in.LogGroupName)
	if err != nil {
		return nil, err
	}
	i := g.filter(in.FilterName)
	if i < 0 {
		return nil, refuse("ResourceNotFoundException", "The specified metric filter does not exist.")
	}
	g.Filters = slices.Delete(slices.Clone(g.Filters), i, i+1)
	return nil, nil
}

type describeFiltersInput struct {
	LogGroupName, FilterNamePrefix, NextToken string
	MetricName, MetricNamespace               string
	Limit                                     *int
}

type filterAnswer struct {
	FilterName      string           `json:"filterName"`
	FilterPattern   string           `json:"filterPattern"`
	Transformations []transformation `json:"metricTransformations"`
	CreationTime    int64            `json:"creationTime"`
	LogGroupName    string           `json:"logGroupName"`
	Transformed     bool             `json:"applyOnTransformedLogs"`
}

func (in describeFiltersInput) wants(f metricFilter) bool {
	t := f.Transformations[0]
	return strings.HasPrefix(f.Name, in.FilterNamePrefix) &&
		(in.MetricName == "" || t.MetricName == in.MetricName && t.MetricNamespace == in.MetricNamespace)
}

func (s *Service) describeMetricFilters(c *call.Call, in describeFiltersInput) (any, *call.Error) {
	switch {
	case in.FilterNamePrefix != "" && in.LogGroupName == "":
		return nil, invalid("A filterNamePrefix needs a logGroupName.")
	case (in.MetricName == "") != (in.MetricNamespace == ""):
		return nil, invalid("metricName and metricNamespace must be specified together.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.LogGroupName != "" {
		if _, err := s.find(c, in.LogGroupName); err != nil {
			return nil, err
		}
	}
	var all []filterAnswer
	for _, g := range s.groups {
		if g.Account != c.Account || g.Region != c.Region || in.LogGroupName != "" && g.Name != in.LogGroupName {
			continue
		}
		for _, f := range g.Filters {
			if in.wants(f) {
				all = append(all, filterAnswer{f.Name, f.Pattern, f.Transformations, f.Created.UnixMilli(), g.Name, false})
			}
		}
	}
	unique := func(a filterAnswer) string { return a.FilterName + ":" + a.LogGroupName }
	slices.SortFunc(all, func(a, b filterAnswer) int { return strings.Compare(unique(a), unique(b)) })
	some, next, err := page(in.Limit, in.NextToken, all, unique)
	if err != nil {
		return nil, err
	}
	return listing("metricFilters", some, next), nil
}
