package bucket

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"trailctl/internal/topic"
)

// Notifications are a bucket's whole notification configuration: S3 knows no
// way to change only a part of it.
type Notifications struct {
	types.NotificationConfiguration
}

// AllCreated is the event of every new object, however it came to be.
const AllCreated = string(types.EventS3ObjectCreated)

// Notification is one entry of ours: which events go to a topic.
type Notification struct {
	Name           string // S3's Id; "" is DefaultNotificationName
	TopicARN       string
	Events         []string // "s3:ObjectCreated:*"; none is AllCreated
	Prefix, Suffix string   // of the keys; "" for any
}

// What a notification can be wrong with.
var (
	ErrNotification = errors.New("not a notification that S3 takes")
	ErrOverlap      = errors.New("S3 refuses two entries that match the same event and the same keys")
	ErrNameTaken    = errors.New("the name belongs to another entry")
)

// maxID is how long an Id may be (S3 user guide, event notifications).
const maxID = 255

// DefaultNotificationName is "trailctl-" and the topic's name: the same for
// the same topic, so that a second run finds the entry. Topics of one name in
// two accounts share it; Put then takes it for the first only.
func DefaultNotificationName(topicARN string) string {
	name := "trailctl-" + topicARN[strings.LastIndexByte(topicARN, ':')+1:]
	return name[:min(len(name), maxID)]
}

// complete fills in what was left out.
func (n Notification) complete() Notification {
	if n.Name == "" {
		n.Name = DefaultNotificationName(n.TopicARN)
	}
	if len(n.Events) == 0 {
		n.Events = []string{AllCreated}
	}
	return n
}

// Validate holds a notification against S3's rules that need no other entry.
// It fails with ErrNotification.
func (n Notification) Validate() error {
	n = n.complete()
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrNotification, fmt.Sprintf(format, args...))
	}
	if _, err := topic.ParseARN(n.TopicARN); err != nil {
		return wrong("%v", err)
	}
	if len(n.Name) > maxID {
		return wrong("its name has more than %d characters", maxID)
	}
	known := types.Event("").Values()
	for i, e := range n.Events {
		if !slices.Contains(known, types.Event(e)) {
			return wrong("there is no event %q; %s is every new object", e, AllCreated)
		}
		for _, other := range n.Events[:i] {
			if sameEvent(e, other) {
				return wrong("%s and %s stand for the same events", other, e)
			}
		}
	}
	for _, filter := range []string{n.Prefix, n.Suffix} {
		if strings.Contains(filter, "*") {
			return wrong("a prefix or suffix holds no wildcards: %q", filter)
		}
		if len(filter) > 1024 {
			return wrong("a prefix or suffix of more than 1024 characters matches no key")
		}
	}
	return nil
}

// entry is the notification in S3's form.
func (n Notification) entry() types.TopicConfiguration {
	c := types.TopicConfiguration{Id: &n.Name, TopicArn: &n.TopicARN}
	for _, e := range n.Events {
		c.Events = append(c.Events, types.Event(e))
	}
	var rules []types.FilterRule
	if n.Prefix != "" {
		rules = append(rules, types.FilterRule{Name: types.FilterRuleNamePrefix, Value: aws.String(n.Prefix)})
	}
	if n.Suffix != "" {
		rules = append(rules, types.FilterRule{Name: types.FilterRuleNameSuffix, Value: aws.String(n.Suffix)})
	}
	if len(rules) > 0 {
		c.Filter = &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{FilterRules: rules}}
	}
	return c
}

// Entry is one entry of a configuration, whatever it notifies.
type Entry struct {
	ID             string
	Kind           string // "topic", "queue" or "function"
	Destination    string // ARN
	Events         []string
	Prefix, Suffix string
}

func (e Entry) String() string {
	s := fmt.Sprintf("entry %q (%s to %s", e.ID, strings.Join(e.Events, ", "), e.Destination)
	if e.Prefix != "" {
		s += fmt.Sprintf(", prefix %q", e.Prefix)
	}
	if e.Suffix != "" {
		s += fmt.Sprintf(", suffix %q", e.Suffix)
	}
	return s + ")"
}

// Entries are all entries: topics, queues and functions, in the order in
// which S3 lists them.
func (n Notifications) Entries() []Entry {
	var out []Entry
	for _, c := range n.TopicConfigurations {
		out = append(out, newEntry("topic", c.Id, c.TopicArn, c.Events, c.Filter))
	}
	for _, c := range n.QueueConfigurations {
		out = append(out, newEntry("queue", c.Id, c.QueueArn, c.Events, c.Filter))
	}
	for _, c := range n.LambdaFunctionConfigurations {
		out = append(out, newEntry("function", c.Id, c.LambdaFunctionArn, c.Events, c.Filter))
	}
	return out
}

func newEntry(kind string, id, arn *string, events []types.Event, filter *types.NotificationConfigurationFilter) Entry {
	e := Entry{ID: aws.ToString(id), Kind: kind, Destination: aws.ToString(arn)}
	for _, v := range events {
		e.Events = append(e.Events, string(v))
	}
	if filter == nil || filter.Key == nil {
		return e
	}
	for _, r := range filter.Key.FilterRules {
		switch strings.ToLower(string(r.Name)) { // S3 answers "Prefix" to "prefix"
		case "prefix":
			e.Prefix = aws.ToString(r.Value)
		case "suffix":
			e.Suffix = aws.ToString(r.Value)
		}
	}
	return e
}

// EventBridge tells whether all events also go to EventBridge.
func (n Notifications) EventBridge() bool { return n.EventBridgeConfiguration != nil }

// sameEvent tells whether one event can be both: S3 knows a * at the end.
func sameEvent(a, b string) bool {
	wide := func(a, b string) bool {
		stem, open := strings.CutSuffix(a, "*")
		return open && strings.HasPrefix(b, stem)
	}
	return a == b || wide(a, b) || wide(b, a)
}

// overlaps tells whether S3 would refuse the two beside each other: an event
// in common, and keys that both filters match (S3 user guide, "Configuring
// event notifications using object key name filtering").
func (e Entry) overlaps(o Entry) bool {
	return slices.ContainsFunc(e.Events, func(a string) bool {
		return slices.ContainsFunc(o.Events, func(b string) bool { return sameEvent(a, b) })
	}) &&
		(strings.HasPrefix(e.Prefix, o.Prefix) || strings.HasPrefix(o.Prefix, e.Prefix)) &&
		(strings.HasSuffix(e.Suffix, o.Suffix) || strings.HasSuffix(o.Suffix, e.Suffix))
}

// same tells whether two entries do the same, whatever they are called.
func (e Entry) same(o Entry) bool {
	a, b := slices.Sorted(slices.Values(e.Events)), slices.Sorted(slices.Values(o.Events))
	return e.Kind == o.Kind && e.Destination == o.Destination && e.Prefix == o.Prefix && e.Suffix == o.Suffix &&
		slices.Equal(slices.Compact(a), slices.Compact(b))
}

// Text is the configuration as indented JSON in the names of S3's API, for
// people to read and compare; "" for an empty one.
func (n Notifications) Text() string {
	doc := map[string]any{}
	for _, e := range n.Entries() {
		list := map[string]string{"topic": "TopicConfigurations", "queue": "QueueConfigurations", "function": "LambdaFunctionConfigurations"}[e.Kind]
		key := map[string]string{"topic": "TopicArn", "queue": "QueueArn", "function": "LambdaFunctionArn"}[e.Kind]
		row := map[string]any{"Id": e.ID, key: e.Destination, "Events": e.Events}
		if e.Prefix != "" {
			row["Prefix"] = e.Prefix
		}
		if e.Suffix != "" {
			row["Suffix"] = e.Suffix
		}
		rows, _ := doc[list].([]any)
		doc[list] = append(rows, row)
	}
	if n.EventBridge() {
		doc["EventBridgeConfiguration"] = map[string]any{}
	}
	if len(doc) == 0 {
		return ""
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	e.Encode(doc) // maps of strings into memory cannot fail
	return b.String()
}
