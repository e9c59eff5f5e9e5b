package filter

import (
	"fmt"
	"slices"
	"strings"

	"trailctl/logs"
)

// Preset is a ready set with a name. It is made of the filters that anybody
// can write, so that it can be read, and copied to be changed.
type Preset struct {
	Name string
	Help string // the question that it answers
	// AnyOf are lists of filters: a record belongs to the set when of one
	// list every filter holds.
	AnyOf [][]string
}

// Presets lists the ready sets in the order in which they are shown.
func Presets() []Preset {
	return slices.Concat(presetsWho(), presetsChanges(), presetsData())
}

// calls are the filters for some calls of a service. The names may have
// stars.
func calls(service, names string, more ...string) []string {
	list := strings.Join(strings.Fields(names), ",")
	op := " in "
	if !strings.Contains(list, ",") {
		op = "="
	}
	return append([]string{"eventSource=" + service + domain, "eventName" + op + list}, more...)
}

// splitNames splits lists of names with commas between them.
func splitNames(lists []string) []string {
	var names []string
	for _, list := range lists {
		for name := range strings.SplitSeq(list, ",") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}

// preset is for --preset.
func preset(name string) (*condition, error) {
	p, err := FindPreset(name)
	if err != nil {
		return nil, err
	}
	return p.compile()
}

// FindPreset is the ready set of a name. The error for one that there is not
// says which is meant, or which there are.
func FindPreset(name string) (Preset, error) {
	all := Presets()
	if i := slices.IndexFunc(all, func(p Preset) bool { return p.Name == name }); i >= 0 {
		return all[i], nil
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	if meant := nearest(name, names); meant != "" {
		return Preset{}, fmt.Errorf("there is no such set: did you mean %s?", meant)
	}
	return Preset{}, fmt.Errorf("there is no such set; there are %s", strings.Join(names, ", "))
}

// compile makes one condition of the lists. Most begin with the service, of
// which there are many: it is read once, and only the lists of that service
// are gone through.
func (p Preset) compile() (*condition, error) {
	sources := path("eventSource")
	bySource := map[string][]*condition{}
	var lists, others []*condition
	for _, texts := range p.AnyOf {
		source, filters, err := compileList(texts)
		if err != nil {
			return nil, err
		}
		list := allOf(filters)
		lists = append(lists, list)
		if source == "" {
			others = append(others, list)
		} else {
			bySource[source] = append(bySource[source], list)
		}
	}
	if len(lists) == 0 {
		return nil, errEmpty
	}
	c := *anyOf(lists, " or ")
	holds := func(r *logs.Record) func(*condition) bool {
		return func(c *condition) bool { return c.match(r) }
	}
	c.match = func(r *logs.Record) bool {
		var of []*condition
		sources.Each(r, func(text []byte) bool { of = bySource[string(text)]; return false })
		return slices.ContainsFunc(of, holds(r)) || slices.ContainsFunc(others, holds(r))
	}
	return &c, nil
}

// compileList compiles filters that must all hold. source is the eventSource
// that they ask for, empty when they ask for none or for several.
func compileList(texts []string) (source string, filters []*condition, err error) {
	for _, s := range texts {
		e, err := parse(s)
		if err != nil {
			return "", nil, fmt.Errorf("its filter %q: %w", s, err)
		}
		c, err := e.compile()
		if err != nil {
			return "", nil, fmt.Errorf("its filter %q: %w", s, err)
		}
		if e.field == "eventSource" && e.op == opEqual {
			source = e.values[0]
		}
		filters = append(filters, c)
	}
	return source, filters, nil
}
