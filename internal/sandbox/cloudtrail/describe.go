package cloudtrail

import (
	"fmt"
	"strconv"

	"trailctl/internal/sandbox/call"
)

// listPage is how many trails ListTrails answers at once.
const listPage = 50

func (s *Service) getTrail(c *call.Call, in nameInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.readable(c, in.Name)
	if err != nil {
		return nil, err
	}
	return map[string]any{"Trail": t.describe()}, nil
}

type describeInput struct {
	TrailNameList       []string `json:"trailNameList"`
	IncludeShadowTrails *bool    `json:"includeShadowTrails"`
}

// describeTrails lists the trails of the caller's region, or those that are
// named: names of that region, ARNs of any. Unknown ones are left out.
func (s *Service) describeTrails(c *call.Call, in describeInput) (any, *call.Error) {
	shadows := in.IncludeShadowTrails == nil || *in.IncludeShadowTrails
	list := []description{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.trails {
		if len(in.TrailNameList) == 0 && s.shows(t, c.Account, c.Region, shadows) {
			list = append(list, t.describe())
		}
	}
	for _, name := range in.TrailNameList {
		where, err := parseTarget(c, name)
		if err != nil {
			return nil, err
		}
		if t := s.named(c, where, shadows); t != nil {
			list = append(list, t.describe())
		}
	}
	return map[string]any{"trailList": list}, nil
}

// named finds a trail for DescribeTrails. A name also finds the shadow of a
// multi-region or an organization trail. s.mu is held.
func (s *Service) named(c *call.Call, where target, shadows bool) *trail {
	if where.byARN {
		if t := s.find(where.account, where.region, where.name); t != nil && s.shared(t, c.Account) {
			return t
		}
		return nil
	}
	for _, t := range s.trails {
		if t.Name == where.name && s.shows(t, c.Account, c.Region, shadows) {
			return t
		}
	}
	return nil
}

type pageInput struct{ NextToken string }

// listTrails lists the trails of the account in all regions, those of its
// organization included.
func (s *Service) listTrails(c *call.Call, in pageInput) (any, *call.Error) {
	type info struct{ TrailARN, Name, HomeRegion string }
	all := []info{}
	s.mu.Lock()
	for _, t := range s.trails {
		if s.shared(t, c.Account) {
			all = append(all, info{t.arn(), t.Name, t.Region})
		}
	}
	s.mu.Unlock()
	page, next, err := cut(all, in.NextToken, listPage)
	if err != nil {
		return nil, err
	}
	return withToken(map[string]any{"Trails": page}, next), nil
}

// cut takes one page out of a list. The token is the number of the page's
// first element.
func cut[T any](all []T, token string, size int) (page []T, next string, refused *call.Error) {
	from := 0
	if token != "" {
		n, err := strconv.Atoi(token)
		if err != nil || n < 0 || n > len(all) {
			return nil, "", refuse("InvalidTokenException", "The token %.100q is not valid.", token)
		}
		from = n
	}
	to := min(from+size, len(all))
	if to < len(all) {
		next = fmt.Sprint(to)
	}
	return all[from:to], next, nil
}

func withToken(answer map[string]any, next string) map[string]any {
	if next != "" {
		answer["NextToken"] = next
	}
	return answer
}
