package trail

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// Selectors are the selectors that say what is asked for, over what the trail
// has. They are basic where one basic selector says it all, which is so for
// management events alone: every tool reads those. All else takes advanced
// ones, because basic ones know three resource types only, and the two kinds
// cannot stand beside each other. Selectors that say the same already come
// back as they are. notes are what whoever asked should know.
func (r Recording) Selectors(own Own) (s Selectors, notes []string, err error) {
	if err := r.Validate(); err != nil {
		return s, nil, err
	}
	var now []types.AdvancedEventSelector
	if own.Now != nil {
		now = own.Now.advanced()
	}
	if r.NeedsBuckets() && len(own.Buckets) == 0 {
		return s, nil, refuse("the account has no buckets whose objects could be recorded")
	}
	list, err := r.management(own.Now != nil, now)
	if err != nil {
		return s, nil, err
	}
	data, notes := r.data(own, now)
	list = append(append(list, data...), r.network(now)...)
	if len(list) == 0 {
		return s, nil, refuse("a trail must record something")
	}
	s = simplest(list)
	if own.Now != nil && own.Now.sameEvents(s) {
		return *own.Now, notes, nil
	}
	if err := s.Validate(); err != nil {
		return s, nil, fmt.Errorf("%w: fewer data events, or all resources of them, take less", err)
	}
	return s, notes, nil
}

func of(list []types.AdvancedEventSelector, wanted string) []types.AdvancedEventSelector {
	var out []types.AdvancedEventSelector
	for _, s := range list {
		if category(s) == wanted {
			out = append(out, s)
		}
	}
	return out
}

// management are the selectors of management events. What was not asked for
// stays as it is, where it can be told apart.
func (r Recording) management(exists bool, now []types.AdvancedEventSelector) ([]types.AdvancedEventSelector, error) {
	before := of(now, "Management")
	mode, exclude := "all", []string(nil)
	switch {
	case r.Management == none:
		return nil, nil
	case exists && r.Management == "" && (len(r.Exclude) == 0 || len(before) == 0 && isNone(r.Exclude)):
		return before, nil
	case exists && r.Management == "" && len(before) == 0:
		return nil, refuse("nothing can be excluded from management events that are not recorded; say which are to be")
	case len(before) > 1 && (r.Management == "" || len(r.Exclude) == 0):
		return nil, refuse("the trail has %d selectors of management events, which become one: say both which events it records and what it excludes (none: nothing)", len(before))
	case len(before) == 1:
		mode, exclude = modeOf(before[0])
	}
	mode = cmp.Or(r.Management, mode)
	if len(r.Exclude) > 0 {
		exclude = nil
		for _, e := range r.Exclude {
			if !isNone(r.Exclude) {
				exclude = append(exclude, source(e))
			}
		}
	}
	var readOnly []types.AdvancedFieldSelector
	if mode != "all" {
		readOnly = append(readOnly, equals("readOnly", fmt.Sprint(mode == "read")))
	}
	return []types.AdvancedEventSelector{managementSelector(readOnly, sortedTexts(exclude))}, nil
}

// modeOf takes a selector of management events apart.
func modeOf(s types.AdvancedEventSelector) (mode string, exclude []string) {
	mode = "all"
	for _, f := range s.FieldSelectors {
		switch aws.ToString(f.Field) {
		case "readOnly":
			mode = "write"
			if onlyReads(f) {
				mode = "read"
			}
		case "eventSource":
			exclude = f.NotEquals
		}
	}
	return mode, exclude
}

// data are the selectors of data events: one for each type.
func (r Recording) data(own Own, now []types.AdvancedEventSelector) (list []types.AdvancedEventSelector, notes []string) {
	switch {
	case len(r.DataEvents) == 0:
		return of(now, "Data"), nil
	case isNone(r.DataEvents):
		return nil, nil
	}
	kinds := r.kinds()
	for _, t := range kinds {
		if kept := ofType(now, t.Name); len(kept) > 0 && len(r.Resources) == 0 {
			list = append(list, kept...)
			if slices.ContainsFunc(kept, narrowed) {
				notes = append(notes, "of "+t.Name+" the same is recorded as before, because no resources are named")
			}
			continue
		}
		list = append(list, r.dataSelector(own, t, kinds))
	}
	return list, append(notes, r.dataNotes(own, kinds, list)...)
}

func (r Recording) dataSelector(own Own, t ResourceType, among []ResourceType) types.AdvancedEventSelector {
	fields := []types.AdvancedFieldSelector{equals("eventCategory", "Data"), equals("resources.type", t.Name)}
	label := "Data events: " + t.Name
	if begins := r.arns(own, t, among); begins != nil {
		fields = append(fields, types.AdvancedFieldSelector{Field: aws.String("resources.ARN"), StartsWith: begins})
	}
	if slices.Contains(r.Resources, "account") && t.Owned() {
		label += " of account " + own.Account.ID
	}
	return types.AdvancedEventSelector{Name: aws.String(label), FieldSelectors: fields}
}

// kinds are the types whose data events are asked for.
func (r Recording) kinds() []ResourceType {
	var list []ResourceType
	for _, name := range r.DataEvents {
		t, _, _ := LookUpType(name)
		list = append(list, t)
	}
	return list
}

// ofType are the selectors of a type's data events.
func ofType(list []types.AdvancedEventSelector, name string) []types.AdvancedEventSelector {
	var out []types.AdvancedEventSelector
	for _, s := range of(list, "Data") {
		if slices.ContainsFunc(s.FieldSelectors, func(f types.AdvancedFieldSelector) bool {
			return aws.ToString(f.Field) == "resources.type" && slices.Contains(f.Equals, name)
		}) {
			out = append(out, s)
		}
	}
	return out
}

// narrowed tells a selector that does not want all data events of its type.
func narrowed(s types.AdvancedEventSelector) bool { return len(s.FieldSelectors) > 2 }

// network are the selectors of network activity events: one for each event
// source, because a selector takes no more (user guide, "Logging network
// activity events").
func (r Recording) network(now []types.AdvancedEventSelector) []types.AdvancedEventSelector {
	switch {
	case len(r.NetworkEvents) == 0:
		return of(now, "NetworkActivity")
	case isNone(r.NetworkEvents):
		return nil
	}
	var list []types.AdvancedEventSelector
	for _, n := range r.NetworkEvents {
		label := "Network activity: " + source(n)
		fields := []types.AdvancedFieldSelector{equals("eventCategory", "NetworkActivity"), equals("eventSource", source(n))}
		if r.NetworkDenied {
			fields = append(fields, equals("errorCode", "VpceAccessDenied"))
			label += ", denied"
		}
		list = append(list, types.AdvancedEventSelector{Name: aws.String(label), FieldSelectors: fields})
	}
	return list
}

// simplest is one basic selector for management events alone, and advanced
// selectors for everything else.
func simplest(list []types.AdvancedEventSelector) Selectors {
	if len(list) != 1 || category(list[0]) != "Management" {
		return Selectors{Advanced: list}
	}
	mode, exclude := modeOf(list[0])
	return Selectors{Basic: []types.EventSelector{{
		ReadWriteType:                 map[string]types.ReadWriteType{"all": types.ReadWriteTypeAll, "read": types.ReadWriteTypeReadOnly, "write": types.ReadWriteTypeWriteOnly}[mode],
		IncludeManagementEvents:       aws.Bool(true),
		DataResources:                 []types.DataResource{},
		ExcludeManagementEventSources: append([]string{}, exclude...),
	}}}
}
