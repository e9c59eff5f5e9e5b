package cloudwatch

import (
	"encoding/json"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"trailctl/internal/sandbox/call"
)

// alarm is one alarm on one metric.
type alarm struct {
	Account, Region string `xml:"-"`

	Name              string    `xml:"AlarmName"`
	ARN               string    `xml:"AlarmArn"`
	Description       string    `xml:"AlarmDescription,omitempty"`
	Updated           time.Time `xml:"AlarmConfigurationUpdatedTimestamp"`
	ActionsEnabled    bool
	OKActions         list[string]
	AlarmActions      list[string]
	NoDataActions     list[string] `xml:"InsufficientDataActions"`
	StateValue        string
	StateReason       string
	StateUpdated      time.Time `xml:"StateUpdatedTimestamp"`
	StateTransitioned time.Time `xml:"StateTransitionedTimestamp"`
	MetricName        string
	Namespace         string
	Statistic         string `xml:",omitempty"`
	ExtendedStatistic string `xml:",omitempty"`
	Dimensions        list[dimension]
	Period            int
	Unit              string `xml:",omitempty"`
	EvaluationPeriods int
	DatapointsToAlarm int `xml:",omitempty"`
	Threshold         float64
	Comparison        string `xml:"ComparisonOperator"`
	TreatMissingData  string `xml:",omitempty"`
	LowSample         string `xml:"EvaluateLowSampleCountPercentile,omitempty"`
}

type dimension struct{ Name, Value string }

// list is a list of the query protocol. An empty one is there as an empty
// element.
type list[T any] struct {
	Members []T `xml:"member"`
}

// MarshalJSON writes the members alone, as records and the state have them.
func (l list[T]) MarshalJSON() ([]byte, error) { return json.Marshal(l.Members) }

// UnmarshalJSON reads what MarshalJSON writes.
func (l *list[T]) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &l.Members) }

func (a *alarm) arn() string {
	return "arn:aws:cloudwatch:" + a.Region + ":" + a.Account + ":alarm:" + a.Name
}

const (
	noData   = "INSUFFICIENT_DATA"
	noReason = "Unchecked: Initial alarm creation"
)

// form reads the input of a call and keeps the first thing that is wrong
// with it.
type form struct {
	url.Values
	err *call.Error
}

// number reads a whole number of at least one.
func (f *form) number(name string, required bool) int {
	text := f.Get(name)
	if text == "" && !required {
		return 0
	}
	n, err := strconv.Atoi(text)
	if (err != nil || n < 1) && f.err == nil {
		f.err = invalid("1 validation error detected: Value '%.20s' at '%s' failed to satisfy constraint: Member must have value greater than or equal to 1", text, lowerFirst(name))
	}
	return n
}

// choice reads one of several texts.
func (f *form) choice(name string, required bool, of ...string) string {
	text := f.Get(name)
	if (text != "" || required) && !slices.Contains(of, text) && f.err == nil {
		f.err = invalid("1 validation error detected: Value '%.40s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]", text, lowerFirst(name), strings.Join(of, ", "))
	}
	return text
}

// text reads a text of at most most characters.
func (f *form) text(name string, required bool, most int) string {
	text := f.Get(name)
	if (required && text == "" || utf8.RuneCountInString(text) > most) && f.err == nil {
		f.err = invalid("1 validation error detected: Value '%.40s' at '%s' failed to satisfy constraint: Member must have length of at most %d and not be null", text, lowerFirst(name), most)
	}
	return text
}

var actionPattern = regexp.MustCompile(`^arn:aws[a-z-]*:(sns|automate|swf|lambda|ssm|ssm-incidents|aiops|autoscaling):`)

// actions reads a list of ARNs, five at most.
func (f *form) actions(name string) list[string] {
	all := f.members(name)
	for _, arn := range all {
		if !actionPattern.MatchString(arn) && f.err == nil {
			f.err = invalid("Invalid arn syntax: %.300s", arn)
		}
	}
	if len(all) > 5 && f.err == nil {
		f.err = invalid("1 validation error detected: Value at '%s' failed to satisfy constraint: Member must have length less than or equal to 5", lowerFirst(name))
	}
	return list[string]{all}
}

// members reads a list: Name.member.1, .2, ...
func (f *form) members(name string) []string {
	var all []string
	for i := 1; f.Has(name + ".member." + strconv.Itoa(i)); i++ {
		all = append(all, f.Get(name+".member."+strconv.Itoa(i)))
	}
	return all
}

func (f *form) dimensions() list[dimension] {
	var all []dimension
	for i := 1; ; i++ {
		name := "Dimensions.member." + strconv.Itoa(i)
		if !f.Has(name + ".Name") {
			break
		}
		all = append(all, dimension{f.Get(name + ".Name"), f.Get(name + ".Value")})
	}
	if len(all) > 30 && f.err == nil {
		f.err = invalid("The collection Dimensions must not have a size greater than 30.")
	}
	return list[dimension]{all}
}

func (f *form) threshold() float64 {
	n, err := strconv.ParseFloat(f.Get("Threshold"), 64)
	if (err != nil || math.IsNaN(n) || math.IsInf(n, 0)) && f.err == nil {
		f.err = invalid("The parameter Threshold must be a number, not %.40q.", f.Get("Threshold"))
	}
	return n
}

// hasAny tells whether a list or structure of that name was sent.
func (f *form) hasAny(name string) bool {
	for key := range f.Values {
		if strings.HasPrefix(key, name+".") {
			return true
		}
	}
	return false
}

// read reads an alarm from the input of PutMetricAlarm.
func (f *form) read(c *call.Call) *alarm {
	a := &alarm{
		Account: c.Account, Region: c.Region, Name: f.text("AlarmName", true, 255), Description: f.text("AlarmDescription", false, 1024),
		Updated: c.Time, ActionsEnabled: f.choice("ActionsEnabled", false, "true", "false") != "false",
		OKActions: f.actions("OKActions"), AlarmActions: f.actions("AlarmActions"), NoDataActions: f.actions("InsufficientDataActions"),
		StateValue: noData, StateReason: noReason, StateUpdated: c.Time, StateTransitioned: c.Time,
		MetricName: f.text("MetricName", true, 255), Namespace: f.text("Namespace", true, 255),
		Statistic:         f.choice("Statistic", false, "SampleCount", "Average", "Sum", "Minimum", "Maximum"),
		ExtendedStatistic: f.text("ExtendedStatistic", false, 64), Dimensions: f.dimensions(), Period: f.number("Period", true),
		Unit: f.text("Unit", false, 64), EvaluationPeriods: f.number("EvaluationPeriods", true), DatapointsToAlarm: f.number("DatapointsToAlarm", false),
		Threshold: f.threshold(),
		Comparison: f.choice("ComparisonOperator", true, "GreaterThanOrEqualToThreshold", "GreaterThanThreshold",
			"LessThanThreshold", "LessThanOrEqualToThreshold"),
		TreatMissingData: f.choice("TreatMissingData", false, "breaching", "notBreaching", "ignore", "missing"),
		LowSample:        f.choice("EvaluateLowSampleCountPercentile", false, "evaluate", "ignore"),
	}
	a.ARN = a.arn()
	if f.err == nil {
		f.err = a.check()
	}
	return a
}

func (a *alarm) check() *call.Error {
	switch {
	case a.Period != 10 && a.Period != 20 && a.Period != 30 && a.Period%60 != 0:
		return invalid("Period must be 10, 20, 30 or a multiple of 60")
	case a.EvaluationPeriods*a.Period > 7*24*60*60:
		return invalid("Metrics cannot be checked across more than 7 days (EvaluationPeriods * Period must be <= 604800)")
	case a.DatapointsToAlarm > a.EvaluationPeriods:
		return invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
	case (a.Statistic == "") == (a.ExtendedStatistic == ""):
		return invalid("Exactly one of Statistic and ExtendedStatistic must be specified")
	}
	return nil
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
