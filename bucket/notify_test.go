package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// notifier is a bucket's notification configuration with other writers, slow
// readers and fresh topic policies.
type notifier struct {
	n       Notifications
	shown   []Notifications // what reads show first, before the true one
	refuses int             // writes that fail because the topic's policy is fresh
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
	if f.refuses > 0 {
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
