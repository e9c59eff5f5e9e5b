package iampolicy

import (
	"strings"
	"testing"
)

func TestParseRefusals(t *testing.T) {
	whole := `{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}`
	without := func(field string) string {
		i := strings.Index(whole, `"`+field)
		rest := whole[i:]
		end := strings.IndexAny(rest, ",}")
		if rest[end] == ',' {
			return whole[:i] + rest[end+1:]
		}
		return whole[:i-1] + rest[end:]
	}
	change := func(old, with string) string { return strings.Replace(whole, old, with, 1) }
	in := func(statement string) string { return `{"Version":"2012-10-17","Statement":[` + statement + `]}` }
	rows := []struct{ text, want string }{
		{"", "Policies must be valid JSON"},
		{"[]", "Policies must be valid JSON"},
		{"{", "invalid Json"},
		{in(whole) + "x", "invalid Json"},
		{`{"Version":"2012-10-17"}`, "Missing required field Statement"},
		{in(""), "Statement is empty"},
		{`{"version":"2012-10-17","Statement":[` + whole + `]}`, "Unknown field version"},
		{`{"Version":"2013-10-17","Statement":[` + whole + `]}`, "valid version string"},
		{`{"Version":2012,"Statement":[` + whole + `]}`, "valid version string"},
		{in(without("Effect")), "Missing required field Effect"},
		{in(without("Principal")), "Missing required field Principal"},
		{in(without("Action")), "Missing required field Action"},
		{in(without("Resource")), "Missing required field Resource"},
		{in(change(`"Allow"`, `"allow"`)), "Invalid effect"},
		{in(change(`"Action":`, `"Actions":`)), "Unknown field Actions"},
		{in(change(`"Action":"s3:*"`, `"Action":[]`)), "cannot be empty"},
		{in(change(`"Action":"s3:*"`, `"Action":7`)), "Invalid policy syntax"},
		{in(change(`"Action"`, `"NotAction":"x","Action"`)), "Invalid policy syntax"},
		{in(change(`"Principal":"*"`, `"Principal":"me"`)), "Invalid principal"},
		{in(change(`"Principal":"*"`, `"Principal":{"AWS":"arn:aws:iam::111122223333:user/*"}`)), "Invalid principal"},
		{in(change(`"Principal":"*"`, `"Principal":{"AWS":"12345"}`)), "Invalid principal"},
		{in(change(`"Principal":"*"`, `"Principal":{"Service":"cloudtrail"}`)), "Invalid principal"},
		{in(change(`"Principal":"*"`, `"Principal":{"Robot":"x"}`)), "Invalid principal"},
		{in(change(`"Principal":"*"`, `"Principal":{}`)), "Invalid principal"},
		{in(change(`"Effect"`, `"Condition":{"StringSounds":{"a":"b"}},"Effect"`)), "Invalid Condition type"},
		{in(change(`"Effect"`, `"Condition":{"ForSome:StringEquals":{"a":"b"}},"Effect"`)), "Invalid Condition type"},
		{in(change(`"Effect"`, `"Condition":{"StringEquals":{"a":{}}},"Effect"`)), "Invalid policy syntax"},
		{in(change(`"Effect"`, `"Condition":"x","Effect"`)), "Invalid policy syntax"},
		{in("7"), "Invalid policy syntax"},
	}
	for _, row := range rows {
		if _, err := Parse([]byte(row.text)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.text, err, row.want)
		}
	}
	if _, err := Parse([]byte(in(whole))); err != nil {
		t.Errorf("the whole one: %v", err)
	}
}

func TestGlob(t *testing.T) {
	rows := []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "abc", true}, {"a*", "a", true}, {"a*c", "abbc", true},
		{"a*c", "abb", false}, {"a?c", "abc", true}, {"a?c", "ac", false}, {"?", "ü", true}, {"*a*b*", "xxaxxbxx", true},
		{"**", "x", true}, {"*ab", "aab", true}, {"a", "aa", false},
	}
	for _, row := range rows {
		if got := glob(row.pattern, row.text); got != row.want {
			t.Errorf("%q on %q: %t", row.pattern, row.text, got)
		}
	}
	// A matcher that backtracks does not come to an end here.
	if glob(strings.Repeat("a*", 200)+"b", strings.Repeat("a", 2000)) {
		t.Error("matched what has no b")
	}
}

// slowGlob says the same as glob in the plainest way.
func slowGlob(p, s []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == '*':
		return slowGlob(p[1:], s) || len(s) > 0 && slowGlob(p, s[1:])
	}
	return len(s) > 0 && (p[0] == '?' || p[0] == s[0]) && slowGlob(p[1:], s[1:])
}

func FuzzGlob(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("**?", "é")
	f.Fuzz(func(t *testing.T, p, s string) {
		if len(p) > 12 || len(s) > 16 {
			return
		}
		if got, want := glob(p, s), slowGlob([]rune(p), []rune(s)); got != want {
			t.Errorf("%q on %q: %t", p, s, got)
		}
	})
}

func FuzzEvaluate(f *testing.F) {
	f.Add(statement("Allow", anyone, anyAction, anyResource, `"StringLike":{"a":"${b}*"}`), "a", "x")
	f.Add(statement("Deny", `"NotPrincipal":{"AWS":"111122223333"}`, `"NotAction":"x"`, `"NotResource":"y"`, `"ForAllValues:ArnLikeIfExists":{"a":["arn:*","z"]},"DateLessThan":{"a":1}`), "a", "arn:aws:s3:::b")
	f.Add(`{"Statement":[]}`, "", "")
	f.Fuzz(func(t *testing.T, text, key, value string) {
		p, err := Parse([]byte(text))
		if err != nil {
			return
		}
		r := request(key, value)
		first := p.Evaluate(r)
		if again := p.Evaluate(r); again != first {
			t.Errorf("%s, then %s", first, again)
		}
		p.Public()
		// A statement that denies everything decides.
		p.Statements = append(p.Statements, Statement{Principal: &Principals{Everyone: true}, Action: []string{"*"}, Resource: []string{"*"}})
		if got := p.Evaluate(r); got != Deny {
			t.Errorf("%s in spite of a Deny", got)
		}
	})
}
