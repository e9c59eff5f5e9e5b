package trail

import (
	"strings"
	"testing"
)

// What a trail no longer uses stays, and the plan says how it is deleted.
func TestLetGo(t *testing.T) {
	role := DefaultRole("audit")
	const (
		topicGoes = topicHome + " stays as it is; the trail uses it no more, and this deletes it: aws sns delete-topic --region eu-west-1 --topic-arn " + topicHome
		groupGoes = groupHome + " stays as it is; the trail uses it no more, and this deletes it: aws logs delete-log-group --region eu-west-1 --log-group-name events (with the events in it)"
		entryGoes = "this ends that, before the topic goes: trailctl bucket notify logs --topic " + topicHome + " --name trailctl-news --remove"
	)
	roleGoes := "aws iam delete-role-policy --role-name " + role + " --policy-name CloudTrailToCloudWatchLogs && aws iam delete-role --role-name " + role
	tests := map[string]struct {
		spec   Spec
		before func(*fakeAWS)
		has    []string
		not    []string
	}{
		"topic":               {Spec{Topic: ptr("")}, nil, []string{topicGoes, "bucket logs still notifies it: entry \"trailctl-news\"", entryGoes}, []string{"aws logs", "aws iam"}},
		"topic, not notified": {Spec{Topic: ptr("")}, func(f *fakeAWS) { f.buckets["logs"].notifications.TopicConfigurations = nil }, []string{topicGoes}, []string{"still notifies"}},
		"another topic":       {Spec{Topic: ptr("others")}, nil, []string{topicGoes}, nil},
		"log group":           {Spec{LogGroup: ptr("")}, nil, []string{groupGoes, roleGoes}, []string{"aws sns"}},
		"another log group":   {Spec{LogGroup: ptr("others"), CreateLogGroup: true}, nil, []string{groupGoes}, []string{"aws iam"}},
		"key":                 {Spec{KMSKey: ptr("")}, nil, []string{keyHome + " stays as it is; the trail uses it no more"}, []string{"this deletes"}},
		"prefix":              {Spec{Prefix: ptr("")}, nil, nil, []string{"uses it no more"}},
		"nothing":             {Spec{Topic: ptr("news")}, nil, nil, []string{"uses it no more"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := settled()
			if _, _, err := create(t, f, everyOption(t), Options{}); err != nil {
				t.Fatal(err)
			}
			if tt.before != nil {
				tt.before(f)
			}
			tt.spec.Name, tt.spec.Region, tt.spec.Update = "audit", home, true
			cur, err := Describe(t.Context(), f.clients(), tt.spec)
			if err != nil {
				t.Fatal(err)
			}
			p, err := Diff(tt.spec, cur)
			if err != nil {
				t.Fatal(err)
			}
			text := wording(p)
			for _, has := range tt.has {
				if !strings.Contains(text, has) {
					t.Errorf("%q is not in %s", has, text)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(text, not) {
					t.Errorf("%q is in %s", not, text)
				}
			}
		})
	}
	// The notifications are only for words: that they may not be read stops
	// nobody.
	f := settled()
	if _, _, err := create(t, f, everyOption(t), Options{}); err != nil {
		t.Fatal(err)
	}
	clients := f.clients()
	clients.S3 = func(region string) S3 { return blindS3{fakeS3{f, region}} }
	if _, err := Describe(t.Context(), clients, Spec{Name: "audit", Region: home, Update: true, Topic: ptr("")}); err != nil {
		t.Error(err)
	}
}
