package cloudtrail

import (
	"slices"

	"trailctl/internal/sandbox/call"
)

// insightSelector turns on one type of Insights for categories of events. It is
// kept, and nothing comes of it (assumption A24).
type insightSelector struct {
	InsightType     string   `json:"InsightType"`
	EventCategories []string `json:"EventCategories"`
}

// The two types of Insights.
const (
	callRate  = "ApiCallRateInsight"
	errorRate = "ApiErrorRateInsight"
)

type insightsInput struct {
	TrailName           string
	InsightSelectors    *[]insightSelector
	EventDataStore      string
	InsightsDestination string
}

type insightsOutput struct {
	TrailARN         string
	InsightSelectors []insightSelector
}

// checkTarget refuses event data stores, which the sandbox has none of.
func (in insightsInput) checkTarget() *call.Error {
	switch {
	case in.EventDataStore+in.InsightsDestination != "":
		return refuse("UnsupportedOperationException", "The sandbox has no event data stores.")
	case in.TrailName == "":
		return refuse("InvalidParameterException", "Specify a trail name or an event data store.")
	}
	return nil
}

func (s *Service) getInsightSelectors(c *call.Call, in insightsInput) (any, *call.Error) {
	if err := in.checkTarget(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.readable(c, in.TrailName)
	switch {
	case err != nil:
		return nil, err
	case len(t.Insights) == 0:
		return nil, refuse("InsightNotEnabledException",
			"Trail %s does not have Insights enabled. Edit the trail settings to enable Insights, and then try the operation again.", t.Name)
	}
	return insightsOutput{t.arn(), t.Insights}, nil
}

// putInsightSelectors replaces the selectors of a trail; an empty list turns
// Insights off.
func (s *Service) putInsightSelectors(c *call.Call, in insightsInput) (any, *call.Error) {
	if err := in.checkTarget(); err != nil {
		return nil, err
	}
	if in.InsightSelectors == nil {
		return nil, badInsight("InsightSelectors is missing; an empty list turns Insights off.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.changeable(c, in.TrailName)
	if err != nil {
		return nil, err
	}
	list := append([]insightSelector{}, *in.InsightSelectors...)
	for i := range list {
		if slices.ContainsFunc(list[:i], func(o insightSelector) bool { return o.InsightType == list[i].InsightType }) {
			return nil, badInsight("The insight type %s stands twice.", list[i].InsightType)
		}
		if err := list[i].complete(t); err != nil {
			return nil, err
		}
	}
	t.Insights = list
	return insightsOutput{t.arn(), t.Insights}, nil
}

func badInsight(format string, args ...any) *call.Error {
	return refuse("InvalidInsightSelectorsException", format, args...)
}

// complete sets the default of a selector and checks that the trail logs what
// its Insights are made of (API reference, PutInsightSelectors).
func (i *insightSelector) complete(t *trail) *call.Error {
	if i.InsightType != callRate && i.InsightType != errorRate {
		return badInsight("The insight type %.100q is not valid: it is %s or %s.", i.InsightType, callRate, errorRate)
	}
	if len(i.EventCategories) == 0 {
		i.EventCategories = []string{Management}
	}
	for _, category := range i.EventCategories {
		switch {
		case category != Management && category != Data:
			return badInsight("The event category %.100q is not valid: it is %s or %s.", category, Management, Data)
		case category == Data && !t.logs(Data, true) && !t.logs(Data, false):
			return badInsight("The trail must log data events to enable %s on data events.", i.InsightType)
		case category == Management && i.InsightType == callRate && !t.logs(Management, false):
			return badInsight("The trail must log write management events to enable %s.", callRate)
		case category == Management && !t.logs(Management, true) && !t.logs(Management, false):
			return badInsight("The trail must log management events to enable %s.", i.InsightType)
		}
	}
	return nil
}

// logs tells whether a selector takes events of a category that read or that
// write.
func (t *trail) logs(category string, reads bool) bool {
	if len(t.Advanced) > 0 {
		return slices.ContainsFunc(t.Advanced, func(s advancedSelector) bool { return s.logs(category, reads) })
	}
	return slices.ContainsFunc(t.Basic, func(s eventSelector) bool { return s.logs(category, reads) })
}

func (s eventSelector) logs(category string, reads bool) bool {
	if s.ReadWriteType == "ReadOnly" && !reads || s.ReadWriteType == "WriteOnly" && reads {
		return false
	}
	if category == Data {
		return len(s.DataResources) > 0
	}
	return *s.IncludeManagementEvents
}

func (s advancedSelector) logs(category string, reads bool) bool {
	if s.category() != category {
		return false
	}
	value := map[bool]string{true: "true", false: "false"}[reads]
	return !slices.ContainsFunc(s.FieldSelectors, func(f fieldSelector) bool {
		return f.Field == "readOnly" && !f.matches(value)
	})
}
