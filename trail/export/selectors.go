package export

import (
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// defaultSelectors tells the selectors that every new trail has: they need
// not be written.
func (s Source) defaultSelectors() bool {
	sel := s.Selectors
	if sel == nil || len(sel.Advanced) > 0 || len(sel.Basic) != 1 {
		return sel != nil && len(sel.Advanced) == 0 && len(sel.Basic) == 0
	}
	one := sel.Basic[0]
	return includesManagement(one) && readWrite(one) == string(types.ReadWriteTypeAll) &&
		len(one.DataResources) == 0 && len(one.ExcludeManagementEventSources) == 0
}

// includesManagement and readWrite are true and All where nothing is said
// (CloudTrail API reference, EventSelector).
func includesManagement(s types.EventSelector) bool {
	return s.IncludeManagementEvents == nil || *s.IncludeManagementEvents
}

func readWrite(s types.EventSelector) string {
	if s.ReadWriteType == "" {
		return string(types.ReadWriteTypeAll)
	}
	return string(s.ReadWriteType)
}

// settable are the tags that somebody may set.
func settable(tags map[string]string) map[string]string {
	out := maps.Clone(tags)
	maps.DeleteFunc(out, func(k, _ string) bool { return strings.HasPrefix(strings.ToLower(k), "aws:") })
	return out
}
