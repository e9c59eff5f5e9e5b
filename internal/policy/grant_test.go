package policy

import (
	"strings"
	"testing"
)

const (
	trailA      = "arn:aws:cloudtrail:us-east-1:111122223333:trail/a"
	trailB      = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/b"
	foreignDeny = `{"Sid":"TLS","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
)

func writeGrant() Grant {
	return Grant{
		Sid: "Write", Service: "cloudtrail.amazonaws.com", Action: "s3:PutObject",
		Resource: "arn:aws:s3:::logs/AWSLogs/111122223333/*", SourceARNs: []string{trailA},
		Equals: map[string]string{"s3:x-amz-acl": "bucket-owner-full-control"},
	}
}

// statement writes a statement like the grant's, with other parts.
func statement(sid, resource, condition string) string {
	return `{"Sid":"` + sid + `","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":` +
		resource + `,"Condition":` + condition + `}`
}

func TestAllow(t *testing.T) {
	const (
		path  = `"arn:aws:s3:::logs/AWSLogs/111122223333/*"`
		other = `"arn:aws:s3:::logs/AWSLogs/444455556666/*"`
		acl   = `"s3:x-amz-acl":"bucket-owner-full-control"`
	)
	own := writeGrant().ownSid()
	source := func(arn string) string { return `{"StringEquals":{"aws:SourceArn":"` + arn + `",` + acl + `}}` }
	tests := map[string]struct {
		statement string
		how       How
		sid       string
		note      string   // part of the note; "" for no note
		has       []string // what the result holds
	}{
		"none":              {how: Added, sid: "Write"},
		"ours":              {statement: statement("Write", path, source(trailA)), how: Present, sid: "Write"},
		"under another Sid": {statement: statement("Theirs", path, source(trailA)), how: Present, sid: "Theirs"},
		"wider path":        {statement: statement("Write", `["x","arn:aws:s3:::logs/*"]`, source(trailA)), how: Present, sid: "Write"},
		"pattern of sources": {how: Present, sid: "Write",
			statement: statement("Write", path, `{"ArnLike":{"AWS:SourceArn":"arn:aws:cloudtrail:*:111122223333:trail/*"}}`)},
		"source account": {how: Present, sid: "Write",
			statement: statement("Write", path, `{"StringEquals":{"aws:SourceAccount":"111122223333"}}`)},
		"another trail": {how: Extended, sid: "Write", statement: statement("Write", path, source(trailB)),
			has: []string{`"aws:SourceArn":["` + trailB + `","` + trailA + `"]`, `"Resource":` + path}},
		"another path": {how: Extended, sid: "Write", statement: statement("Write", other, source(trailA)),
			has: []string{`"Resource":[` + other + `,` + path + `]`, `"aws:SourceArn":"` + trailA + `"`}},
		"another trail and path": {how: Added, sid: own, note: "other sources",
			statement: statement("Write", other, source(trailB))},
		"another trail, and this path among others": {how: Added, sid: own, note: "other sources",
			statement: statement("Write", `[`+other+`,`+path+`]`, source(trailB))},
		"another path, and this trail among others": {how: Added, sid: own, note: "other sources",
			statement: statement("Write", other, `{"StringEquals":{"aws:SourceArn":["`+trailB+`","`+trailA+`"],`+acl+`}}`)},
		"another trail, and a path around this one": {how: Added, sid: own, note: "other sources",
			statement: statement("Write", `"arn:aws:s3:::logs/*"`, source(trailB))},
		"another path, and a pattern around this trail": {how: Added, sid: own, note: "other sources",
			statement: statement("Write", other, `{"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:111122223333:trail/*"}}`)},
		"no source": {how: Present, sid: "Write", note: "for anyone",
			statement: statement("Write", path, `{"StringEquals":{`+acl+`}}`)},
		"no source, another path": {how: Added, sid: own, note: "says something else",
			statement: statement("Write", other, `{"StringEquals":{`+acl+`}}`)},
		"source account of others": {how: Added, sid: own, note: "says something else",
			statement: statement("Write", path, `{"StringEquals":{"aws:SourceAccount":"444455556666"}}`)},
		"a condition more": {how: Added, sid: own, note: "says something else",
			statement: statement("Write", path, `{"StringEquals":{"aws:SourceArn":"`+trailA+`"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`)},
		"denied": {how: Added, sid: own, note: "says something else",
			statement: strings.Replace(statement("Write", path, source(trailA)), "Allow", "Deny", 1)},
		"more actions": {how: Added, sid: own, note: "says something else",
			statement: strings.Replace(statement("Write", path, source(trailB)), `"s3:PutObject"`, `["s3:PutObject","s3:GetObject"]`, 1)},
		"more principals": {how: Added, sid: own, note: "says something else",
			statement: strings.Replace(statement("Write", path, source(trailB)), `{"Service"`, `{"AWS":"1","Service"`, 1)},
		"negated": {how: Added, sid: own, note: "says something else",
			statement: strings.Replace(statement("Write", path, source(trailA)), `"Resource"`, `"NotResource"`, 1)},
		"an ARN pattern that does not reach over colons": {how: Extended, sid: "Write",
			statement: statement("Write", path, `{"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:*"}}`)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			list := []string{foreignDeny}
			if tt.statement != "" {
				list = append(list, tt.statement)
			}
			d, err := Parse(`{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`)
			if err != nil {
				t.Fatal(err)
			}
			before := d.String()
			out := d.Allow(writeGrant())
			if out.How != tt.how || out.Sid != tt.sid {
				t.Errorf("got %d %s, want %d %s; policy %s", out.How, out.Sid, tt.how, tt.sid, d)
			}
			notes := strings.Join(out.Note, "\n")
			if (tt.note == "") != (notes == "") || !strings.Contains(notes, tt.note) {
				t.Errorf("note %q, want %q in it", notes, tt.note)
			}
			if changed := d.String() != before; changed != (tt.how != Present) {
				t.Errorf("changed = %v: %s", changed, d)
			}
			for _, part := range append(tt.has, foreignDeny) {
				if !strings.Contains(d.String(), part) {
					t.Errorf("%s is not in %s", part, d)
				}
			}
			if tt.how == Added && !strings.Contains(d.String(), tt.statement) {
				t.Errorf("%s is gone from %s", tt.statement, d)
			}
			if again := d.Allow(writeGrant()); again.How != Present {
				t.Errorf("a second time: %d; %s", again.How, d)
			}
		})
	}
}

func TestStatementIsStable(t *testing.T) {
	const want = `{"Sid":"Write","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject",` +
		`"Resource":"arn:aws:s3:::logs/AWSLogs/111122223333/*","Condition":{"StringEquals":{"aws:SourceArn":"` + trailA + `","s3:x-amz-acl":"bucket-owner-full-control"}}}`
	for range 20 {
		if got := string(writeGrant().Statement().JSON()); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

func TestCoversLiterals(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"*", "", true}, {"a*c", "abbc", true}, {"a*c", "abb", false}, {"a?c", "abc", true}, {"a?c", "ac", false},
		{"*a*b*", "xxaxxbxx", true}, {"", "x", false}, {"a", "ab", false}, {"s3:*", "s3:putobject", true}, {"**", "x", true},
	}
	for _, tt := range tests {
		if got := covers(tt.pattern, tt.s); got != tt.want {
			t.Errorf("covers(%q, %q) = %v", tt.pattern, tt.s, got)
		}
	}
}

func TestCovers(t *testing.T) {
	tests := []struct {
		wide, narrow string
		want         bool
	}{
		{"b/*", "b/AWSLogs/*", true}, {"b/AWSLogs/*", "b/AWSLogs/*", true}, {"b/AWSLogs/?", "b/AWSLogs/*", false},
		{"b/AWSLogs/1/*", "b/AWSLogs/*", false}, {"b", "b", true}, {"*", "b", true}, {"b/??????????????????", "b/*", false},
	}
	for _, tt := range tests {
		if got := covers(tt.wide, tt.narrow); got != tt.want {
			t.Errorf("covers(%q, %q) = %v", tt.wide, tt.narrow, got)
		}
	}
}

// Whatever the order, each trail gets its own folder and no other one, and
// taking one back leaves exactly the others.
func TestAllowHandsOutNoMore(t *testing.T) {
	grant := func(path string, trails ...string) Grant {
		g := writeGrant()
		g.Resource, g.SourceARNs = "arn:aws:s3:::logs/"+path+"/*", trails
		return g
	}
	const trailC = "arn:aws:cloudtrail:us-east-1:999999999999:trail/c"
	tests := map[string]struct {
		grants     []Grant
		statements int
	}{
		"two accounts":              {[]Grant{grant("secret", trailC), grant("mine", trailA)}, 2},
		"two prefixes":              {[]Grant{grant("p", trailA), grant("q", trailB)}, 2},
		"three trails, two places":  {[]Grant{grant("p", trailA), grant("q", trailB), grant("q", trailC)}, 2},
		"three trails, crosswise":   {[]Grant{grant("p", trailA), grant("q", trailB), grant("p", trailC), grant("q", trailA)}, 2},
		"selected regions":          {[]Grant{grant("p", trailA, trailB)}, 1},
		"selected regions, singly":  {[]Grant{grant("p", trailA), grant("p", trailB)}, 1},
		"one trail moves":           {[]Grant{grant("p", trailA), grant("q", trailA)}, 1},
		"several trails move":       {[]Grant{grant("p", trailA, trailB), grant("q", trailB, trailA)}, 1},
		"one of several trails":     {[]Grant{grant("p", trailA, trailB), grant("q", trailB)}, 2},
		"one moves, others come in": {[]Grant{grant("p", trailA), grant("q", trailA), grant("q", trailB)}, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := Merge("", tt.grants)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := Merge(c.After, tt.grants); err != nil || again.Changed {
				t.Errorf("a second run: %+v, %v", again, err)
			}
			given := func(text, path, arn string) bool {
				again, err := Merge(text, []Grant{grant(path, arn)})
				return err == nil && !again.Changed
			}
			asked := func(grants []Grant, path, arn string) bool {
				for _, g := range grants {
					if g.Resource == grant(path).Resource && strings.Contains(strings.Join(g.SourceARNs, " "), arn) {
						return true
					}
				}
				return false
			}
			check := func(text string, grants []Grant) {
				for _, path := range []string{"secret", "mine", "p", "q"} {
					for _, arn := range []string{trailA, trailB, trailC} {
						if given(text, path, arn) != asked(grants, path, arn) {
							t.Errorf("%s may write into %s: %v\n%s", arn, path, given(text, path, arn), text)
						}
					}
				}
			}
			check(c.After, tt.grants)
			d, err := Parse(c.After)
			if err != nil || len(d.Statements()) != tt.statements {
				t.Errorf("%d statements, want %d: %s", len(d.Statements()), tt.statements, d)
			}
			less, err := Without(c.After, tt.grants[:1])
			if err != nil || !less.Changed || len(less.Notes) > 0 {
				t.Errorf("taking the first back: %+v, %v", less, err)
			}
			check(less.After, tt.grants[1:])
		})
	}
}

// A trust policy's statements have no Sid, and ours keeps none.
func TestAllowWithoutSid(t *testing.T) {
	const theirs = `{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`
	c, err := Merge(`{"Statement":[`+theirs+`]}`, []Grant{{Service: "cloudtrail.amazonaws.com", Action: "sts:AssumeRole"}})
	const want = `{"Statement":[` + theirs + `,{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	if err != nil || c.After != want || len(c.Notes) > 0 {
		t.Errorf("got  %s\nwant %s\nnotes %q, %v", c.After, want, c.Notes, err)
	}
}
