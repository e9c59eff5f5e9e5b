package logs

import "testing"

const record = `{"eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","errorCode":"Client.UnauthorizedOperation",
"userIdentity":{"type":"Root","arn":"arn:aws:iam::111122223333:root"},"readOnly":false,"responseElements":null,"count":3.5,"status":"404",
"sourceIPAddress":"198.51.100.7","requestParameters":{"a b":"x","rules":[{"port":22},{"port":443}]},"empty":""}`

func TestPatterns(t *testing.T) {
	rows := []struct {
		pattern, message string
		want             bool
	}{
		{"", "anything", true},
		{"  ", "", true},
		{"ERROR", "[ERROR] fatal", true},
		{"ERROR", "Exiting with ERRORCODE: -1", true},
		{"error", "[ERROR] fatal", false},
		{"ERROR fatal", "fatal ERROR", true},
		{"ERROR fatal", "ERROR", false},
		{`"fatal error"`, "a fatal error", true},
		{`"fatal error"`, "error, fatal", false},
		{`"a \"b\""`, `say a "b"`, true},
		{"ERROR -Exiting", "ERROR Exiting", false},
		{"ERROR -Exiting", "ERROR", true},
		{"-Exiting", "ERROR", true},
		{"?A ?B", "B", true},
		{"?A ?B", "C", false},
		{"?A C", "C", true},
		{"%[45]0[0-9]%", "status 503", true},
		{"%[45]0[0-9]%", "status 203", false},

		{`{ $.eventName = "ConsoleLogin" }`, record, true},
		{`{$.eventName=ConsoleLogin}`, record, true},
		{`{ $.eventName = "Console*" }`, record, true},
		{`{ $.eventName = "*Log*" }`, record, true},
		{`{ $.eventName = "Console" }`, record, false},
		{`{ $.eventName != "Console" }`, record, true},
		{`{ $.eventName = consolelogin }`, record, false},
		{`{ $.eventSource = signin.amazonaws.com }`, record, true},
		{`{ $.eventSource = "signin?amazonaws.com" }`, record, false},
		{`{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }`, record, false}, // no eventType
		{`{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }`, record, true},
		{`{ $.userIdentity.type NOT EXISTS }`, record, false},
		{`{ $.missing = "*" }`, record, false},
		{`{ $.missing != "x" }`, record, false},
		{`{ $.responseElements IS NULL }`, record, true},
		{`{ $.responseElements NOT EXISTS }`, record, false},
		{`{ $.missing IS NULL }`, record, false},
		{`{ $.readOnly IS FALSE }`, record, true},
		{`{ $.readOnly IS TRUE }`, record, false},
		{`{ $.readOnly is false }`, record, true},
		{`{ $.count > 3 && $.count <= 3.5 && $.count != 4 }`, record, true},
		{`{ $.count < 3.5 }`, record, false},
		{`{ $.count >= 3.6 }`, record, false},
		{`{ $.status = 404 }`, record, true},
		{`{ $.status > 400 }`, record, false}, // a text is no number
		{`{ $.sourceIPAddress = 198.51.100.* }`, record, true},
		{`{ $.sourceIPAddress != 198.51.* }`, record, false},
		{`{ $.eventName = %Login$% }`, record, true},
		{`{ $.eventName = "x" || $.readOnly IS FALSE && $.count = 1 }`, record, false},
		{`{ ($.eventName = "x" || $.readOnly IS FALSE) && $.count = 3.5 }`, record, true},
		{`{ $.eventName = "ConsoleLogin" || $.readOnly IS TRUE && $.count = 1 }`, record, true},
		{`{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }`, record, true},
		{`{($.eventSource=kms.amazonaws.com)&&(($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion))}`, record, false},
		{`{ $.requestParameters.rules[1].port = 443 }`, record, true},
		{`{ $.requestParameters.rules[2].port = 443 }`, record, false},
		{`{ $.requestParameters.rules[*].port = 443 }`, record, true},
		{`{ $.requestParameters['a b'] = x }`, record, true},
		{`{ $.requestParameters = "*" }`, record, false},
		{`{ $.empty = "" }`, record, true},
		{`{ $.eventName = "*" }`, "no JSON", false},
		{`{ $.eventName NOT EXISTS }`, "[]", false},
		{`{ $.eventName NOT EXISTS }`, "null", false},
	}
	for _, row := range rows {
		matches, err := parseFilter(row.pattern)
		if err != nil {
			t.Errorf("%s: %v", row.pattern, err)
			continue
		}
		if got := matches(row.message); got != row.want {
			t.Errorf("%s on %.40s: %t", row.pattern, row.message, got)
		}
	}
}

func badPatterns() []string {
	return []string{
		"a-b", "a.b", `"open`, "%open", "%a(b)%", "%[%", "?", "-", "ERROR - x", "[ip, user]",
		"{", "{}", "{ }", "{ eventName = x }", "{ $.a }", "{ $. = x }", "{ $ = x }", "{ $.a = }", `{ $.a = "x }`, "{ $.a = x", "{ $.a = x } y",
		"{ $.a = x && }", "{ ($.a = x }", "{ $.a = x) }", "{ $.a NOT }", "{ $.a IS }", "{ $.a IS 3 }", "{ $.a > x }", "{ $.a == x }",
		"{ $.a = x $.b = y }", "{ $.a & $.b }", "{ $.a = %(% }", "{ $.a[x] = 1 }", "{ && $.a = x }",
	}
}

func TestBadPatterns(t *testing.T) {
	for _, text := range badPatterns() {
		if _, err := parseFilter(text); err == nil || err.Code != "InvalidParameterException" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzPattern(f *testing.F) {
	for _, text := range badPatterns() {
		f.Add(text, record)
	}
	f.Add(`{ ($.a[0].b = "x*" || $.c NOT EXISTS) && $.d IS NULL }`, `{"a":[{"b":"xy"}],"d":null}`)
	f.Add(`"a b" -c ?d %e+%`, "a b")
	f.Fuzz(func(t *testing.T, pattern, message string) {
		matches, err := parseFilter(pattern)
		if (matches == nil) == (err == nil) {
			t.Fatalf("%q: %v", pattern, err)
		}
		if err == nil {
			matches(message)
		}
	})
}
