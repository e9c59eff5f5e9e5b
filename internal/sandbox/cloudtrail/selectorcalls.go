package cloudtrail

import "trailctl/internal/sandbox/call"

type selectorsInput struct {
	TrailName              string
	EventSelectors         []eventSelector
	AdvancedEventSelectors []advancedSelector
}

type selectorsOutput struct {
	TrailARN               string
	EventSelectors         []eventSelector    `json:",omitempty"`
	AdvancedEventSelectors []advancedSelector `json:",omitempty"`
}

func (s *Service) getEventSelectors(c *call.Call, in selectorsInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.readable(c, in.TrailName)
	if err != nil {
		return nil, err
	}
	return selectorsOutput{t.arn(), t.Basic, t.Advanced}, nil
}

// putEventSelectors replaces all selectors of a trail, of both kinds.
func (s *Service) putEventSelectors(c *call.Call, in selectorsInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.changeable(c, in.TrailName)
	if err != nil {
		return nil, err
	}
	switch {
	case len(in.EventSelectors) > 0 && len(in.AdvancedEventSelectors) > 0:
		err = badSelector("Use either EventSelectors or AdvancedEventSelectors, not both.")
	case len(in.AdvancedEventSelectors) > 0:
		err = checkAdvanced(in.AdvancedEventSelectors)
	default:
		err = checkBasic(in.EventSelectors)
	}
	if err != nil {
		return nil, err
	}
	t.Basic, t.Advanced, t.Custom = in.EventSelectors, in.AdvancedEventSelectors, true
	return selectorsOutput{t.arn(), t.Basic, t.Advanced}, nil
}
