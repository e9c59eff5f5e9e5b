package cloudtrail

import (
	"slices"
	"strconv"
	"strings"
)

// selects tells whether a trail that covers the event's account and region
// records it: the global service events, and its selectors, of which one must
// want the event.
func (t *trail) selects(e Event) bool {
	if !t.GlobalEvents && e.global() {
		return false
	}
	if len(t.Advanced) > 0 {
		return slices.ContainsFunc(t.Advanced, func(s advancedSelector) bool { return s.selects(e) })
	}
	return slices.ContainsFunc(t.Basic, func(s eventSelector) bool { return s.selects(e) })
}

func (s eventSelector) selects(e Event) bool {
	if s.ReadWriteType == "ReadOnly" && !e.ReadOnly || s.ReadWriteType == "WriteOnly" && e.ReadOnly {
		return false
	}
	if e.Category == Management {
		return *s.IncludeManagementEvents && !slices.Contains(s.ExcludeManagementEventSources, e.Source)
	}
	return slices.ContainsFunc(s.DataResources, func(d dataResource) bool { return d.selects(e) })
}

// selects tells whether one of the event's resources begins with one of the
// values. "arn:aws:s3:::" and "arn:aws:s3" stand for all buckets alike.
func (d dataResource) selects(e Event) bool {
	for _, r := range e.ARNs {
		if r.Type != d.Type {
			continue
		}
		if slices.ContainsFunc(d.Values, func(v string) bool { return strings.HasPrefix(r.name(), v) }) {
			return true
		}
	}
	return false
}

func (s advancedSelector) selects(e Event) bool {
	for _, f := range s.FieldSelectors {
		if f.Field == "resources.ARN" {
			continue // belongs to the resource of resources.type
		}
		if !slices.ContainsFunc(fieldValues(e, f.Field), f.matches) {
			return false
		}
	}
	return s.selectsARN(e)
}

// selectsARN applies resources.ARN to the resources of the type that the
// selector names.
func (s advancedSelector) selectsARN(e Event) bool {
	i := slices.IndexFunc(s.FieldSelectors, func(f fieldSelector) bool { return f.Field == "resources.ARN" })
	if i < 0 {
		return true
	}
	kind := ""
	for _, f := range s.FieldSelectors {
		if f.Field == "resources.type" && len(f.Equals) == 1 {
			kind = f.Equals[0]
		}
	}
	return slices.ContainsFunc(e.ARNs, func(r RecordResource) bool {
		return r.Type == kind && s.FieldSelectors[i].matches(r.name())
	})
}

// fieldValues are an event's values of a selector's field. An absent value
// is an empty text, so that the Not operators hold for it.
func fieldValues(e Event, field string) []string {
	switch field {
	case "eventCategory":
		return []string{e.Category}
	case "eventSource":
		return []string{e.Source}
	case "eventName":
		return []string{e.Name}
	case "eventType":
		return []string{e.Type}
	case "readOnly":
		return []string{strconv.FormatBool(e.ReadOnly)}
	case "userIdentity.arn":
		return []string{e.UserARN}
	case "errorCode":
		return []string{e.ErrorCode}
	case "sessionCredentialFromConsole":
		if e.FromConsole == "" {
			return []string{"false"}
		}
		return []string{e.FromConsole}
	case "resources.type":
		var out []string
		for _, r := range e.ARNs {
			out = append(out, r.Type)
		}
		return out
	}
	return []string{""}
}

// matches applies the operators of a field: one of the positive ones must
// hold if there are any, and all of the negative ones.
func (f fieldSelector) matches(v string) bool {
	begins := func(p string) bool { return strings.HasPrefix(v, p) }
	ends := func(p string) bool { return strings.HasSuffix(v, p) }
	if slices.Contains(f.NotEquals, v) || slices.ContainsFunc(f.NotStartsWith, begins) || slices.ContainsFunc(f.NotEndsWith, ends) {
		return false
	}
	if len(f.Equals)+len(f.StartsWith)+len(f.EndsWith) == 0 {
		return true
	}
	return slices.Contains(f.Equals, v) || slices.ContainsFunc(f.StartsWith, begins) || slices.ContainsFunc(f.EndsWith, ends)
}
