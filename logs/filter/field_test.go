package filter

import (
	"strings"
	"testing"
)

func TestParseField(t *testing.T) {
	for _, c := range []struct{ name, path, refused string }{
		{name: "eventName", path: "eventName"},
		{name: " $.eventName", path: "eventName"},
		{name: ".userIdentity.arn", path: "userIdentity.arn"},
		{name: "identity", path: "identity"},
		{name: "id", path: "id"},
		{name: "resources[].ARN", path: "resources[].ARN"},
		{name: "requestParameters.whatever", path: "requestParameters.whatever"},
		{name: `"username"`, path: `"username"`},
		{name: `userIdentity."username"`, path: `userIdentity."username"`},
		{name: "ip", refused: "did you mean sourceIPAddress?"},
		{name: "sourceIP", refused: "did you mean sourceIPAddress?"},
		{name: "username", refused: "did you mean user?"},
		{name: "userIdentity.username", refused: `did you mean userIdentity.userName? (if not, put the name in double quotes, and all in single ones: 'userIdentity."username"')`},
		{name: "user_agent", refused: "did you mean userAgent?"},
		{name: "accountid", refused: "did you mean account?"},
		{name: ".eventname", refused: "did you mean eventName?"},
		{name: "colour", refused: `records have no field "colour"`},
		{name: "eventName[", refused: "a bracket is not closed"},
		{name: "", refused: "records have no field"},
	} {
		p, err := ParseField(c.name)
		switch {
		case c.refused == "" && (err != nil || p.String() != c.path):
			t.Errorf("%q: got %q, %v", c.name, p, err)
		case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("%q: got %v, want an error with %q", c.name, err, c.refused)
		}
	}
}
