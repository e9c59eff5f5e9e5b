package policy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestDocumentKeepsForeignBytes(t *testing.T) {
	foreign := []string{
		`{ "Sid" : "Odd",  "Effect":"Deny","Principal":"*","NotAction":"s3:<&>","Resource":"*","Future":{"a":[1, 2.50]} }`,
		`{"Effect":"Allow","Principal":{"AWS":["111122223333"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`,
		`{"Sid":"Odd","Effect":"Allow","Principal":"*","Action":[],"Resource":"*"}`,
	}
	tests := map[string]string{
		"list":          `{"Version":"2008-10-17","Id":"A\u0026B","Statement":[` + strings.Join(foreign, ",\n ") + `],"Extra":{"x": 1}}`,
		"single object": `{"Statement":` + foreign[0] + `}`,
		"empty list":    `{"Version":"2012-10-17","Statement":[]}`,
		"no statement":  `{"Version":"2012-10-17"}`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			d, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if d.String() != text {
				t.Errorf("unchanged document came out as %s", d)
			}
			before := d.Statements()
			if out := d.Allow(writeGrant()); out.How != Added {
				t.Errorf("got %+v", out)
			}
			got := d.String()
			for _, s := range before {
				if !strings.Contains(got, string(s)) {
					t.Errorf("statement %s was lost or changed in %s", s, got)
				}
			}
			for _, extra := range []string{`"Id":"A\u0026B"`, `"Extra":{"x": 1}`, `"Version":"2008-10-17"`} {
				if strings.Contains(text, extra) && !strings.Contains(got, extra) {
					t.Errorf("%s was lost in %s", extra, got)
				}
			}
			again, err := Parse(got)
			if err != nil {
				t.Fatal(err)
			}
			if len(again.Statements()) != len(before)+1 {
				t.Errorf("%d statements, want %d", len(again.Statements()), len(before)+1)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		`[]`, `"x"`, `{`, `{"Statement":1}`, `{"Statement":["x"]}`, `{"Statement":[null]}`, `{} {}`,
		`{"Statement":[],"Statement":[]}`, `{"statement":[]}`, `{"Version":"1","Version":"2"}`,
	} {
		if d, err := Parse(text); err == nil {
			t.Errorf("Parse(%s) = %s, want an error", text, d)
		}
	}
}

func TestSameStatement(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{`{"Action":"s3:GetObject"}`, `{"Action":["S3:getobject"]}`, true},
		{`{"Resource":["a","b"]}`, `{"Resource":["b","a"]}`, true},
		{`{"Resource":"a"}`, `{"Resource":"A"}`, false},
		{`{"Resource":["a","b"]}`, `{"Resource":["a"]}`, false},
		{`{"Principal":{"AWS":"111122223333"}}`, `{"Principal":{"AWS":["arn:aws:iam::111122223333:root"]}}`, true},
		{`{"Principal":"*"}`, `{"Principal":{"AWS":"*"}}`, false},
		{`{"Condition":{"Bool":{"aws:SecureTransport":false}}}`, `{"Condition":{"Bool":{"AWS:securetransport":["false"]}}}`, true},
		{`{"Condition":{"StringEquals":{"a":"1"}}}`, `{"Condition":{"StringLike":{"a":"1"}}}`, false},
		{`{"Condition":{"StringEquals":{"a":"1","A":"2"}}}`, `{"Condition":{"StringEquals":{"a":["1","2"]}}}`, false},
		{`{"Condition":{"StringEquals":{"a":"1","A":"2"}}}`, `{"Condition":{"StringEquals":{"a":"1"}}}`, false},
		{`{"Condition":{"StringEquals":{"a":"1","A":"2"}}}`, `{"Condition":{"StringEquals":{"a":"2"}}}`, false},
		{`{"Sid":"a"}`, `{"Sid":"b"}`, false},
		{`{"New":[1,2]}`, `{"New":[2,1]}`, false},
		{`{"Action":[{"x":1}]}`, `{"Action":[{"x":1}]}`, true},
	}
	for _, tt := range tests {
		a, err := Parse(`{"Statement":` + tt.a + `}`)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Parse(`{"Statement":` + tt.b + `}`)
		if err != nil {
			t.Fatal(err)
		}
		if got := Same(a, b); got != tt.want {
			t.Errorf("Same(%s, %s) = %v", tt.a, tt.b, got)
		}
	}
}

func TestSame(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{`{"Version":"2012-10-17","Statement":[{"Sid":"a"},{"Sid":"b"}]}`, `{"Statement":[{"Sid":"b"},{"Sid":"a"}],"Version":"2012-10-17"}`, true},
		{`{"Version":"2012-10-17","Statement":[]}`, `{"Version":"2008-10-17","Statement":[]}`, false},
		{`{"Statement":[{"Sid":"a"}]}`, `{"Statement":[{"Sid":"a"},{"Sid":"a"}]}`, false},
		{`{"Statement":[{"Sid":"a"}]}`, `{"Statement":{"Sid":"a"}}`, true},
	}
	for _, tt := range tests {
		a, err := Parse(tt.a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Parse(tt.b)
		if err != nil {
			t.Fatal(err)
		}
		if got := Same(a, b); got != tt.want {
			t.Errorf("Same(%s, %s) = %v", tt.a, tt.b, got)
		}
	}
}

func TestIndented(t *testing.T) {
	const want = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "A<"
    }
  ]
}
`
	tests := map[string]string{
		`{"Version":"2012-10-17","Statement":{"Sid":"A<"}}`:             want,
		` {"Version" :"2012-10-17", "Statement":[{"Sid":"A<"}]}` + "\n": want,
		" ":         "",
		"no policy": "no policy",
		`[{"a":1}]`: "[\n  {\n    \"a\": 1\n  }\n]\n",
		`{"a": {}}`: "{\n  \"a\": {}\n}\n",
	}
	for text, want := range tests {
		if got := Indented(text); got != want {
			t.Errorf("Indented(%q) = %q", text, got)
		}
	}
}

// FuzzAllow holds that whatever document is read, a grant put into it is in
// it, nothing else is lost, a second time changes nothing, and a statement
// that was added is all that goes when the grant is taken back.
func FuzzAllow(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[{"Sid":"S","Effect":"Allow","Principal":{"Service":"s.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"aws:SourceArn":"x"}}}]}`)
	f.Add(`{"Statement":{"Sid":"S","Effect":"Deny"}}`)
	f.Add(`{"Statement":[{"Sid":"S"},{"Sid":"S"},{"sid":1}],"Id":null}`)
	f.Add(``)
	g := Grant{Sid: "S", Service: "s.amazonaws.com", Action: "s3:PutObject", Resource: "arn:aws:s3:::b/AWSLogs/1/*",
		SourceARNs: []string{"arn:aws:cloudtrail:us-east-1:111122223333:trail/t"}}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		before := d.Statements()
		out := d.Allow(g)
		if out.How == Present && text != "" && d.String() != text {
			t.Fatalf("nothing was to do, but %q became %q", text, d)
		}
		lost := 0
		for _, s := range before {
			if !slices.ContainsFunc(d.Statements(), func(n json.RawMessage) bool { return string(n) == string(s) }) {
				lost++
			}
		}
		if lost > 1 || (lost == 1 && out.How != Extended) {
			t.Fatalf("%d statements of %q were lost in %q", lost, text, d)
		}
		again, err := Parse(d.String())
		if err != nil {
			t.Fatalf("%q does not read back: %v", d, err)
		}
		if out := again.Allow(g); out.How != Present {
			t.Fatalf("a second time changed %q to %q", d, again)
		}
		if out.How != Added {
			return
		}
		again.Revoke(g)
		if !slices.EqualFunc(again.Statements(), before, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			t.Fatalf("taken back, %q is %q", text, again)
		}
	})
}
