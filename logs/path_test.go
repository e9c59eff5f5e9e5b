package logs

import (
	"slices"
	"strings"
	"testing"
)

const pathRecord = `{"eventTime":"2026-01-02T03:59:05Z","eventName":"A\u0042","eventSource":"s3.amazonaws.com","awsRegion":"r","sourceIPAddress":"::1",
"userIdentity":{"type":"AssumedRole","accountId":"1","arn":"arn:aws:sts::1:assumed-role/deploy/ci"},"recipientAccountId":"2",
"requestParameters":{"a.b":{"c d":5},"list":[[1,2],[3]],"null":null,"x":1,"x":2,"e\u0066":true,"o":{"k":[]}},
"resources":[{"ARN":"one"},{"arn":"two"},{"type":"T"},null],"errorMessage":"denied"}`

func TestPath(t *testing.T) {
	for path, want := range map[string]string{
		"eventName":                         "AB",
		"eventTime":                         "2026-01-02T03:59:05Z",
		"userIdentity.accountId":            "1",
		`requestParameters."a.b"."c d"`:     "5",
		`"requestParameters"."a.b"`:         `{"c d":5}`,
		"requestParameters.list[0]":         "[1,2]",
		"requestParameters.list[0][1]":      "2",
		"requestParameters.list[1][1]":      "",
		"requestParameters.list[][]":        "1|2|3",
		"requestParameters.list[][0]":       "1|3",
		"requestParameters.null":            "",
		"requestParameters.x":               "2",
		"requestParameters.ef":              "true",
		"requestParameters.o.k":             "[]",
		"requestParameters.o.k[]":           "",
		"requestParameters.x[0]":            "",
		"requestParameters.x.y":             "",
		"resources[].ARN":                   "one",
		"resources[1].arn":                  "two",
		"somethingNew":                      "",
		"account":                           "2",
		"address":                           "::1",
		"day":                               "2026-01-02",
		"hour":                              "2026-01-02T03:00:00Z",
		"error":                             "denied",
		"event":                             "AB",
		"identity":                          "deploy/ci",
		"region":                            "r",
		"resource":                          "one|two",
		"role":                              "deploy",
		"service":                           "s3",
		"time":                              "2026-01-02T03:59:05Z",
		"user":                              "ci",
		`requestParameters."a.b"."nothing"`: "",
	} {
		p, err := ParsePath(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		r := Record{Raw: []byte(pathRecord)}
		var got []string
		p.Each(&r, func(text []byte) bool { got = append(got, string(text)); return true })
		if strings.Join(got, "|") != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
		if first, _, _ := strings.Cut(want, "|"); p.First(&r) != first || p.String() != path {
			t.Errorf("%s: first %q", path, p.First(&r))
		}
	}
}

func TestPathErrors(t *testing.T) {
	for path, want := range map[string]string{
		"":                   "a name is missing",
		".":                  "a name is missing",
		"a..b":               "a name is missing",
		"a.":                 "a name is missing",
		"[0]":                "a name is missing",
		`a."b`:               "a quote is not closed",
		`"a"b`:               "expected a dot",
		"a[0":                "a bracket is not closed",
		"a[x]":               "[x] is no number",
		"a[-1]":              "[-1] is no number",
		"a[0]b":              "expected a dot",
		"a,b":                "has to stand in quotes",
		"eventname":          "did you mean eventName?",
		"EventSource":        "did you mean eventSource?",
		"useridentity.arn":   "did you mean userIdentity?",
		"sourceipaddress":    "did you mean sourceIPAddress?",
		"Identity":           "did you mean identity?",
		"recipientaccountID": "did you mean recipientAccountId?",
	} {
		if _, err := ParsePath(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", path, err, want)
		}
	}
	if _, err := ParsePath(`"eventname"`); err != nil {
		t.Errorf("in quotes any name is taken: %v", err)
	}
}

func TestPathWords(t *testing.T) {
	if w := Words(); len(w) != int(wordCount)-1 || !slices.IsSorted(w) || slices.Contains(w, "") {
		t.Errorf("%q", w)
	}
	for _, c := range []struct{ word, raw, want string }{
		{"user", `{"userIdentity":{"type":"Root","arn":"arn:aws:iam::1:root"}}`, "root"},
		{"user", `{"userIdentity":{"type":"IAMUser","userName":"alice","arn":"arn:aws:iam::1:user/x/alice"}}`, "alice"},
		{"user", `{"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/team/bob"}}`, "bob"},
		{"user", `{"userIdentity":{"type":"FederatedUser","arn":"arn:aws:sts::1:federated-user/carol"}}`, "carol"},
		{"user", `{"userIdentity":{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}}`, ""},
		{"user", `{}`, ""},
		{"role", `{"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/team/bob"}}`, ""},
		{"role", `{"userIdentity":{"arn":"arn:aws:iam::1:user/team/bob"}}`, ""},
		{"role", `{"userIdentity":{"type":"AssumedRole","sessionContext":{"sessionIssuer":{"userName":"deploy"}}}}`, "deploy"},
		{"event", `{"eventType":"AwsCloudTrailInsight","insightDetails":{"eventName":"RunInstances"}}`, "RunInstances"},
		{"hour", `{"eventTime":"2026-01-02T23:30:00-05:00"}`, "2026-01-03T04:00:00Z"},
		{"day", `{"eventTime":"yesterday"}`, ""},
		{"account", `{"userIdentity":{"accountId":"1"}}`, "1"},
		{"error", `{"errorCode":"Denied","errorMessage":"no"}`, "Denied"},
	} {
		p, err := ParsePath(c.word)
		if got := p.First(&Record{Raw: []byte(c.raw)}); err != nil || got != c.want {
			t.Errorf("%s of %s: %q, want %q (%v)", c.word, c.raw, got, c.want, err)
		}
	}
}

func TestPathDoesNotAllocate(t *testing.T) {
	r := Record{Raw: []byte(strings.Replace(pathRecord, `\u0042`, "B", 1))}
	for _, path := range []string{"eventName", "service", "userIdentity.accountId", "region", "account"} {
		p, err := ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		visit := func(text []byte) bool { n += len(text); return true }
		p.Each(&r, visit)
		if allocs := testing.AllocsPerRun(20, func() { p.Each(&r, visit) }); allocs > 0 || n == 0 {
			t.Errorf("%s: %v allocations", path, allocs)
		}
	}
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"eventName", "resources[].ARN", `a."b.c"[0][].d`, "user", "hour"} {
		f.Add(s, pathRecord)
	}
	f.Fuzz(func(t *testing.T, path, raw string) {
		p, err := ParsePath(path)
		if err != nil {
			return
		}
		if p.String() != path {
			t.Fatalf("%q came back as %q", path, p)
		}
		if again, err := ParsePath(path + "[0]"); p.word == noWord && err != nil {
			t.Fatalf("%q with an index: %v %v", path, again, err)
		}
		Split([]byte(raw), func(r Record) bool {
			n := 0
			p.Each(&r, func([]byte) bool { n++; return n < 3 })
			if n > 3 {
				t.Fatal("visited after the visitor had enough")
			}
			_ = p.First(&r)
			return true
		})
	})
}
