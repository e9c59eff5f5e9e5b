package bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"trailctl/internal/topic"
)

// notifier is a bucket's notification configuration with other writers, slow
// readers and fresh topic policies.
type notifier struct {
	n       Notifications
	shown   []Notifications // what reads show first, before the true one
	refuses int             // writes that fail because the topic's policy is fresh
	gone    bool            // another destination does not exist any more
	skipped int             // writes without validation
	onWrite func(*notifier) // happens after each write
	onRead  func(*notifier) // happens after each read
	reads   int
	writes  int
	fail    error
}

func (f *notifier) GetBucketNotificationConfiguration(context.Context, *s3.GetBucketNotificationConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketNotificationConfigurationOutput, error) {
	n := f.n
	if len(f.shown) > 0 {
		n, f.shown = f.shown[0], f.shown[1:]
	}
	f.reads++
	if f.onRead != nil {
		f.onRead(f)
	}
	return &s3.GetBucketNotificationConfigurationOutput{
		TopicConfigurations: n.TopicConfigurations, QueueConfigurations: n.QueueConfigurations,
		LambdaFunctionConfigurations: n.LambdaFunctionConfigurations, EventBridgeConfiguration: n.EventBridgeConfiguration,
	}, nil
}

func unvalidated() error {
	return &smithy.GenericAPIError{Code: "InvalidArgument", Message: "Unable to validate the following destination configurations"}
}

func (f *notifier) PutBucketNotificationConfiguration(_ context.Context, in *s3.PutBucketNotificationConfigurationInput, _ ...func(*s3.Options)) (*s3.PutBucketNotificationConfigurationOutput, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	switch {
	case aws.ToBool(in.SkipDestinationValidation):
		f.skipped++
	case f.gone:
		return nil, unvalidated()
	case f.refuses > 0:
		f.refuses--
		return nil, unvalidated()
	}
	f.n = Notifications{*in.NotificationConfiguration}
	f.writes++
	if f.onWrite != nil {
		f.onWrite(f)
	}
	return &s3.PutBucketNotificationConfigurationOutput{}, nil
}

func TestNotify(t *testing.T) {
	foreign := toQueue("theirs", "s3:ObjectRemoved:*", nil)
	newer := toQueue("newer", "s3:ObjectTagging:*", nil)
	ours := Notification{TopicARN: topicARN}
	merged, err := foreign.Put(ours)
	if err != nil {
		t.Fatal(err)
	}
	broad := toQueue("broad", AllCreated, nil)
	tests := map[string]struct {
		server  notifier
		writes  int
		waits   int // for S3 to see the topic's policy
		changed bool
		has     string // Id of a foreign entry that must be there
		err     error
	}{
		"empty":               {writes: 1, changed: true},
		"beside another":      {server: notifier{n: foreign}, writes: 1, changed: true, has: "theirs"},
		"there":               {server: notifier{n: merged.After}, has: "theirs"},
		"slow to show":        {server: notifier{n: foreign, shown: []Notifications{foreign, foreign, foreign}}, writes: 1, changed: true, has: "theirs"},
		"a fresh policy":      {server: notifier{n: foreign, refuses: 3}, writes: 1, waits: 3, changed: true, has: "theirs"},
		"a policy that lacks": {server: notifier{n: foreign, refuses: 99}, waits: 7, err: ErrDestination, has: "theirs"},
		"overwritten": {writes: 3, changed: true, has: "newer", server: notifier{n: foreign, onWrite: func(f *notifier) {
			if f.writes < 3 {
				f.n = newer
			}
		}}},
		"overwritten for ever": {writes: 5, err: ErrNotificationContest, has: "newer", server: notifier{n: foreign, onWrite: func(f *notifier) { f.n = newer }}},
		"another's, while waiting": {writes: 1, waits: 2, changed: true, has: "newer", server: notifier{n: foreign, refuses: 2, onRead: func(f *notifier) {
			if f.reads == 2 { // between the second read and the third
				f.n = newer
			}
		}}},
		"an overlap, while waiting": {waits: 1, err: ErrOverlap, has: "broad", server: notifier{n: foreign, refuses: 1, onRead: func(f *notifier) { f.n = broad }}},
		"refused":                   {server: notifier{n: foreign, fail: &smithy.GenericAPIError{Code: "AccessDenied"}}, err: ErrDenied, has: "theirs"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			waits := 0
			got, err := Notify(t.Context(), &tt.server, "logs", "1", ours, NotifyOptions{Sleep: noSleep, Waiting: func(wait time.Duration, answer error) {
				waits++
				if wait <= 0 || answer == nil {
					t.Errorf("waiting %s for %v", wait, answer)
				}
			}})
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if tt.server.writes != tt.writes || waits != tt.waits {
				t.Errorf("%d writes, want %d; %d waits, want %d", tt.server.writes, tt.writes, waits, tt.waits)
			}
			if !strings.Contains(tt.server.n.Text(), tt.has) {
				t.Errorf("%s was lost: %s", tt.has, tt.server.n.Text())
			}
			if err != nil {
				if errors.Is(err, ErrDestination) && !strings.Contains(err.Error(), queueARN) {
					t.Errorf("%v does not say that it may mean another destination", err)
				}
				return
			}
			if again, err := tt.server.n.Put(ours); err != nil || again.Changed || got.Changed != tt.changed {
				t.Errorf("changed %v; afterwards there is %s", got.Changed, tt.server.n.Text())
			}
		})
	}
}

// What becomes of an entry that somebody else writes at each moment of ours:
// S3 has no lock, so that one moment loses theirs and one loses ours.
func TestNotifyOtherWriters(t *testing.T) {
	foreign, newer := toQueue("theirs", "s3:ObjectRemoved:*", nil), toQueue("newer", "s3:ObjectTagging:*", nil)
	at := func(n int) func(*notifier) {
		calls := 0
		return func(f *notifier) {
			if calls++; calls == n {
				f.n = newer
			}
		}
	}
	tests := map[string]struct {
		server       notifier
		ours, theirs bool // stand there in the end
		waits        int
	}{
		"before our read":            {server: notifier{n: newer}, ours: true, theirs: true},
		"between our read and write": {server: notifier{n: foreign, onRead: at(1)}, ours: true, theirs: false},
		"between our write and read": {server: notifier{n: foreign, onWrite: at(1)}, ours: true, theirs: true, waits: 1},
		"after we have read it back": {server: notifier{n: foreign, onRead: at(2)}, ours: false, theirs: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			waits := 0
			wait := func(context.Context, time.Duration) error { waits++; return nil }
			c, err := Notify(t.Context(), &tt.server, "logs", me, Notification{TopicARN: topicARN}, NotifyOptions{Sleep: wait})
			if err != nil || !c.Changed || waits != tt.waits {
				t.Fatalf("%+v, %v, %d waits", c, err, waits)
			}
			if text := tt.server.n.Text(); strings.Contains(text, "trailctl-objects") != tt.ours || strings.Contains(text, "newer") != tt.theirs {
				t.Errorf("ours should be there: %v, theirs: %v; there is %s", tt.ours, tt.theirs, text)
			}
		})
	}
}

func TestUnnotify(t *testing.T) {
	n, err := toQueue("theirs", "s3:ObjectRemoved:*", nil).Put(Notification{TopicARN: topicARN})
	if err != nil {
		t.Fatal(err)
	}
	f := &notifier{n: n.After, shown: []Notifications{n.After, n.After}}
	for _, want := range []bool{true, false} {
		c, err := Unnotify(t.Context(), f, "logs", "1", "", topicARN, NotifyOptions{Sleep: noSleep})
		if err != nil || c.Changed != want || f.writes != 1 || f.n.Text() != n.Before.Text() {
			t.Errorf("%+v, %v, %d writes; left is %s", c, err, f.writes, f.n.Text())
		}
	}
}

// A destination of somebody else's that is gone makes S3 refuse every change.
// It is named at once; and what is not its fault is then written unvalidated.
func TestNotifyBesideADeadDestination(t *testing.T) {
	foreign := also(toQueue("theirs", "s3:ObjectRemoved:*", nil), toTopic("mine", topicARN, "s3:ObjectTagging:*", nil))
	grant := topic.BucketGrant(topicARN, "arn:aws:s3:::logs", me)
	allowed, err := topic.Merge(topicARN, topic.DefaultPolicy(topicARN), grant)
	if err != nil {
		t.Fatal(err)
	}
	denied := strings.Replace(allowed.After, `"Statement":[`, `"Statement":[{"Effect":"Deny","Principal":"*","Action":"SNS:*","Resource":"*"},`, 1)
	tests := map[string]struct {
		server  notifier
		policy  string // of our topic
		key     string
		account string
		alone   bool // nothing else is notified
		waits   int
		skipped int
		err     error
	}{
		"our topic lets S3 in":     {server: notifier{gone: true}, policy: allowed.After, waits: 4, skipped: 1},
		"ours is only fresh":       {server: notifier{refuses: 2}, policy: allowed.After, waits: 2},
		"ours does not let S3 in":  {server: notifier{gone: true}, policy: topic.DefaultPolicy(topicARN), waits: 7, err: ErrDestination},
		"ours denies something":    {server: notifier{gone: true}, policy: denied, waits: 7, err: ErrDestination},
		"ours is encrypted":        {server: notifier{gone: true}, policy: allowed.After, key: "k", waits: 7, err: ErrDestination},
		"ours is another's":        {server: notifier{gone: true}, policy: allowed.After, account: "444455556666", waits: 7, err: ErrDestination},
		"ours does not exist":      {server: notifier{gone: true}, waits: 7, err: ErrDestination},
		"there is only our own":    {server: notifier{gone: true}, policy: allowed.After, alone: true, waits: 7, err: ErrDestination},
		"ours cannot be looked at": {server: notifier{gone: true}, policy: "denied", waits: 7, err: ErrDestination},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if !tt.alone {
				tt.server.n = foreign
			}
			w := withBucket()
			w.topicPolicy, w.topicKey, w.denyTopic = tt.policy, tt.key, tt.policy == "denied"
			waits := 0
			o := NotifyOptions{Sleep: noSleep, SNS: topics{w}, Waiting: func(_ time.Duration, answer error) {
				waits++
				if strings.Contains(answer.Error(), queueARN) == tt.alone {
					t.Errorf("%v does not name whose fault it may be", answer)
				}
			}}
			c, err := Notify(t.Context(), &tt.server, "logs", cmp.Or(tt.account, me), Notification{TopicARN: topicARN}, o)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) || waits != tt.waits || tt.server.skipped != tt.skipped {
				t.Fatalf("%v, %d waits, %d unvalidated", err, waits, tt.server.skipped)
			}
			var dest *DestinationError
			if errors.As(err, &dest) && (dest.Topic != topicARN || !tt.alone && !slices.Equal(dest.Others, []string{queueARN})) {
				t.Errorf("%+v", dest)
			}
			if notes := strings.Join(c.Notes, " "); strings.Contains(notes, queueARN) != (tt.skipped > 0) {
				t.Errorf("notes %q", notes)
			}
		})
	}
}

// Taking an entry out cannot be at fault itself.
func TestUnnotifyBesideADeadDestination(t *testing.T) {
	n, err := toQueue("theirs", "s3:ObjectRemoved:*", nil).Put(Notification{TopicARN: topicARN})
	if err != nil {
		t.Fatal(err)
	}
	f := &notifier{n: n.After, gone: true}
	c, err := Unnotify(t.Context(), f, "logs", "1", "", topicARN, NotifyOptions{Sleep: func(context.Context, time.Duration) error {
		t.Error("it waits")
		return nil
	}})
	if err != nil || f.skipped != 1 || f.n.Text() != n.Before.Text() || !strings.Contains(strings.Join(c.Notes, " "), queueARN) {
		t.Errorf("%+v, %v, %d unvalidated", c, err, f.skipped)
	}
}

// twenty are foreign entries of all kinds, as S3 answers them, with
// EventBridge on.
func twenty() types.NotificationConfiguration {
	n := types.NotificationConfiguration{EventBridgeConfiguration: &types.EventBridgeConfiguration{}}
	for i := range 20 {
		id, prefix := fmt.Sprintf("entry <%d> & more", i), fmt.Sprintf("team-%02d/", i)
		events := []types.Event{"s3:ObjectCreated:Copy", "s3:ObjectRemoved:*"}
		f := filter("Suffix", ".log", "Prefix", prefix)
		switch i % 3 {
		case 0:
			n.TopicConfigurations = append(n.TopicConfigurations, types.TopicConfiguration{Id: &id, TopicArn: aws.String(topicARN + "-2"), Events: events, Filter: f})
		case 1:
			n.QueueConfigurations = append(n.QueueConfigurations, types.QueueConfiguration{Id: &id, QueueArn: aws.String(queueARN), Events: events, Filter: f})
		case 2:
			n.LambdaFunctionConfigurations = append(n.LambdaFunctionConfigurations, types.LambdaFunctionConfiguration{
				Id: &id, LambdaFunctionArn: aws.String("arn:aws:lambda:us-east-1:111122223333:function:f"), Events: events, Filter: f})
		}
	}
	return n
}

// The bytes that go to S3 are those that came from it, but for our entry; and
// after it went again they are the same.
func TestNotifyKeepsForeignBytes(t *testing.T) {
	stored := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			b, _ := io.ReadAll(r.Body)
			stored = string(b)
			return
		}
		io.WriteString(w, stored)
	}))
	defer srv.Close()
	client := s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: &srv.URL, UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
	foreign := twenty()
	if _, err := client.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{Bucket: aws.String("logs"), NotificationConfiguration: &foreign}); err != nil {
		t.Fatal(err)
	}
	before := stored
	if n := strings.Count(before, "<Id>"); n != 20 || !strings.Contains(before, "EventBridgeConfiguration") {
		t.Fatalf("%d entries: %s", n, before)
	}
	if _, err := Notify(t.Context(), client, "logs", "1", Notification{TopicARN: topicARN, Prefix: "AWSLogs/"}, NotifyOptions{Sleep: noSleep}); err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndex(stored, "<TopicConfiguration>")
	length := strings.Index(stored[at:], "</TopicConfiguration>") + len("</TopicConfiguration>")
	own := stored[at : at+length]
	if !strings.Contains(own, "<Id>trailctl-objects</Id>") || stored[:at]+stored[at+length:] != before {
		t.Errorf("got  %s\nwant %s and our entry", stored, before)
	}
	if _, err := Unnotify(t.Context(), client, "logs", "1", "", topicARN, NotifyOptions{Sleep: noSleep}); err != nil || stored != before {
		t.Errorf("%v\ngot  %s\nwant %s", err, stored, before)
	}
}
