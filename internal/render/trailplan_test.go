package render

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"trailctl/trail"
)

func someCopies() []trail.Trail {
	return []trail.Trail{
		{Name: "audit", ARN: "arn:1", HomeRegion: "eu-west-1", Bucket: "logs", TopicARN: "topic:1", KMSKey: "key", LogFileValidation: true},
		{Name: "audit", ARN: "arn:2", HomeRegion: "us-east-1", Bucket: "logs", TopicARN: "topic:2", KMSKey: "key", LogFileValidation: true},
	}
}

func TestPlanTextOfSeveral(t *testing.T) {
	list := someCopies()
	p := trail.Plan{Trail: list[0], Trails: list, Account: trail.Account{ID: "123456789012"}, Steps: []trail.Step{
		{Kind: trail.Remove, Target: "topic news", Summary: "is deleted"},
		{Kind: trail.Change, Target: "selectors", Summary: "s", Before: `{"a":1}`, After: `{"a":2}`},
		{Kind: trail.Create, Target: "role r", Summary: "s", After: `{"Statement":{"Sid":"A"}}`},
		{Kind: trail.Change, Target: "trail audit", Summary: "s", Fields: []trail.Field{{Name: "KmsKeyId", Before: "key"}}},
	}}
	const want = `Plan for trail audit in eu-west-1, us-east-1, account 123456789012:
  - remove  topic news: is deleted
  ~ change  selectors: s
      --- before
      +++ after
      @@ -1,3 +1,3 @@
       {
      -  "a": 1
      +  "a": 2
       }
  + create  role r: s
      --- before
      +++ after
      @@ -0,0 +1,7 @@
      +{
      +  "Statement": [
      +    {
      +      "Sid": "A"
      +    }
      +  ]
      +}
  ~ change  trail audit: s
      KmsKeyId: key -> (none)
`
	var b bytes.Buffer
	if err := PlanText(&b, p, Terminal{}); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestResultTextOfSeveral(t *testing.T) {
	list := someCopies()
	tests := map[string]struct {
		result trail.Result
		want   string
	}{
		"several": {trail.Result{Trail: list[0], Trails: list, Logging: true}, `Trail       audit
ARN         arn:1
ARN         arn:2
Scope       selected regions: eu-west-1, us-east-1
Bucket      logs
Topic       topic:1
Topic       topic:2
KMS key     key
Validation  on
Logging     on
`},
		"deleted": {trail.Result{Trail: list[0], Trails: list[:1], Deleted: true}, `Trail       audit
Deleted in  eu-west-1
Bucket      logs, which stays
`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := ResultText(&b, tt.result); err != nil {
				t.Fatal(err)
			}
			if b.String() != tt.want {
				t.Errorf("got\n%s", b.String())
			}
		})
	}
}

func TestResultJSONOfSeveral(t *testing.T) {
	list := someCopies()
	read := func(trails []trail.Trail, deletes bool, why string) (doc struct {
		Trail   struct{ ARN string }
		Trails  []struct{ HomeRegion string }
		Deleted bool
	}) {
		t.Helper()
		var b bytes.Buffer
		r := trail.Result{Trail: trails[0], Trails: trails, Deleted: deletes}
		if err := ResultJSON(&b, trail.Plan{Trails: trails, Deletes: deletes}, r, why); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	if doc := read(list, false, ""); len(doc.Trails) != 2 || doc.Trails[1].HomeRegion != "us-east-1" || doc.Trail.ARN != "arn:1" || doc.Deleted {
		t.Errorf("several: %+v", doc)
	}
	if doc := read(list[:1], true, ""); doc.Trails != nil || !doc.Deleted {
		t.Errorf("deleted: %+v", doc)
	}
	if doc := read(list[:1], true, "refused"); doc.Deleted {
		t.Errorf("not deleted: %+v", doc)
	}
}

func TestHang(t *testing.T) {
	tests := map[string]struct {
		text  string
		width int
		want  []string
	}{
		"no terminal":   {"+ create  a b c", 0, []string{"  + create  a b c"}},
		"fits":          {"+ create  a", 13, []string{"  + create  a"}},
		"one too many":  {"+ create  a b", 14, []string{"  + create  a", "    b"}},
		"several lines": {"+ create  aaa bbb ccc ddd", 12, []string{"  + create", "    aaa bbb", "    ccc ddd"}},
		"no room":       {"abcdef", 1, []string{"  abcdef"}},
		"one long word": {"abcdef", 4, []string{"  abcdef"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Hang("  ", tt.text, tt.width); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPlanQuestion(t *testing.T) {
	p := trail.Plan{
		Trail: trail.Trail{Name: "audit", HomeRegion: "us-east-1"}, Account: trail.Account{ID: "123456789012"},
		Steps: []trail.Step{
			{Kind: trail.Create, Target: "bucket policy", Summary: "s", After: `{"Statement":[{"Sid":"A"}]}`, Notes: []string{"opens it"}},
			{Kind: trail.Change, Target: "topic policy", Summary: "s", Before: `{"Statement":[]}`, After: `{"Statement":[{"Sid":"B"}]}`},
			{Kind: trail.Keep, Target: "trail audit", Summary: "s"},
		},
	}
	const want = `Plan for trail audit in us-east-1, account 123456789012:
  + create  bucket policy: s
      note: opens it
  ~ change  topic policy: s
      --- before
      +++ after
      @@ -1,3 +1,7 @@
       {
      -  "Statement": []
      +  "Statement": [
      +    {
      +      "Sid": "B"
      +    }
      +  ]
       }
  = keep    trail audit: s

1 to create, 1 to change, 1 to keep. New policies are shown by --dry-run.
`
	var b bytes.Buffer
	if err := PlanQuestion(&b, p, Terminal{}); err != nil || b.String() != want {
		t.Errorf("got\n%s%v", b.String(), err)
	}
}
