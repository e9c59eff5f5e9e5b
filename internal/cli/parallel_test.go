package cli

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"trailctl/internal/sandbox"
	"trailctl/internal/sandbox/clock"
)

// Runs side by side write one bucket policy and one topic policy, which AWS
// keeps no lock for. Whoever ends well has its trail in both, also after all
// the others are done.
func TestParallelCreates(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	environment(t)
	regions := []string{"us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-south-1", "sa-east-1"}
	box, err := sandbox.New(context.Background(), sandbox.Options{
		Regions: regions, LogInterval: 5 * time.Minute, DigestInterval: time.Hour, Clock: clock.NewManual(start), NewKey: sharedKeys,
	})
	if err != nil {
		t.Fatal(err)
	}
	g := &ground{box: box, server: httptest.NewServer(distant(box))}
	defer g.close()
	const rounds = 3
	redone := 0
	for round := range rounds {
		redone += parallelRound(t, g, round, regions)
	}
	t.Logf("%d rounds of %d runs: %d grants were lost and given again", rounds, len(regions), redone)
}

// distant is a server to which calls are on their way for a while, each for
// another time.
func distant(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(rand.N(10 * time.Millisecond))
		h.ServeHTTP(w, r)
		time.Sleep(rand.N(10 * time.Millisecond))
	})
}

func parallelRound(t *testing.T, g *ground, round int, regions []string) (redone int) {
	ctx, config := context.Background(), clientConfig(g.server.URL)
	f := foreign{config: config}
	bucket := fmt.Sprintf("together-%d", round)
	if _, err := f.s3().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	topic, err := sns.NewFromConfig(config).CreateTopic(ctx, &sns.CreateTopicInput{Name: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	codes, messages := make([]int, len(regions)), make([]string, len(regions))
	var group sync.WaitGroup
	for i, region := range regions {
		group.Go(func() {
			codes[i], _, messages[i] = g.run([]string{"trail", "create", bucket, "--region", region, "--single-region",
				"--bucket", bucket, "--accept-bucket-region", "--sns-topic", *topic.TopicArn, "--yes"})
		})
	}
	group.Wait()
	policy, err := f.s3().GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	attributes, err := sns.NewFromConfig(config).GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: topic.TopicArn})
	if err != nil {
		t.Fatal(err)
	}
	for i, region := range regions {
		arn := fmt.Sprintf(`"arn:aws:cloudtrail:%s:%s:trail/%s"`, region, sandbox.DefaultAccount, bucket)
		inBucket, inTopic := strings.Contains(aws.ToString(policy.Policy), arn), strings.Contains(attributes.Attributes["Policy"], arn)
		if codes[i] != 0 || !inBucket || !inTopic {
			t.Errorf("round %d, %s: exit %d, in the bucket's policy %t, in the topic's %t\n%s", round, region, codes[i], inBucket, inTopic, messages[i])
		}
		redone += strings.Count(messages[i], "somebody else changed it meanwhile")
	}
	return redone
}

// environment is that of a program that runs in this process.
func environment(t *testing.T) {
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"AWS_MAX_ATTEMPTS": "1", "TRAILCTL_TIME": start.Format(time.RFC3339),
	} {
		t.Setenv(k, v)
	}
}
