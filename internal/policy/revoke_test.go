package policy

import (
	"strings"
	"testing"
)

func TestRevoke(t *testing.T) {
	const (
		path  = `"arn:aws:s3:::logs/AWSLogs/111122223333/*"`
		other = `"arn:aws:s3:::logs/AWSLogs/444455556666/*"`
		acl   = `"s3:x-amz-acl":"bucket-owner-full-control"`
	)
	source := func(arns string) string { return `{"StringEquals":{"aws:SourceArn":` + arns + `,` + acl + `}}` }
	a, b := `"`+trailA+`"`, `"`+trailB+`"`
	tests := map[string]struct {
		statement string
		changed   bool
		rest      string // the statement afterwards; "" when it is gone
		note      string
	}{
		"ours alone":       {statement("Write", path, source(a)), true, "", ""},
		"made-up Sid":      {statement(writeGrant().ownSid(), path, source(a)), true, "", ""},
		"another source":   {statement("Write", path, source("["+a+","+b+"]")), true, statement("Write", path, source(b)), ""},
		"another resource": {statement("Write", "["+path+","+other+"]", source(a)), true, statement("Write", other, source(a)), ""},
		"both": {statement("Write", "["+path+","+other+"]", source("["+a+","+b+"]")), false,
			statement("Write", "["+path+","+other+"]", source("["+a+","+b+"]")), "nothing tells"},
		"another's source only": {statement("Write", path, source(b)), false, statement("Write", path, source(b)), ""},
		"another Sid":           {statement("Theirs", path, source(a)), false, statement("Theirs", path, source(a)), ""},
		"a longer Sid":          {statement("WriteMore", path, source(a)), false, statement("WriteMore", path, source(a)), ""},
		"a pattern of sources": {statement("Write", path, `{"StringLike":{"aws:SourceArn":"*"}}`), false,
			statement("Write", path, `{"StringLike":{"aws:SourceArn":"*"}}`), ""},
		"wider path": {statement("Write", `"arn:aws:s3:::logs/*"`, source(a)), false, statement("Write", `"arn:aws:s3:::logs/*"`, source(a)), ""},
		"a condition more": {statement("Write", path, `{"StringEquals":{"aws:SourceArn":`+a+`},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), false,
			statement("Write", path, `{"StringEquals":{"aws:SourceArn":`+a+`},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), ""},
		"denied": {strings.Replace(statement("Write", path, source(a)), "Allow", "Deny", 1), false,
			strings.Replace(statement("Write", path, source(a)), "Allow", "Deny", 1), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := `{"Version":"2012-10-17","Statement":[` + foreignDeny + `,` + tt.statement + `]}`
			c, err := Without(before, []Grant{writeGrant()})
			if err != nil {
				t.Fatal(err)
			}
			want := `{"Version":"2012-10-17","Statement":[` + foreignDeny
			if tt.rest != "" {
				want += "," + tt.rest
			}
			if want += "]}"; c.After != want {
				t.Errorf("got  %s\nwant %s", c.After, want)
			}
			notes := strings.Join(c.Notes, "\n")
			if c.Changed != tt.changed || (tt.note == "") != (notes == "") || !strings.Contains(notes, tt.note) {
				t.Errorf("changed %v, notes %q", c.Changed, notes)
			}
			if again, err := Without(c.After, []Grant{writeGrant()}); err != nil || again.Changed {
				t.Errorf("a second time: %+v, %v", again, err)
			}
		})
	}
}

// What Merge puts in, Without takes out again, for every form of grant; and a
// policy that held nothing else is then empty.
func TestRevokeUndoesAllow(t *testing.T) {
	for name, g := range forms() {
		foreign := `{"Version":"2012-10-17","Statement":[` + foreignDeny + `]}`
		for _, before := range []string{"", foreign} {
			put, err := Merge(before, []Grant{g})
			if err != nil || !put.Changed {
				t.Fatalf("%s: %+v, %v", name, put, err)
			}
			taken, err := Without(put.After, []Grant{g})
			if err != nil || !taken.Changed || taken.After != before {
				t.Errorf("%s: after %q there is %q (%v)", name, before, taken.After, err)
			}
		}
	}
}
