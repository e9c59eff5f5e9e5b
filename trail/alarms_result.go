package trail

import (
	"slices"
	"strings"
)

// AlarmResult is what a log group has after alarms were made.
type AlarmResult struct {
	Trail           Trail
	Group           string
	Topics          []string // ARNs of those that the alarms tell
	Unheard         bool     // nobody has confirmed a subscription of the topic asked for
	Filters, Alarms Tally
}

// Tally counts steps by what they did.
type Tally struct{ Made, Changed, Kept int }

// Alarms sums up a plan for alarms that was carried out. A control that was
// watched already counts as a filter and an alarm that were kept.
func (s AlarmState) Alarms(spec AlarmSpec, p Plan) AlarmResult {
	r := AlarmResult{Trail: s.Trail, Group: s.Watch.Group}
	for _, step := range p.Steps {
		switch what := step.Target; {
		case strings.HasPrefix(what, "metric filter "):
			r.Filters.add(step.Kind)
		case strings.HasPrefix(what, "alarm "):
			r.Alarms.add(step.Kind)
		case strings.HasPrefix(what, "control "):
			r.Filters.Kept, r.Alarms.Kept = r.Filters.Kept+1, r.Alarms.Kept+1
		}
	}
	controls, _ := spec.controls() // the plan was made from the same spec
	for _, c := range controls {
		told := s.Topic.ARN()
		if w := s.Watch.Check(c); w.Met() {
			told = w.Topic
		} else if s.Heard.Err == nil || !s.TopicThere {
			r.Unheard = s.Heard.Subscriber == ""
		}
		if !slices.Contains(r.Topics, told) {
			r.Topics = append(r.Topics, told)
		}
	}
	slices.Sort(r.Topics)
	return r
}

func (t *Tally) add(k Kind) {
	switch k {
	case Create:
		t.Made++
	case Change:
		t.Changed++
	default:
		t.Kept++
	}
}
