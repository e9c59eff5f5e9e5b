package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"trailctl/bucket"
	"trailctl/trail"
)

func someWhole(t *testing.T) trail.Whole {
	t.Helper()
	selectors, err := trail.ParseSelectors([]byte(`[{"ReadWriteType":"WriteOnly"}]`))
	if err != nil {
		t.Fatal(err)
	}
	insights, err := trail.ParseInsights([]string{"call-rate"})
	if err != nil {
		t.Fatal(err)
	}
	const policy = `{"Version":"2012-10-17","Statement":[{"Sid":"A"},{"Effect":"Deny"}]}`
	yes := true
	tr := auditTrail()
	return trail.Whole{
		Trail: tr, Account: trail.Account{ID: "123456789012", Partition: "aws"}, Logging: true,
		Tags: map[string]string{"team": "x\x1b[31m", "a": "1"}, Selectors: &selectors, Insights: &insights,
		Bucket: &trail.BucketPart{
			Name: "logs", Place: bucket.Place{Owner: bucket.Account, Region: "us-east-1"}, Policy: policy,
			Settings: bucket.Settings{Encryption: "AES256", Unread: map[string]error{bucket.OwnershipSetting: errors.New("denied")}},
		},
		Group:  &trail.GroupPart{ARN: "arn:aws:logs:us-east-1:123456789012:log-group:g", Name: "g"},
		Role:   &trail.RolePart{ARN: "arn:aws:iam::123456789012:role/r", Name: "r", Trust: policy, Inline: map[string]string{"write": policy}, Attached: []string{"arn:aws:iam::aws:policy/x"}},
		Key:    &trail.KeyPart{ARN: "arn:aws:kms:us-east-1:123456789012:key/k", State: "Enabled", Manager: "CUSTOMER", Rotation: &yes, Policy: "not JSON"},
		Unread: map[string]error{"topic": errors.New("access\ndenied"), "notifications": errors.New("denied")},
	}
}

func TestWhole(t *testing.T) {
	const want = `Trail            audit
ARN              arn:aws:cloudtrail:us-east-1:123456789012:trail/audit
Scope            all regions, home us-east-1
Delivers to      s3://logs/
Validation       on
Global services  off
Logging          on
Tags             a=1, team=x\x1b[31m
Insights         call-rate

What is recorded
EVENTS      OF            ACCESS  ONLY WHERE
management  all services  write   -

Bucket
Name           logs
Region         us-east-1
Public access  not set
Ownership      could not be read
Encryption     AES256
Policy         2 statements: A, (no Sid)
Notifications  could not be read

CloudWatch Logs group
ARN           arn:aws:logs:us-east-1:123456789012:log-group:g
Keeps events  for ever
KMS key       none
Tags          none

Role for the log group
ARN             arn:aws:iam::123456789012:role/r
Trust           2 statements: A, (no Sid)
Policy write    2 statements: A, (no Sid)
Managed policy  arn:aws:iam::aws:policy/x
Tags            none

KMS key
ARN       arn:aws:kms:us-east-1:123456789012:key/k
State     Enabled
Manager   CUSTOMER
Rotation  on
Policy    cannot be read as JSON

Missing, or not readable
notifications  denied
topic          access denied
`
	var b bytes.Buffer
	if err := Whole(&b, someWhole(t), Terminal{Width: 80}); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestWholeWithoutParts(t *testing.T) {
	var b bytes.Buffer
	bare := trail.Whole{Trail: auditTrail(), Unread: map[string]error{"logging": errors.New("x"), "bucket": errors.New("y")}}
	if err := Whole(&b, bare, Terminal{}); err != nil {
		t.Fatal(err)
	}
	if err := WholeJSON(&b, bare); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, `"logging": null`) || !strings.Contains(got, `"bucket": null`) {
		t.Errorf("got %s", got)
	}
}

// YAML holds what JSON holds, but for characters that act on a terminal.
func TestWholeYAML(t *testing.T) {
	whole := someWhole(t)
	var y, j bytes.Buffer
	if err := WholeYAML(&y, whole); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(y.String(), "\x1b\a\r") || !strings.Contains(y.String(), `x\\u001b[31m`) {
		t.Errorf("control characters are not shown:\n%s", y.String())
	}
	whole.Tags = map[string]string{"number": "0123", "text": "no", "multi": "a\nb: c", "star": "*", "long": strings.Repeat("x ", 200), "back": `a\u0041\\b`}
	y.Reset()
	if err := WholeYAML(&y, whole); err != nil {
		t.Fatal(err)
	}
	if err := WholeJSON(&j, whole); err != nil {
		t.Fatal(err)
	}
	var fromYAML, fromJSON any
	asJSON, err := yaml.YAMLToJSON(y.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(asJSON, &fromYAML); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(j.Bytes(), &fromJSON); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(fromYAML, fromJSON) {
		t.Errorf("YAML says\n%v\nand JSON\n%v", fromYAML, fromJSON)
	}
}
