package bucket

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	topicARN = "arn:aws:sns:us-east-1:111122223333:objects"
	queueARN = "arn:aws:sqs:us-east-1:111122223333:q"
)

func filter(rules ...string) *types.NotificationConfigurationFilter {
	f := &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{}}
	for i := 0; i < len(rules); i += 2 {
		f.Key.FilterRules = append(f.Key.FilterRules, types.FilterRule{Name: types.FilterRuleName(rules[i]), Value: aws.String(rules[i+1])})
	}
	return f
}

func toQueue(id, event string, f *types.NotificationConfigurationFilter) Notifications {
	var n Notifications
	n.QueueConfigurations = []types.QueueConfiguration{{Id: &id, QueueArn: aws.String(queueARN), Events: []types.Event{types.Event(event)}, Filter: f}}
	return n
}

func toTopic(id, arn, event string, f *types.NotificationConfigurationFilter) Notifications {
	var n Notifications
	n.TopicConfigurations = []types.TopicConfiguration{{Id: &id, TopicArn: &arn, Events: []types.Event{types.Event(event)}, Filter: f}}
	return n
}

// also is a configuration with the topics of both.
func also(n, more Notifications) Notifications {
	n.TopicConfigurations = append(n.TopicConfigurations, more.TopicConfigurations...)
	return n
}

func TestValidateNotification(t *testing.T) {
	tests := map[string]struct {
		n  Notification
		ok bool
	}{
		"least":             {Notification{TopicARN: topicARN}, true},
		"all":               {Notification{Name: "n", TopicARN: topicARN, Events: []string{"s3:ObjectRemoved:*", "s3:ObjectCreated:Put"}, Prefix: "a/", Suffix: ".gz"}, true},
		"no topic":          {Notification{}, false},
		"a queue":           {Notification{TopicARN: queueARN}, false},
		"FIFO":              {Notification{TopicARN: topicARN + ".fifo"}, false},
		"unknown event":     {Notification{TopicARN: topicARN, Events: []string{"s3:ObjectCreated"}}, false},
		"one in another":    {Notification{TopicARN: topicARN, Events: []string{"s3:ObjectCreated:Put", "s3:ObjectCreated:*"}}, false},
		"wildcard":          {Notification{TopicARN: topicARN, Prefix: "a*"}, false},
		"name too long":     {Notification{TopicARN: topicARN, Name: strings.Repeat("n", 256)}, false},
		"longest name":      {Notification{TopicARN: topicARN, Name: strings.Repeat("n", 255)}, true},
		"longest topic":     {Notification{TopicARN: "arn:aws:sns:us-east-1:111122223333:" + strings.Repeat("t", 256)}, true},
		"longest suffix":    {Notification{TopicARN: topicARN, Suffix: strings.Repeat("s", 1024)}, true},
		"suffix too long":   {Notification{TopicARN: topicARN, Suffix: strings.Repeat("s", 1025)}, false},
		"same event, twice": {Notification{TopicARN: topicARN, Events: []string{"s3:ObjectCreated:Put", "s3:ObjectCreated:Put"}}, false},
	}
	for name, tt := range tests {
		if err := tt.n.Validate(); (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrNotification) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPutNotification(t *testing.T) {
	ours := Notification{TopicARN: topicARN, Prefix: "AWSLogs/", Suffix: ".json.gz"}
	const created = "s3:ObjectCreated:*"
	tests := map[string]struct {
		before  Notifications
		changed bool
		name    string
		fields  int
		err     error
	}{
		"empty":              {changed: true, name: "trailctl-objects", fields: 5},
		"there":              {before: toTopic("trailctl-objects", topicARN, created, filter("Prefix", "AWSLogs/", "Suffix", ".json.gz")), name: "trailctl-objects"},
		"filters turned":     {before: toTopic("trailctl-objects", topicARN, created, filter("suffix", ".json.gz", "prefix", "AWSLogs/")), name: "trailctl-objects"},
		"another name":       {before: toTopic("console", topicARN, created, filter("Prefix", "AWSLogs/", "Suffix", ".json.gz")), name: "console"},
		"another filter":     {before: toTopic("trailctl-objects", topicARN, created, filter("Prefix", "AWSLogs/")), changed: true, name: "trailctl-objects", fields: 1},
		"another topic":      {before: toTopic("trailctl-objects", topicARN+"2", "s3:ObjectRemoved:*", nil), err: ErrNameTaken},
		"another account's":  {before: toTopic("trailctl-objects", strings.Replace(topicARN, "1111", "4444", 1), "s3:ObjectRemoved:*", nil), err: ErrNameTaken},
		"taken, but there":   {before: also(toTopic("trailctl-objects", topicARN+"2", "s3:ObjectRemoved:*", nil), toTopic("console", topicARN, created, filter("Prefix", "AWSLogs/", "Suffix", ".json.gz"))), name: "console"},
		"the name's a queue": {before: toQueue("trailctl-objects", "s3:ObjectRemoved:*", nil), err: ErrNameTaken},
		"same to a queue":    {before: toQueue("q", created, filter("Prefix", "AWSLogs/", "Suffix", ".json.gz")), err: ErrOverlap},
		"all to a queue":     {before: toQueue("q", created, nil), err: ErrOverlap},
		"one event of ours":  {before: toQueue("q", "s3:ObjectCreated:Put", nil), err: ErrOverlap},
		"longer prefix":      {before: toQueue("q", created, filter("Prefix", "AWSLogs/1/")), err: ErrOverlap},
		"shorter suffix":     {before: toQueue("q", created, filter("Suffix", "gz")), err: ErrOverlap},
		"prefix, suffix":     {before: toQueue("q", created, filter("Prefix", "AWS", "Suffix", "x.json.gz")), err: ErrOverlap},
		"another event":      {before: toQueue("q", "s3:ObjectRemoved:*", nil), changed: true, name: "trailctl-objects", fields: 5},
		"another prefix":     {before: toQueue("q", created, filter("Prefix", "AWSLogs2/")), changed: true, name: "trailctl-objects", fields: 5},
		"another suffix":     {before: toQueue("q", created, filter("Prefix", "AWSLogs/", "Suffix", ".json")), changed: true, name: "trailctl-objects", fields: 5},
		"alike, not same":    {before: toQueue("q", "s3:ObjectRestore:Post", nil), changed: true, name: "trailctl-objects", fields: 5},
		"same topic, wider":  {before: toTopic("console", topicARN, created, nil), err: ErrOverlap},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := tt.before.Text()
			c, err := tt.before.Put(ours)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if tt.before.Text() != before {
				t.Error("the configuration before was changed, too")
			}
			if err != nil {
				for _, part := range []string{tt.before.Entries()[0].ID, tt.before.Entries()[0].Destination} {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%v does not name the other entry's %s", err, part)
					}
				}
				return
			}
			if c.Changed != tt.changed || c.Name != tt.name || len(c.Fields()) != tt.fields {
				t.Errorf("%+v with fields %v", c, c.Fields())
			}
			if again, err := c.After.Put(ours); err != nil || again.Changed {
				t.Errorf("a second time: %+v, %v", again, err)
			}
		})
	}
}

func TestSameEvent(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{AllCreated, "s3:ObjectCreated:Put", true}, {AllCreated, AllCreated, true}, {"s3:ObjectCreated:Put", "s3:ObjectCreated:Post", false},
		{AllCreated, "s3:ObjectRemoved:*", false}, {"s3:ObjectAcl:Put", "s3:ObjectTagging:Put", false}, {AllCreated, "s3:ObjectCreated", false},
	}
	for _, tt := range tests {
		if sameEvent(tt.a, tt.b) != tt.want || sameEvent(tt.b, tt.a) != tt.want {
			t.Errorf("%s and %s: want %v either way", tt.a, tt.b, tt.want)
		}
	}
}

func TestRemoveNotification(t *testing.T) {
	both := toTopic("trailctl-objects", topicARN, "s3:ObjectCreated:*", nil)
	both.TopicConfigurations = append(both.TopicConfigurations, toTopic("console", topicARN, "s3:ObjectRemoved:*", nil).TopicConfigurations...)
	tests := map[string]struct {
		before      Notifications
		name, topic string
		rest        string // Ids
		notes       int
		err         error
	}{
		"by topic":          {before: both, topic: topicARN, rest: "console", notes: 1},
		"by name":           {before: both, name: "console", rest: "trailctl-objects"},
		"by both":           {before: both, name: "console", topic: topicARN, rest: "trailctl-objects", notes: 1},
		"by the wrong":      {before: both, name: "console", topic: topicARN + "2", err: ErrNameTaken},
		"none":              {before: both, name: "x", rest: "trailctl-objects console"},
		"none of the topic": {before: toTopic("console", topicARN, "s3:ObjectRemoved:*", nil), topic: topicARN, rest: "console", notes: 1},
		"a queue":           {before: toQueue("q", "s3:ObjectRemoved:*", nil), name: "q", err: ErrNameTaken},
		"empty":             {topic: topicARN},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := tt.before.Remove(tt.name, tt.topic)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			var ids []string
			for _, e := range c.After.Entries() {
				ids = append(ids, e.ID)
			}
			if got := strings.Join(ids, " "); got != tt.rest || len(c.Notes) != tt.notes || c.Changed != (len(ids) < len(tt.before.Entries())) {
				t.Errorf("%q is left, notes %q, changed %v", got, c.Notes, c.Changed)
			}
		})
	}
}

// FuzzPutNotification holds that merging loses nothing, whatever the filters.
func FuzzPutNotification(f *testing.F) {
	f.Add("a/", ".gz", "s3:ObjectCreated:*", "b/", "")
	f.Add("", "", "s3:ObjectCreated:Put", "", "")
	f.Fuzz(func(t *testing.T, prefix, suffix, event, otherPrefix, otherSuffix string) {
		before := toQueue("q", event, filter("Prefix", otherPrefix, "Suffix", otherSuffix))
		c, err := before.Put(Notification{TopicARN: topicARN, Prefix: prefix, Suffix: suffix})
		if err != nil {
			return
		}
		if len(c.After.QueueConfigurations) != 1 || len(c.After.TopicConfigurations) != 1 {
			t.Fatalf("%+v", c.After)
		}
		// Sound: no key that begins and ends as one filter says is in both.
		key := prefix + otherPrefix + suffix + otherSuffix
		in := func(p, s string) bool { return strings.HasPrefix(key, p) && strings.HasSuffix(key, s) }
		if sameEvent(event, AllCreated) && in(prefix, suffix) && in(otherPrefix, otherSuffix) {
			t.Errorf("key %q is in both, and S3 would have refused it", key)
		}
	})
}
