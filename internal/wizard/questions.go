package wizard

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// question is one question, whatever way it is asked. One of text, choice,
// many and yes is set.
type question struct {
	title   string
	explain func() string
	hidden  func() bool // nil: never
	follows *string     // an earlier answer that explain or byDefault depend on; nil for none

	text      *string
	byDefault func() string // what an empty text stands for; nil: nothing
	check     func(string) error

	choice  *string
	many    *[]string
	options []option

	yes *bool
}

type option struct{ label, value string }

// The choices of the two questions that have more than yes and no.
const (
	everywhere = "all"
	selected   = "selected"

	silent      = "none"
	logFileOnly = "cloudtrail"
	withObjects = "s3"
)

// defaultName is the console's.
const defaultName = "management-events"

// questions holds the answers while they are being given.
type questions struct {
	ctx     context.Context
	terms   Terms
	answers Answers
	scope   string // everywhere or selected
	told    string // silent, logFileOnly or withObjects

	group      string // the log group that was looked up last
	groupFound bool
	groupWhy   string
}

func says(s string) func() string { return func() string { return s } }

// list are the questions in the console's order.
func (q *questions) list() []question {
	a := &q.answers
	return []question{
		{
			title:   "Trail name",
			explain: says("3 to 128 letters, digits and . _ - between them; unique in a region."),
			text:    &a.Name, byDefault: says(defaultName), check: q.terms.CheckName,
		},
		{
			title:   "Apply the trail to all regions?",
			explain: says("One trail that records every region, later ones too; or one trail in each region that you select."),
			choice:  &q.scope,
			options: []option{
				{"Yes, all regions (home region " + q.terms.Region + ")", everywhere},
				{"No, only selected regions", selected},
			},
		},
		{
			title:   "Regions",
			explain: says("The bucket is made in the first of them. Global services such as IAM are recorded once, in us-east-1."),
			many:    &a.Regions, options: q.regionOptions(),
			hidden: func() bool { return q.scope != selected },
		},
		{
			title:   "S3 bucket",
			explain: says("Receives the log files. It is created if it does not exist; an existing one keeps its settings and its policy's statements."),
			text:    &a.Bucket, byDefault: func() string { return q.terms.DefaultBucket(q.name()) }, check: q.terms.CheckBucket,
			follows: &a.Name,
		},
		{
			title:   "S3 key prefix (optional)",
			explain: says("Comes before AWSLogs/ in the keys of the log files."),
			text:    &a.Prefix, check: q.terms.CheckPrefix,
		},
		{
			title:   "CloudWatch Logs log group (optional)",
			explain: says("Receives each event within minutes, to search and for alarms. CloudWatch Logs charges for it."),
			text:    &a.LogGroup, check: q.checkGroup,
		},
		{
			title:   "Create the log group?",
			explain: func() string { return q.groupWhy },
			yes:     &a.CreateGroup, follows: &a.LogGroup,
			hidden: func() bool { return strings.TrimSpace(a.LogGroup) == "" || q.groupFound },
		},
		{
			title:   "Enable log file validation?",
			explain: says("Signed digest files every hour, with which \"trailctl validate\" proves that nobody touched the log files."),
			yes:     &a.Validation,
		},
		{
			title:   "Send notifications?",
			explain: says("To an SNS topic, which is created if it does not exist."),
			choice:  &q.told,
			options: []option{
				{"No", silent},
				{"Yes, CloudTrail tells of each log file", logFileOnly},
				{"Yes, and S3 tells of each new object in the bucket", withObjects},
			},
		},
		{
			title:   "SNS topic",
			explain: says("Its name or ARN."),
			text:    &a.Topic, byDefault: q.name, check: q.terms.CheckTopic, follows: &a.Name,
			hidden: func() bool { return q.told == silent },
		},
	}
}

// name is the trail's name.
func (q *questions) name() string { return orDefault(q.answers.Name, says(defaultName)) }

func orDefault(text string, byDefault func() string) string {
	if text = strings.TrimSpace(text); text == "" && byDefault != nil {
		return byDefault()
	}
	return text
}

// accept checks a text; an empty one stands for the default, and is nothing
// to check where there is none.
func (q question) accept(text string) error {
	if text = orDefault(text, q.byDefault); text == "" {
		return nil
	}
	return q.check(text)
}

func (q question) isHidden() bool { return q.hidden != nil && q.hidden() }

var errNoRegion = errors.New("at least one region is needed")

func atLeastOne(list []string) error {
	if len(list) == 0 {
		return errNoRegion
	}
	return nil
}

// regionOptions has the home region first: the first one that is selected is
// the one that counts.
func (q *questions) regionOptions() []option {
	others := slices.DeleteFunc(slices.Clone(q.terms.Regions), func(r string) bool { return r == q.terms.Region })
	slices.Sort(others)
	options := []option{{q.terms.Region + " (home region)", q.terms.Region}}
	for _, r := range others {
		options = append(options, option{r, r})
	}
	return options
}

// checkGroup looks the log group up, too, for the question after it.
func (q *questions) checkGroup(name string) error {
	if err := q.terms.CheckGroup(name); err != nil {
		return err
	}
	if name != q.group { // forms check an answer more than once
		q.group = name
		q.groupFound, q.groupWhy = q.terms.FindGroup(q.ctx, name)
	}
	return nil
}

// result is what the answers mean in the end: hidden questions count as not
// asked.
func (q *questions) result() Answers {
	a := q.answers
	a.Name = q.name()
	for _, s := range []*string{&a.Bucket, &a.Prefix, &a.LogGroup} {
		*s = strings.TrimSpace(*s)
	}
	if q.scope != selected {
		a.Regions = nil
	}
	if a.LogGroup == "" || q.groupFound {
		a.CreateGroup = false
	}
	a.Topic = orDefault(a.Topic, q.name)
	if q.told == silent {
		a.Topic = ""
	}
	a.Notify = q.told == withObjects
	return a
}
