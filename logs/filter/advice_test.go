package filter

import (
	"regexp"
	"strings"
	"testing"
)

var advised = regexp.MustCompile(`write (?:"([^"]* !?exists)"|(.*?))(?: \(a value|; for the text|$)`)

// What an error advises can be written, and chooses what was meant.
func TestAdviceIsAccepted(t *testing.T) {
	for in, want := range map[string]string{
		"eventName IN (RunInstances, GetObject)":          "ab",
		"eventName IN(RunInstances,'GetObject')":          "ab",
		"eventName In [RunInstances]":                     "a",
		"eventName is in RunInstances,GetObject":          "ab",
		"eventName in RunInstances GetObject":             "ab",
		"eventName in (RunInstances or GetObject)":        "ab",
		"eventName in (RunInstances, GetObject":           "ab",
		"awsRegion NOT IN ('us-east-1','eu-west-1')":      "cde",
		"awsRegion is not in us-east-1":                   "bcde",
		"eventName like Run%":                             "a",
		"eventName LIKE '%Obj%'":                          "b",
		"eventName not like Run%":                         "bcde",
		"errorCode is null":                               "bcde",
		"errorCode IS NOT NULL":                           "a",
		"errorCode not null":                              "a",
		"errorCode=null":                                  "bcde",
		"errorCode!=NULL":                                 "a",
		"errorCode is missing":                            "bcde",
		"errorCode does not exist":                        "bcde",
		"errorCode exist":                                 "a",
		"errorCode NOT EXISTS":                            "bcde",
		"exists errorCode":                                "a",
		"!exists errorCode":                               "bcde",
		"eventName contains Inst":                         "a",
		`eventName contains "Inst"`:                       "a",
		"eventName contains Inst,Obj":                     "ab",
		`errorMessage contains "not auth"`:                "a",
		"eventName does not contain Inst":                 "bcde",
		"eventName has Inst":                              "a",
		"eventName is RunInstances":                       "a",
		"eventName is not RunInstances":                   "bcde",
		"eventName equals 'RunInstances'":                 "a",
		"eventName ne RunInstances":                       "bcde",
		"eventName matches ^Run":                          "a",
		`eventName startswith "Run"`:                      "a",
		"eventName begins_with Run":                       "a",
		"eventName endswith Login":                        "c",
		"requestParameters.maxCount ge 10":                "a",
		"requestParameters.maxCount lt 10":                "",
		"eventTime gt 2026-01-15T09:30:00Z":               "c",
		"eventName:RunInstances":                          "a",
		"eventName: RunInstances":                         "a",
		"eventName:RunInstances,GetObject":                "ab",
		`userAgent: "say ""hi"" Abc"`:                     "b",
		"eventName=RunInstances,GetObject":                "ab",
		"eventName=(RunInstances|GetObject)":              "ab",
		"eventName=[RunInstances]":                        "a",
		"eventName=RunInstances or GetObject":             "ab",
		"eventName!=RunInstances, GetObject":              "cde",
		"eventName^=Run,Get":                              "ab",
		"eventName$=Login;Object":                         "bc",
		"userIdentity.userName IN ('smith, bob','Alice')": "ae",
		"sourceIPAddress!=203.0.0.0/16":                   "bcde",
	} {
		_, err := Compile(Options{Filters: []string{in}})
		if err == nil {
			t.Errorf("%s is accepted", in)
			continue
		}
		m := advised.FindStringSubmatch(err.Error())
		if m == nil {
			t.Errorf("%s: no advice in %v", in, err)
			continue
		}
		f, err := Compile(Options{Filters: []string{m[1] + m[2]}})
		if err != nil {
			t.Errorf("%s: the advice %s is refused: %v", in, m[1]+m[2], err)
			continue
		}
		if got := chosen(t, f, records); got != want {
			t.Errorf("%s: the advice %s chooses %q, want %q", in, m[1]+m[2], got, want)
		}
	}
}

// The signs of other languages for an operator, and ours that are advised.
func TestAdvisedOperators(t *testing.T) {
	sign := regexp.MustCompile(`write (?:one )?"([^"]*)"`)
	for in, want := range map[string]string{
		"eventName%sRunInstances ==": "a", "eventName%sRun ~=": "a", "eventName%sRun =^": "a", "eventName%sLogin =$": "c",
		"eventName%sRunInstances <>": "bcde", "eventName%sRunInstances =!": "bcde", "eventName%sRunInstances !==": "bcde",
		"requestParameters.maxCount%s10 =>": "a", "requestParameters.maxCount%s10 =<": "a", "eventName%sRun !~=": "bcde",
	} {
		form, typed, _ := strings.Cut(in, " ")
		_, err := Compile(Options{Filters: []string{strings.Replace(form, "%s", typed, 1)}})
		if err == nil {
			t.Errorf("%s is accepted", in)
			continue
		}
		m := sign.FindStringSubmatch(err.Error())
		if m == nil {
			t.Errorf("%s: no advice in %v", in, err)
			continue
		}
		f := mustCompile(t, Options{Filters: []string{strings.Replace(form, "%s", m[1], 1)}})
		if got := chosen(t, f, records); got != want {
			t.Errorf("%s: %s chooses %q, want %q", in, m[1], got, want)
		}
	}
}

// Fields that are guessed can be asked for.
func TestGuessesAreFields(t *testing.T) {
	for typed, meant := range guesses {
		if _, err := ParseField(meant); err != nil {
			t.Errorf("%s: %v", typed, err)
		}
		if _, err := ParseField(typed); err == nil || !strings.Contains(err.Error(), "did you mean "+meant+"?") {
			t.Errorf("%s: %v", typed, err)
		}
	}
	for _, field := range plainFields {
		if _, err := ParseField(field); err != nil {
			t.Error(err)
		}
	}
}
