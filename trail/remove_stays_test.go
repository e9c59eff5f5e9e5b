package trail

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// deniedSNS lets nobody look at topics.
type deniedSNS struct{ fakeSNS }

func (deniedSNS) GetTopicAttributes(context.Context, *sns.GetTopicAttributesInput, ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error) {
	return nil, api("AuthorizationErrorException")
}

// What was made for a trail and is not asked to go is named, with the flag
// that removes it.
func TestRemovalSaysWhatStays(t *testing.T) {
	role := DefaultRole("audit")
	const (
		topicStays = "keep topic news: stays; --with-topic removes it"
		groupStays = "keep log group events: stays, and goes on costing what it keeps; --with-log-group removes it"
	)
	roleStays := "keep role " + role + ": stays; --with-role removes it"
	tests := map[string]struct {
		removal Removal
		before  func(*fakeAWS, *Clients)
		has     []string
		not     []string
	}{
		"nothing asked":   {Removal{}, nil, []string{topicStays, groupStays, roleStays}, []string{"remove topic", "remove bucket", "remove log", "remove role"}},
		"one asked":       {Removal{Role: true}, nil, []string{topicStays, groupStays, "remove role " + role}, []string{"--with-role"}},
		"everything":      {Removal{Role: true, Topic: true, LogGroup: true}, nil, nil, []string{"--with"}},
		"not ours":        {Removal{}, func(f *fakeAWS, _ *Clients) { delete(f.topics[topicHome].tags, OwnerTag) }, []string{"keep topic news: stays: it was not made by trailctl", groupStays}, []string{"--with-topic"}},
		"gone":            {Removal{}, func(f *fakeAWS, _ *Clients) { delete(f.groups, groupHome) }, []string{topicStays}, []string{"log group"}},
		"cannot be read":  {Removal{}, func(f *fakeAWS, c *Clients) { c.SNS = func(r string) SNS { return deniedSNS{fakeSNS{f, r}} } }, []string{"keep topic news: stays: it could not be looked at: "}, []string{"--with-topic"}},
		"trails unlisted": {Removal{}, func(f *fakeAWS, _ *Clients) { f.noListTrail = true }, []string{"keep topic news: stays: not all trails could be listed"}, nil},
		"notified by others, too": {Removal{Topic: true}, func(f *fakeAWS, _ *Clients) {
			n := &f.buckets["logs"].notifications
			n.TopicConfigurations = append(n.TopicConfigurations, s3types.TopicConfiguration{
				Id: aws.String("their own"), TopicArn: aws.String(topicHome), Events: []s3types.Event{"s3:ObjectRestore:*"}})
		}, []string{"; this ends that: trailctl bucket notify logs --topic " + topicHome + " --name 'their own' --remove"}, []string{"remove topic"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := settled()
			if _, _, err := create(t, f, everyOption(t), Options{}); err != nil {
				t.Fatal(err)
			}
			clients := f.clients()
			if tt.before != nil {
				tt.before(f, &clients)
			}
			trails := []Trail{fromSDK(*f.trails[auditARN], home)}
			tt.removal.Trails = trails
			rest, err := DescribeRemoval(t.Context(), clients, tt.removal)
			if err != nil {
				t.Fatal(err)
			}
			mustSay(t, DiffRemoval(tt.removal, rest), tt.has, tt.not)
		})
	}
}

func mustSay(t *testing.T, p Plan, has, not []string) {
	t.Helper()
	var b strings.Builder
	for _, s := range p.Steps {
		b.WriteString(string(s.Kind) + " " + s.Target + ": " + s.Summary + "\n" + strings.Join(s.Notes, "\n") + "\n")
	}
	for _, text := range has {
		if !strings.Contains(b.String(), text) {
			t.Errorf("%q is not in\n%s", text, b.String())
		}
	}
	for _, text := range not {
		if strings.Contains(b.String(), text) {
			t.Errorf("%q is in\n%s", text, b.String())
		}
	}
}

// What the trail was taken away from is found again as far as its traces lead:
// the role by its name, the log group by the role's policy, the topic by the
// bucket's notification.
func TestRemovalFindsWhatWasLetGo(t *testing.T) {
	role := DefaultRole("audit")
	all := Removal{Role: true, Topic: true, LogGroup: true}
	tests := map[string]struct {
		removal               Removal
		before                func(*fakeAWS)
		topics, groups, roles int
		has                   []string
	}{
		"not asked": {Removal{}, nil, 1, 1, 1, []string{
			"keep topic news: stays; --with-topic removes it", "keep log group events: stays, and goes on", "keep role " + role + ": stays; --with-role"}},
		"everything":      {all, nil, 0, 0, 0, []string{"remove topic news", "remove log group events", "remove role " + role}},
		"topic not ours":  {all, func(f *fakeAWS) { delete(f.topics[topicHome].tags, OwnerTag) }, 1, 0, 0, nil},
		"group not ours":  {all, func(f *fakeAWS) { f.groups[groupHome].tags[OwnerTag] = "other" }, 0, 1, 0, nil},
		"role not ours":   {all, func(f *fakeAWS) { delete(f.roles[role].tags, OwnerTag) }, 0, 1, 1, nil},
		"no notification": {all, func(f *fakeAWS) { f.buckets["logs"].notifications.TopicConfigurations = nil }, 1, 0, 0, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := settled()
			if _, _, err := create(t, f, everyOption(t), Options{}); err != nil {
				t.Fatal(err)
			}
			if _, _, err := create(t, f, Spec{Name: "audit", Region: home, Update: true, Topic: ptr(""), LogGroup: ptr("")}, Options{}); err != nil {
				t.Fatal(err)
			}
			if tt.before != nil {
				tt.before(f)
			}
			p, err := removed(t, f, tt.removal)
			if err != nil {
				t.Fatal(err)
			}
			if len(f.topics) != tt.topics || len(f.groups) != tt.groups || len(f.roles) != tt.roles || f.trails[auditARN] != nil {
				t.Errorf("%d topics, %d groups, %d roles: %v", len(f.topics), len(f.groups), len(f.roles), outline(p))
			}
			mustSay(t, p, tt.has, nil)
		})
	}
}
