package trail

import (
	"slices"
	"testing"

	"trailctl/internal/topic"
)

func TestAlarmsAreSummedUp(t *testing.T) {
	const watched, asked = "arn:aws:sns:us-east-1:111122223333:old", "arn:aws:sns:us-east-1:111122223333:sec"
	controls := AlarmControls()
	metric := Metric{"N", "m"}
	state := AlarmState{Account: Account{ID: "111122223333", Partition: "aws"}, Trail: Trail{Name: "main"}, Logging: true, TopicThere: true}
	state.Topic, _ = topic.Resolve("sec", "aws", "us-east-1", "111122223333")
	state.Watch = Watch{Region: "us-east-1", Group: "events", Topics: map[string]AlarmTopic{watched: {Subscriber: watched + ":1"}}}
	// The first control is watched whole, the second has its filter only.
	state.Watch.Filters = []MetricFilter{
		{Name: "theirs", Pattern: controls[0].Patterns[0], Metrics: []Metric{metric}},
		{Name: "half", Pattern: controls[1].Patterns[0], Metrics: []Metric{{"N", "half"}}},
	}
	state.Watch.Alarms = []Alarm{{Name: "theirs", Metric: metric, Enabled: true, Actions: []string{watched}}}
	spec := AlarmSpec{Topic: "sec", Controls: []string{controls[0].CIS, controls[1].CIS, controls[2].CIS}}
	plan, err := DiffAlarms(spec, state)
	if err != nil {
		t.Fatal(err)
	}
	r := state.Alarms(spec, plan)
	if r.Filters != (Tally{Made: 1, Kept: 2}) || r.Alarms != (Tally{Made: 2, Kept: 1}) {
		t.Errorf("filters %+v, alarms %+v", r.Filters, r.Alarms)
	}
	if !slices.Equal(r.Topics, []string{watched, asked}) || !r.Unheard || r.Group != "events" {
		t.Errorf("%+v", r)
	}
	state.Heard.Subscriber = asked + ":1"
	if state.Alarms(spec, plan).Unheard {
		t.Error("somebody hears of it")
	}
}
