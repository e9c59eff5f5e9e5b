package policy

import (
	"strings"
	"testing"
)

// forms are grants of all the kinds of policy that trailctl writes.
func forms() map[string]Grant {
	const context = "kms:EncryptionContext:aws:cloudtrail:arn"
	return map[string]Grant{
		"bucket": writeGrant(),
		"topic": {Sid: "S3", Service: "s3.amazonaws.com", Action: "SNS:Publish", Resource: "arn:aws:sns:us-east-1:111122223333:t",
			SourceARNs: []string{"arn:aws:s3:::logs"}, Equals: map[string]string{"aws:SourceAccount": "111122223333"}},
		"key": {Sid: "Encrypt", Service: "cloudtrail.amazonaws.com", Action: "kms:GenerateDataKey*", Resource: "*", SourceARNs: []string{trailA},
			SourceLike: map[string]string{context: "arn:aws:cloudtrail:*:111122223333:trail/*"}},
		"key, for readers": {Sid: "Decrypt", AWS: "arn:aws:iam::111122223333:root", Action: "kms:Decrypt", Resource: "*",
			SourceLike: map[string]string{context: "arn:aws:cloudtrail:*:111122223333:trail/*"}},
		"trust": {Sid: "Trust", Service: "cloudtrail.amazonaws.com", Action: "sts:AssumeRole"},
		"role":  {Sid: "Put", Action: "logs:PutLogEvents", Resource: "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:111122223333_CloudTrail_us-east-1*"},
	}
}

func TestStatementForms(t *testing.T) {
	want := map[string]string{
		"topic": `{"Sid":"S3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"SNS:Publish","Resource":"arn:aws:sns:us-east-1:111122223333:t",` +
			`"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333","aws:SourceArn":"arn:aws:s3:::logs"}}}`,
		"key": `{"Sid":"Encrypt","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*","Resource":"*",` +
			`"Condition":{"StringEquals":{"aws:SourceArn":"` + trailA + `"},"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:111122223333:trail/*"}}}`,
		"key, for readers": `{"Sid":"Decrypt","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:Decrypt","Resource":"*",` +
			`"Condition":{"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:111122223333:trail/*"}}}`,
		"trust": `{"Sid":"Trust","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}`,
		"role":  `{"Sid":"Put","Effect":"Allow","Action":"logs:PutLogEvents","Resource":"arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:111122223333_CloudTrail_us-east-1*"}`,
	}
	for name, g := range forms() {
		if text, ok := want[name]; ok && string(g.Statement().JSON()) != text {
			t.Errorf("%s\ngot  %s\nwant %s", name, g.Statement().JSON(), text)
		}
		if _, ok := want[name]; !ok && name != "bucket" {
			t.Errorf("nothing is wanted of %s", name)
		}
	}
}

// Each form finds what grants it, in whatever words, and is not fooled by
// what does not.
func TestAllowForms(t *testing.T) {
	const kms = `"kms:EncryptionContext:aws:cloudtrail:arn"`
	tests := []struct {
		form, why, statement string
		how                  How
	}{
		{"topic", "AWS's ARN pattern for a bucket", `{"Sid":"x","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sns:Publish","Resource":"*",
			"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:*:*:logs"},"StringEquals":{"aws:SourceAccount":"111122223333"}}}`, Present},
		{"topic", "another account's", `{"Sid":"x","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sns:Publish","Resource":"*",
			"Condition":{"StringEquals":{"aws:SourceAccount":"444455556666"}}}`, Added},
		{"topic", "another bucket's", `{"Sid":"S3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"SNS:Publish","Resource":"arn:aws:sns:us-east-1:111122223333:t",
			"Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:s3:::b","aws:SourceAccount":"111122223333"}}}`, Extended},
		{"topic", "SNS's own default", `{"Sid":"d","Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:Publish"],"Resource":"*","Condition":{"StringEquals":{"AWS:SourceOwner":"111122223333"}}}`, Added},
		{"key", "no source", `{"Sid":"x","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:*","Resource":"*"}`, Present},
		{"key", "this trail's context", `{"Sid":"x","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*","Resource":"*","Condition":{"StringEquals":{` + kms + `:"` + trailA + `"}}}`, Present},
		{"key", "another trail's context", `{"Sid":"x","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*","Resource":"*","Condition":{"StringEquals":{` + kms + `:"` + trailB + `"}}}`, Added},
		{"key", "one of the actions only", `{"Sid":"x","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey","Resource":"*"}`, Added},
		{"key", "a ? for the *", `{"Sid":"x","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey?","Resource":"*"}`, Added},
		{"key", "one key of many", `{"Sid":"x","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:*","Resource":"arn:aws:kms:us-east-1:1:key/x"}`, Added},
		{"key", "another trail's source", `{"Sid":"Encrypt","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*","Resource":"*",
			"Condition":{"StringEquals":{"aws:SourceArn":"` + trailB + `"},"StringLike":{` + kms + `:"arn:aws:cloudtrail:*:111122223333:trail/*"}}}`, Extended},
		{"key, for readers", "the account by its number", `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}`, Present},
		{"key, for readers", "a user of it", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/u"},"Action":"kms:*","Resource":"*"}`, Added},
		{"key, for readers", "one trail's context", `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringLike":{` + kms + `:"` + trailA + `"}}}`, Added},
		{"key, for readers", "the pattern as a literal", `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{` + kms + `:"arn:aws:cloudtrail:*:111122223333:trail/*"}}}`, Added},
		{"trust", "as AWS writes it", `{"Sid":"","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}`, Present},
		{"trust", "among others", `{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","cloudtrail.amazonaws.com"]},"Action":["sts:AssumeRole","sts:TagSession"]}`, Present},
		{"trust", "for a source", `{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringLike":{"aws:SourceArn":"*"}}}`, Added},
		{"trust", "with a resource", `{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole","Resource":"x"}`, Added},
		{"trust", "another service", `{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`, Added},
		{"role", "wider", `{"Effect":"Allow","Action":["logs:*"],"Resource":"*"}`, Present},
		{"role", "another stream", `{"Sid":"Put","Effect":"Allow","Action":"logs:PutLogEvents","Resource":"arn:aws:logs:x"}`, Extended},
		{"role", "another stream, on a condition", `{"Sid":"Put","Effect":"Allow","Action":"logs:PutLogEvents","Resource":"arn:aws:logs:x","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`, Added},
		{"role", "one stream of many", `{"Effect":"Allow","Action":"logs:PutLogEvents","Resource":"arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:111122223333_CloudTrail_us-east-1"}`, Added},
	}
	for _, tt := range tests {
		t.Run(tt.form+": "+tt.why, func(t *testing.T) {
			d, err := Parse(`{"Statement":[` + tt.statement + `]}`)
			if err != nil {
				t.Fatal(err)
			}
			g := forms()[tt.form]
			if out := d.Allow(g); out.How != tt.how {
				t.Errorf("got %d, want %d: %s", out.How, tt.how, d)
			}
			if out := d.Allow(g); out.How != Present {
				t.Errorf("a second time: %d: %s", out.How, d)
			}
			if tt.how == Added && !strings.Contains(d.String(), tt.statement) {
				t.Errorf("%s was changed", tt.statement)
			}
		})
	}
}

func TestCoversPatterns(t *testing.T) {
	tests := []struct {
		wide, narrow string
		want         bool
	}{
		{"arn:aws:cloudtrail:*:1:trail/*", "arn:aws:cloudtrail:*:1:trail/*", true},
		{"arn:aws:cloudtrail:*", "arn:aws:cloudtrail:*:1:trail/*", true},
		{"arn:aws:cloudtrail:*:1:trail/a", "arn:aws:cloudtrail:*:1:trail/*", false},
		{"arn:aws:cloudtrail:us-east-1:1:trail/*", "arn:aws:cloudtrail:*:1:trail/*", false},
		{"a?c", "a*c", false}, {"a?c", "a?c", true}, {"a*c", "a?c", true}, {"abc", "a?c", false}, {"?*", "*", false},
	}
	for _, tt := range tests {
		if got := covers(tt.wide, tt.narrow); got != tt.want {
			t.Errorf("covers(%q, %q) = %v", tt.wide, tt.narrow, got)
		}
	}
}

func TestSentences(t *testing.T) {
	tests := []struct {
		statement, want string
		puts            bool
	}{
		{statement("W", `"arn:aws:s3:::b/*"`, `{"StringEquals":{"aws:SourceArn":["x","y"]}}`),
			"allows cloudtrail.amazonaws.com: s3:PutObject on arn:aws:s3:::b/*, if aws:SourceArn is x or y", true},
		{foreignDeny, `denies everyone: s3:* on *, if aws:SecureTransport is false`, true},
		{`{"Effect":"Allow","NotPrincipal":{"AWS":["a","b"]},"NotAction":["s3:Get*","s3:List*"],"NotResource":"r"}`,
			"allows all but a, b: all but s3:Get*, s3:List* on all but r", true},
		{`{"Effect":"Allow","Principal":{"AWS":"*"},"NotAction":["s3:Put*","s3:List*"],"Resource":"r","Condition":{"Odd":1}}`,
			`allows everyone: all but s3:Put*, s3:List* on r, if {"Odd":1}`, false},
	}
	for _, tt := range tests {
		got, err := Sentences(`{"Statement":[` + tt.statement + `]}`)
		if err != nil || len(got) != 1 || got[0].String() != tt.want || got[0].Does("s3:PutObject") != tt.puts {
			t.Errorf("got %v, %v, want %s", got, err, tt.want)
		}
	}
}
