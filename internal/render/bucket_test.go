package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"trailctl/bucket"
	"trailctl/trail"
)

func aBucket() Bucket {
	var n bucket.Notifications
	n.EventBridgeConfiguration = &types.EventBridgeConfiguration{}
	n.TopicConfigurations = []types.TopicConfiguration{{Id: aws.String("evil\x1b[31m"), TopicArn: aws.String("arn:aws:sns:us-east-1:111122223333:t"), Events: []types.Event{"s3:ObjectCreated:*"}}}
	return Bucket{
		Account: "111122223333",
		Description: bucket.Description{
			Name: "logs", Place: bucket.Place{Owner: bucket.Account, Region: "eu-west-1"},
			Settings:      bucket.Settings{PublicAccess: &bucket.PublicAccess{BlockPublicACLs: true}, Encryption: "aws:kms"},
			Protection:    bucket.Protection{Versioning: "Enabled", MFADelete: true, Logging: &bucket.AccessLog{Bucket: "access", Prefix: "p/"}, PublicPolicy: true},
			Policy:        `{"Version":"2012-10-17","Statement":[]}`,
			Notifications: &n,
			Unread:        map[string]error{bucket.OwnershipSetting: errors.New("access\ndenied")},
		},
		Trails:    []trail.Trail{{Name: "audit", HomeRegion: "eu-west-1", Bucket: "logs", Prefix: "p"}},
		TrailsErr: errors.New("later"),
	}
}

func TestBucketText(t *testing.T) {
	var out bytes.Buffer
	if err := BucketText(&out, aBucket(), Terminal{}); err != nil {
		t.Fatal(err)
	}
	const want = `Bucket         logs
Region         eu-west-1
Account        111122223333
Public access  1 of four switches on
Ownership      could not be read
Encryption     aws:kms
Versioning     Enabled, deleting needs MFA
Access log     s3://access/p/
Policy         PUBLIC: S3 says that it lets everyone in

Who may put objects:
  (none)

Other statements:
  (none)

Trails that deliver here:
  audit in eu-west-1, to logs/p
  some trails could not be listed

Notifications:
  entry "evil\x1b[31m" (s3:ObjectCreated:* to arn:aws:sns:us-east-1:111122223333:t)
  all events to EventBridge
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestBucketJSON(t *testing.T) {
	var out bytes.Buffer
	if err := BucketJSON(&out, aBucket()); err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc["version"] != 1.0 || doc["eventBridge"] != true || len(doc["unread"].([]any)) != 2 || len(doc["trails"].([]any)) != 1 {
		t.Errorf("%s", out.String())
	}
	out.Reset()
	if err := BucketJSON(&out, Bucket{Description: bucket.Description{Name: "b"}}); err != nil {
		t.Fatal(err)
	}
	for _, empty := range []string{`"policy": null`, `"publicAccess": null`, `"statements": []`, `"trails": []`, `"notifications": []`, `"unread": []`} {
		if !strings.Contains(out.String(), empty) {
			t.Errorf("%s is not in %s", empty, out.String())
		}
	}
}

func TestBucketPlan(t *testing.T) {
	p := bucket.Plan{Bucket: "logs", Region: "r", Account: "1", Steps: []bucket.Step{
		{Kind: bucket.StepKeep, Target: "bucket logs", Summary: "is there", Warnings: []string{"w"}},
		{Kind: bucket.StepChange, Target: "notification n", Summary: "s", Fields: []bucket.Field{{Name: "Prefix", Before: "a", After: ""}}},
		{Kind: bucket.StepRemove, Target: "x", Summary: "y"},
		{Kind: bucket.StepCreate, Target: "z", Summary: "y"},
	}}
	var out bytes.Buffer
	if err := BucketPlanText(&out, p, Terminal{}); err != nil {
		t.Fatal(err)
	}
	const want = `Plan for bucket logs in r, account 1:
  = keep    bucket logs: is there
      warning: w
  ~ change  notification n: s
      Prefix: a -> (none)
  - remove  x: y
  + create  z: y
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	r := bucket.Result{Done: p.Steps[1:2], Failed: &p.Steps[2], Left: p.Steps[3:]}
	if err := BucketResultJSON(&out, p, r, "why"); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Steps []struct{ State string }
		Error string
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, s := range doc.Steps {
		states = append(states, s.State)
	}
	if got := strings.Join(states, ","); got != "kept,done,failed,not done" || doc.Error != "why" {
		t.Errorf("states %s, error %q", got, doc.Error)
	}
}
