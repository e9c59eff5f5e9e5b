package cloudwatch

import (
	"encoding/xml"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"trailctl/internal/sandbox/call"
)

func (s *Service) putMetricAlarm(c *call.Call, values url.Values) (any, *call.Error) {
	f := &form{Values: values}
	if f.hasAny("Metrics") {
		return nil, invalid("The sandbox knows alarms on a single metric only, not on metric expressions.")
	}
	a := f.read(c)
	c.RequestParameters = a.recorded()
	if f.err != nil {
		return nil, f.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	where := place{a.Account, a.Region, a.Name}
	if old := s.alarms[where]; old != nil { // an update leaves the state alone
		a.StateValue, a.StateReason, a.StateUpdated, a.StateTransitioned = old.StateValue, old.StateReason, old.StateUpdated, old.StateTransitioned
	}
	s.alarms[where] = a
	return nil, nil
}

// recorded is an alarm as a record carries it in its request parameters.
func (a *alarm) recorded() map[string]any {
	out := map[string]any{
		"alarmName": a.Name, "metricName": a.MetricName, "namespace": a.Namespace, "period": a.Period,
		"evaluationPeriods": a.EvaluationPeriods, "threshold": a.Threshold, "comparisonOperator": a.Comparison, "actionsEnabled": a.ActionsEnabled,
	}
	for name, text := range map[string]string{
		"alarmDescription": a.Description, "statistic": a.Statistic, "extendedStatistic": a.ExtendedStatistic, "treatMissingData": a.TreatMissingData,
	} {
		if text != "" {
			out[name] = text
		}
	}
	for name, arns := range map[string][]string{
		"alarmActions": a.AlarmActions.Members, "oKActions": a.OKActions.Members, "insufficientDataActions": a.NoDataActions.Members,
	} {
		if len(arns) > 0 {
			out[name] = arns
		}
	}
	return out
}

// deleteAlarms deletes the alarms that are there; a name without an alarm is
// no error (assumption A43).
func (s *Service) deleteAlarms(c *call.Call, values url.Values) (any, *call.Error) {
	f := &form{Values: values}
	names := f.members("AlarmNames")
	c.RequestParameters = map[string]any{"alarmNames": names}
	if len(names) == 0 || len(names) > 100 {
		return nil, invalid("1 validation error detected: Value at 'alarmNames' failed to satisfy constraint: Member must have length between 1 and 100")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		delete(s.alarms, place{c.Account, c.Region, name})
	}
	return nil, nil
}

// filter is what DescribeAlarms asks for.
type filter struct {
	names                       []string
	prefix, state, actionPrefix string
}

func (want filter) has(a *alarm) bool {
	if len(want.names) > 0 && !slices.Contains(want.names, a.Name) {
		return false
	}
	if want.actionPrefix != "" {
		all := slices.Concat(a.AlarmActions.Members, a.OKActions.Members, a.NoDataActions.Members)
		if !slices.ContainsFunc(all, func(arn string) bool { return strings.HasPrefix(arn, want.actionPrefix) }) {
			return false
		}
	}
	return strings.HasPrefix(a.Name, want.prefix) && (want.state == "" || want.state == a.StateValue)
}

type describeResult struct {
	XMLName         xml.Name       `xml:"DescribeAlarmsResult"`
	CompositeAlarms list[struct{}] // there are none
	MetricAlarms    list[alarm]
	NextToken       string `xml:",omitempty"`
}

func (s *Service) describeAlarms(c *call.Call, values url.Values) (any, *call.Error) {
	f := &form{Values: values}
	want := filter{
		names: f.members("AlarmNames"), prefix: f.text("AlarmNamePrefix", false, 255), actionPrefix: f.text("ActionPrefix", false, 1024),
		state: f.choice("StateValue", false, "OK", "ALARM", noData),
	}
	most := f.number("MaxRecords", false)
	if most == 0 {
		most = 50
	}
	switch {
	case f.err != nil:
		return nil, f.err
	case most > 100:
		return nil, invalid("1 validation error detected: Value '%d' at 'maxRecords' failed to satisfy constraint: Member must have value less than or equal to 100", most)
	case len(want.names) > 0 && want.prefix != "":
		return nil, invalid("AlarmNames and AlarmNamePrefix are mutually exclusive.")
	}
	types := f.members("AlarmTypes")
	if len(types) > 0 && !slices.Contains(types, "MetricAlarm") {
		return describeResult{}, nil
	}
	return s.page(c, want, most, f.Get("NextToken"))
}

func (s *Service) page(c *call.Call, want filter, most int, token string) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []alarm
	for _, a := range s.alarms {
		if a.Account == c.Account && a.Region == c.Region && want.has(a) {
			all = append(all, *a)
		}
	}
	slices.SortFunc(all, func(a, b alarm) int { return strings.Compare(a.Name, b.Name) })
	from := 0
	if token != "" {
		var err error
		if from, err = strconv.Atoi(token); err != nil || from < 0 || from > len(all) {
			return nil, refuse(400, "InvalidNextToken", "The next token is not valid.")
		}
	}
	out := describeResult{MetricAlarms: list[alarm]{all[from:min(from+most, len(all))]}}
	if from+most < len(all) {
		out.NextToken = strconv.Itoa(from + most)
	}
	return out, nil
}
